"""`echoless audit watch`: lines and JSON for programs, a picture for people, and an end where no server is."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console, RenderableType

from echoless.cli import audit_watch
from echoless.cli.audit_watch import bars_of, line_of, picture_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.watch_records import AskWatch, WatchView
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run
from tests.unit.crossing.test_watch_records import VIEW, WALLED

pytestmark = pytest.mark.unit
WEAK = msgspec.structs.replace(WALLED, name="gateway-0", role="gateway", self_reported={"landlock": False})
UNSEEN = msgspec.structs.replace(WALLED, name="live-0", is_seen=False, seccomp_mode=None, has_no_new_privs=None)
ILL = msgspec.structs.replace(
    VIEW, processes=[WALLED, WEAK, UNSEEN], is_confined=False, missing=["swap_on"], receipts_lost=3,
    audit_unix=120, audit_verdict="failed", audit_mode="running",
)  # fmt: skip


def shown(picture: RenderableType, width: int = 160) -> str:
    console = Console(width=width, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115  # ends with the test
    console.print(picture)
    console.file.close()
    return console.export_text()


def test_once_as_json_has_every_number_by_its_name(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {AskWatch: VIEW}) as door:
        result = run("audit", "watch", "--once", "--json", "--data", str(tmp_path))
    told: dict[str, Any] = json.loads(result.stdout)
    assert door.asked == [AskWatch()]
    assert told["receipts_minute"] == {"zero": 3}
    assert told["processes"][0] == {
        "role": "engine", "name": "engine-0", "pid": 7, "is_seen": True, "seccomp_mode": 2,
        "has_no_new_privs": True, "swap_kib": 0, "self_reported": {"landlock": True}, "is_walled": True,
    }  # fmt: skip
    assert set(told) == set(WatchView.__struct_fields__)


def test_where_there_is_no_terminal_a_look_is_a_line(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {AskWatch: ILL}):
        result = run("audit", "watch", "--once", "--data", str(tmp_path))
    assert result.stdout == line_of(ILL) + "\n"
    assert "receipts/min: 3 zero, 0 default\twalled: 1 of 3\tlog: 10\taudit: failed" in result.stdout
    assert "refusals: quota_exceeded 2" in result.stdout


def test_a_vault_that_is_started_anew_ends_no_watch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    away = EcholessError(ErrorCode.DATA_DIRECTORY, "cannot speak with the server")
    answers = deque([VIEW, away, away, ILL])

    def asked(*_: object) -> Any:
        answer = answers.popleft() if answers else away
        if isinstance(answer, EcholessError):
            raise answer
        return answer

    monkeypatch.setattr(audit_watch, "holder_of", lambda _: "somebody")
    monkeypatch.setattr(audit_watch, "ask_running", asked)
    monkeypatch.setattr(audit_watch, "_SILENCE_S_MAX", 0.05)
    looks = audit_watch._looks(tmp_path, 0.001, is_once=False)
    assert [next(looks), next(looks)] == [VIEW, ILL]
    with pytest.raises(EcholessError, match="cannot speak"):
        next(looks)
    with pytest.raises(EcholessError, match="cannot speak"):
        next(audit_watch._looks(tmp_path, 0.001, is_once=True))


def test_it_goes_on_until_the_server_ends(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(audit_watch, "_SILENCE_S_MAX", 0.0)
    with running_server(tmp_path, {AskWatch: [VIEW, ILL, None]}):
        result = run("audit", "watch", "--every", "0.2", "--data", str(tmp_path))
    assert result.stdout.splitlines() == [line_of(VIEW), line_of(ILL)]
    assert isinstance(result.exception, EcholessError | OSError)


def test_without_a_server_there_is_nothing_to_watch(run: Run, tmp_path: Path) -> None:
    result = run("audit", "watch", "--once", "--data", str(tmp_path))
    assert isinstance(result.exception, EcholessError)
    assert result.stdout == ""


def test_the_picture_shows_what_stands_and_what_does_not() -> None:
    well, ill = shown(picture_of([VIEW])), shown(picture_of([VIEW, ILL]))
    assert "zero retention: available" in well
    assert "none since the start" in well
    assert "weak" not in well
    for word in ("refused here", "missing: swap_on", "weak", "not seen", "no landlock", "failed", "quota_exceeded"):
        assert word in ill


def test_a_terminal_of_24_lines_shows_all_but_processes_that_stand() -> None:
    """Log, last audit and refusals once stood below the edge of the screen."""
    roles = ("engine-0", "engine-1", "gateway-0", "gateway-1", "live-0", "media-0", "media-1")
    processes = [WALLED, *(msgspec.structs.replace(WALLED, name=name) for name in roles), UNSEEN, WEAK]
    refusals = {f"reason_{number}": 10 - number for number in range(6)}
    view = msgspec.structs.replace(ILL, processes=processes, refusals=refusals)
    picture = shown(picture_of([view]), width=80).splitlines()
    seen = "\n".join(picture[:24])
    for word in (view.log_root, "last audit", "3 lost", "reason_3", "2 more reasons", "weak", "not seen"):
        assert word in seen, word
    assert "reason_4" not in seen
    assert "all is well" in seen
    assert all(len(line.rstrip()) <= 80 for line in picture)


def test_a_terminal_gets_a_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looks = deque([VIEW, ILL])
    pictures: list[str] = []

    def again(*_: object, **__: object) -> Any:
        while looks:
            yield looks.popleft()
        raise KeyboardInterrupt

    monkeypatch.setattr(audit_watch, "_looks", again)
    monkeypatch.setattr(audit_watch.Live, "update", lambda _, picture, **__: pictures.append(shown(picture)))
    with (tmp_path / "screen").open("w") as screen:
        console = Console(file=screen, force_terminal=True)
        audit_watch._watch(tmp_path, 1.0, console, deque(maxlen=60))
    assert len(pictures) == 2
    assert "refused here" in pictures[1]


@pytest.mark.parametrize(
    ("counts", "bars"), [([], ""), ([0, 0], ""), ([0, 1, 4, 8], " ▁▄█"), ([1, 1000], "▁█"), ([5], "█")]
)
def test_bars_rise_with_their_counts(counts: list[int], bars: str) -> None:
    assert bars_of(counts) == bars
