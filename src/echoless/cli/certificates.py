"""`echoless certificate` and `echoless verify`: what is left of deleted accounts, and how anybody checks it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from echoless.cli import audit_reports, proofs
from echoless.cli.known_keys import FollowFolderOption, FollowUrlOption, SaveKeysOption, demand_keys, known_keys
from echoless.cli.log_files import read_text
from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import (
    CertificateKeyView,
    CertificateList,
    CertificateView,
    GetCertificate,
    GetCertificateKey,
    ListCertificates,
)
from echoless.receipts.certificate import verify_certificate
from echoless.receipts.entries import EntryKind
from echoless.receipts.placement import check_place

KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key", metavar="FILE", help="The public key, a JSON Web Key; else the server's or data directory's own."
    ),
]


def build_app() -> typer.Typer:
    """Return the group of commands about certificates."""
    app = typer.Typer(no_args_is_help=True)
    app.command("list")(list_command)
    app.command("show")(show_command)
    app.command("key")(key_command)
    return app


def build_verify_app() -> typer.Typer:
    """Return the group of commands that check what is signed."""
    app = typer.Typer(no_args_is_help=True)
    app.callback()(verify_callback)
    app.command("certificate")(verify_command)
    proofs.add_commands(app)
    audit_reports.add_commands(app)
    return app


def verify_callback() -> None:
    """Check what this server has signed."""


def list_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """List the certificates of deleted accounts."""
    found = ask(config_of(config=config, data=data), ListCertificates(), CertificateList)
    show_table(("id",), [(certificate_id,) for certificate_id in found.certificate_ids])


def show_command(
    certificate_id: Annotated[str, typer.Argument(metavar="ID")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Print a certificate, as it was signed."""
    show_line(ask(config_of(config=config, data=data), GetCertificate(certificate_id), CertificateView).certificate)


def key_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """Print the public key that certificates are checked with, a JSON Web Key."""
    show_line(json.dumps(ask(config_of(config=config, data=data), GetCertificateKey(), CertificateKeyView).members))


def verify_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A certificate, or the server's answer with one.")],
    key: KeyOption = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys",
            metavar="FILE",
            help="The answer of GET /v1/transparency-log/keys, saved earlier: its place in the log is checked too.",
        ),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
    *,
    url: FollowUrlOption = None,
    folder: FollowFolderOption = None,
    save_keys: SaveKeysOption = None,
) -> None:
    """Check a deletion certificate and show what it states. Needs no server where --key is given."""
    demand_keys(keys, url, folder, save_keys)
    if key is not None:
        public_key = read_key(key)
    else:
        public_key = ask(config_of(config=config, data=data), GetCertificateKey(), CertificateKeyView).members
    text = read_text(file)
    certificate = certificate_in(text).strip()
    statement = verify_certificate(certificate, public_key)
    place = None
    if keys is not None:
        with known_keys(keys, url, folder, save_keys) as known:
            place = check_place(EntryKind.ERASURE, certificate, _answer_in(text), known.log_keys)
    show_note("the certificate holds")
    show_table(("what", "value"), rows_of(statement))
    if place is not None:
        show_note(f"the log has it as entry {place.index} of {place.checkpoint.size}")


def read_key(path: Path) -> dict[str, Any]:
    """Return a JSON Web Key, or the first of a set of them.

    raises: EcholessError(INVALID_PARAMETERS) where the file holds none
    """
    try:
        found = json.loads(read_text(path))
    except (ValueError, RecursionError):
        found = None
    keys = found.get("keys") if isinstance(found, dict) else None
    found = keys[0] if isinstance(keys, list) and keys else found
    if isinstance(found, dict):
        return found
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{path} holds no JSON Web Key")


def certificate_in(text: str) -> str:
    """Return the certificate in a file: the text itself, or the member of that name."""
    found = _answer_in(text)
    return str(found.get("certificate", "")) if found else text


def _answer_in(text: str) -> dict[str, Any]:
    """Return the JSON object that a text is; empty where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def rows_of(statement: dict[str, Any]) -> list[tuple[str, object]]:
    """Return what a certificate states, for people."""
    rows: list[tuple[str, object]] = []
    for name, value in statement.items():
        if name == "destroyed":
            rows += [(f"destroyed: {word}", count) for word, count in sorted(value.items())]
        elif name.endswith("_unix"):
            rows.append((name.removesuffix("_unix"), f"{day_of(value)} UTC"))
        else:
            rows.append((name, ", ".join(value) if isinstance(value, list) else value))
    return rows
