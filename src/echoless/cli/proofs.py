"""`echoless verify receipt` and `echoless verify log`: what anybody can check with the public keys alone.

Exit status: 0 where everything holds, 1 where something does not.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import httpx2
import typer

from echoless.cli.progress import progress_bars
from echoless.cli.screen import show_line, show_table
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, open_checkpoint
from echoless.receipts.growing import Fetch
from echoless.receipts.log_check import LogReport, check_log
from echoless.receipts.proof import check_receipt

_CHECKPOINT: Final = "checkpoint"
_TIMEOUT_S: Final = 30.0
KeysOption = Annotated[
    Path, typer.Option("--keys", metavar="FILE", help="The answer of GET /v1/transparency-log/keys, saved earlier.")
]


def add_commands(app: typer.Typer) -> None:
    """Add the commands to `echoless verify`."""
    app.command("receipt")(receipt_command)
    app.command("log")(log_command)


def receipt_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A receipt, or the server's answer with one.")],
    keys: KeysOption,
) -> None:
    """Check a receipt and show what it states; its place in the log too, where the file has it. Needs no server."""
    text = file.read_text(encoding="ascii").strip()
    answer = _object(text) if text.startswith("{") else {"receipt": text}
    checked = check_receipt(answer, _object(keys.read_text(encoding="utf-8")))
    statement = checked.receipt.statement()
    walls = statement.pop("confinement")
    show_table(("what", "says"), [(name, str(value)) for name, value in statement.items()])
    show_table(
        ("process", "filter", "no new privileges", "KiB in swap", "says of itself"),
        [_wall_row(process) for process in walls["processes"]],
    )
    show_line("The signature holds.")
    if checked.checkpoint is None:
        show_line("The file does not say where the log has it.")
    else:
        show_line(f"The log has it as entry {checked.index} of {checked.checkpoint.size}.")


def log_command(
    *,
    keys: KeysOption,
    url: Annotated[str | None, typer.Option(help="Address of the server, or of a mirror of its log.")] = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="A copy of the log's files.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A checkpoint saved earlier: the log must begin with it.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save the checkpoint for the next time, if all is well.")
    ] = None,
    witness: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="A witness that must have signed; may be repeated.")
    ] = None,
) -> None:
    """Check the whole log: every entry, every tile, the root, the signature, and that it only grew."""
    if (url is None) is (directory is None):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "name the log by --url or by --dir", param="url")
    log_key = VerifierKey.parse(str(_object(keys.read_text(encoding="utf-8")).get("log_key", "")))
    seen = open_checkpoint(since.read_text(encoding="utf-8"), log_key) if since is not None else None
    with _files(url, directory) as fetch, progress_bars() as bars:
        note = (fetch(_CHECKPOINT) or b"").decode("utf-8", "replace")
        report = check_log(
            note, fetch, log_key, witnesses=[VerifierKey.parse(text) for text in witness or ()], seen=seen,
            progress=lambda fraction: bars.step("entries", fraction),
        )  # fmt: skip
    _show(report, seen)
    if not report.is_sound:
        raise typer.Exit(1)
    if save is not None:
        save.write_text(note, encoding="utf-8")


def _show(report: LogReport, seen: Checkpoint | None) -> None:
    if report.faults:
        show_table(("fault", "where"), [(fault.value, place) for fault, place in report.faults])
        show_line("The log does NOT hold.")
        return
    assert report.checkpoint is not None, "a log without faults has a checkpoint"
    show_line(f"The log of {report.checkpoint.origin} holds: {report.checkpoint.size} entries.")
    if seen is not None:
        show_line(f"Its first {seen.size} entries are those that were seen.")


def _wall_row(process: dict[str, Any]) -> tuple[str, ...]:
    said = ", ".join(f"{name}: {'yes' if is_true else 'no'}" for name, is_true in process["self_reported"].items())
    seen = ("seccomp_mode", "has_no_new_privs", "swap_kib")
    return (process["role"], *("not seen" if process[name] is None else str(process[name]) for name in seen), said)


def _fetch_from(directory: Path) -> Fetch:
    def fetch(path: str) -> bytes | None:
        place = directory / path
        return place.read_bytes() if place.is_file() else None

    return fetch


@contextlib.contextmanager
def _files(url: str | None, directory: Path | None) -> Iterator[Fetch]:
    """Yield what reads the files of a log."""
    if directory is not None:
        yield _fetch_from(directory)
        return
    with httpx2.Client(timeout=_TIMEOUT_S) as client:
        yield _fetch_over(client, f"{str(url).rstrip('/')}/v1/transparency-log")


def _fetch_over(client: httpx2.Client, base: str) -> Fetch:
    def fetch(path: str) -> bytes | None:
        try:
            answer = client.get(f"{base}/{path}")
        except httpx2.HTTPError:
            answer = None
        if answer is None or answer.status_code not in {200, 404}:
            raise EcholessError(ErrorCode.NOT_FOUND, "the log cannot be reached")
        return answer.content if answer.status_code == 200 else None

    return fetch


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "a file is no JSON object")
    return found
