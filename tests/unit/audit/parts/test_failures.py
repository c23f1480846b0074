"""An answer that says anything of a request is caught, in whatever form and place; its words are not shown."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import Answer
from echoless.audit.lab_server import Lab, LabServer
from echoless.audit.options import AuditOptions
from echoless.audit.parts import failures
from echoless.audit.parts.failures import _Failing, _no_room, _search_blocks, echoes
from echoless.audit.reports.report import AuditReport
from echoless.audit.search.needles import text_needles
from echoless.cli.operator_door import ask_running
from echoless.core.processes import ProcessIdentity

pytestmark = pytest.mark.unit

CANARY = CanaryMint(seed=26).plain("zero/text", 60, is_kept=False)
WORD = CANARY.words[1]


@pytest.mark.parametrize(
    ("answer", "is_echo"),
    [
        (Answer(422, {"x-echoless-retention": "zero"}, b'{"detail": {"code": "invalid_parameters"}}'), False),
        (Answer(422, {}, f'{{"input": "{WORD}"}}'.encode()), True),
        (Answer(400, {"x-problem": f"cannot speak {WORD}"}, b""), True),
        (Answer(500, {}, base64.b64encode(CANARY.text.encode())), True),
        (Answer(500, {}, WORD.encode("utf-16-le")), True),
    ],
)
def test_echoes_are_found(answer: Answer, is_echo: bool) -> None:
    found = echoes([Answer(401, {}, b""), answer], text_needles([CANARY]))
    assert found == (["zero/text"] if is_echo else [])


def server_on(disk: Path | None, why_no_disk: str) -> LabServer:
    lab = Lab(AuditOptions(ask_running), AuditReport(), Path("/nowhere"))
    return LabServer(lab, "failures", lab.place, (), {}, disk=disk, why_no_disk=why_no_disk)


@pytest.mark.parametrize(
    ("why_no_disk", "done", "said"),
    [
        ("", ["filled /disk"], "a file system of its own, filled with 7 bytes to its last block"),
        ("mounting takes root", ["limited 5"], "a limit on its files, since mounting takes root"),
    ],
)
def test_a_store_takes_nothing_more_by_the_best_way_that_there_is_and_says_by_which(
    monkeypatch: pytest.MonkeyPatch, why_no_disk: str, done: list[str], said: str
) -> None:
    did: list[str] = []

    @contextlib.contextmanager
    def filled(place: Path) -> Iterator[int]:
        did.append(f"filled {place}")
        yield 7

    @contextlib.contextmanager
    def limited(pid: int) -> Iterator[None]:
        did.append(f"limited {pid}")
        yield

    monkeypatch.setattr(failures, "filled", filled)
    monkeypatch.setattr(failures, "limited", limited)
    monkeypatch.setattr(LabServer, "members", lambda _self, role: (ProcessIdentity(5, 1, role),))
    failing = _Failing()
    with _no_room(server_on(Path("/disk"), why_no_disk), failing):
        assert did == done
    assert failing.how == said


def test_blocks_that_nobody_could_set_apart_are_not_searched_and_said_so() -> None:
    """Not those of the whole host in their place."""
    server = server_on(Path("/tmp"), "mounting takes root")
    _search_blocks(server)
    (check,) = server.lab.report.checks
    assert check.is_unsearched
    assert check.proves == ()
    assert "mounting takes root" in check.detail
