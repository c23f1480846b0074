"""Processes that speak outward are struck with something in them, and what was promised is asked for afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.lab_server import Held, Lab, LabServer
from echoless.audit.on_the_way import OnTheWay, Told
from echoless.audit.options import AuditOptions
from echoless.audit.outside import Arrived, Outside
from echoless.audit.parts import crashes, outbound
from echoless.audit.parts.crashes import BLOWS
from echoless.audit.parts.outbound import _check_promises, _ended
from echoless.audit.reports.report import AuditReport
from echoless.core.processes import ProcessIdentity
from echoless.crossing.notice_records import ListAllNotices, NoticePage, NoticeView
from echoless.crossing.records import Record
from echoless.supervisor.plan import Role
from tests.unit.audit.conftest import Stub
from tests.unit.audit.test_in_flight import Running

pytestmark = pytest.mark.unit

SIGKILL, _, LIMIT = BLOWS
MINT = CanaryMint(seed=5)
ZERO = MINT.plain("zero/metadata", 26, is_kept=False)
TOLD = Told("h", "w", "/notice", MINT.plain("kept/address", 26, is_kept=True))
SENT = Arrived("/results", ZERO.text.encode())


def test_every_kind_of_process_is_struck_somewhere() -> None:
    """The courier is an egress process of the vault: its arguments are the same."""
    assert {role.value for role in Role} - {"courier"} == {*crashes.ROLES, outbound.ROLE}


def server_with(stub: Stub, undelivered: Sequence[NoticeView]) -> LabServer:
    def ask(_directory: Path, question: Record) -> Record:
        assert question == ListAllNotices(100, "w", is_undelivered_only=True)
        return NoticePage(list(undelivered), "")

    lab = Lab(AuditOptions(ask), AuditReport(), Path("/nowhere"))
    return LabServer(lab, "stub", lab.place, (), {}, _process=Running(stub.url))  # type: ignore[arg-type]  # only its address is asked for


@pytest.mark.parametrize(
    ("undelivered", "status", "arrived", "is_passed"),
    [
        ([], 200, [SENT], True),
        ([NoticeView("n", "w", "k", 1, {}, [])], 200, [SENT], False),
        ([], 404, [SENT], False),
        ([], 200, [SENT, SENT], False),
        ([], 200, [], False),
    ],
    ids=["all kept", "a notice is lost", "a transcript is lost", "sent again", "never sent"],
)
def test_a_promise_that_was_not_kept_is_noticed(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, undelivered: list[NoticeView], status: int,
    arrived: list[Arrived], is_passed: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(outbound, "_TOLD_WITHIN_S", 0.0)
    monkeypatch.setattr(Outside, "arrived", lambda _self: tuple(arrived))
    stub.reply = lambda _method, path, _body: (status if path.endswith("/transcripts/t1") else 500, {}, b"{}")
    server = server_with(stub, undelivered)
    _check_promises(server, Outside(b""), TOLD, OnTheWay(Held([]), ZERO, "t1"), SIGKILL)
    (check,) = server.lab.report.checks
    assert check.is_passed is is_passed
    assert not any(word in check.detail for word in ZERO.words)


@pytest.mark.parametrize(("blow", "killed"), [(SIGKILL, []), (LIMIT, [5])], ids=lambda value: str(value)[:20])
def test_only_what_a_limit_left_alive_is_ended_here(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, blow: crashes.Blow, killed: list[int]
) -> None:
    five, six = (ProcessIdentity(pid, 1, "egress") for pid in (5, 6))
    gone: list[int] = []
    monkeypatch.setattr(outbound, "_DEAD_WITHIN_S", 0.0)
    monkeypatch.setattr(outbound, "_STARVED_WITHIN_S", 0.0)
    monkeypatch.setattr(outbound.os, "kill", lambda pid, _signal: gone.append(pid))
    monkeypatch.setattr(LabServer, "family", lambda _self: (five,))
    assert _ended(server_with(stub, []), [five, six], blow) == 1
    assert gone == killed
