"""What is kept must be found with its text and its very bytes, and by the vault's own search."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.kept import check_kept
from echoless.audit.options import RunningServer
from echoless.audit.planting import Planting
from echoless.audit.reports.report import AuditReport
from echoless.audit.sending import Planted, Spoken
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operator_records import KeptFound, SearchKept
from echoless.crossing.records import Record, Refused
from tests.unit.audit.conftest import Reply, Stub

pytestmark = pytest.mark.unit


def _checks(
    stub: Stub, *, audio: bytes = b"audio", zero_found: int = 0, kept_found: int = 1, item_id: str = "item",
    listed_request: str = "request", kept_text: str = "",
) -> dict[str, bool]:  # fmt: skip
    mint = CanaryMint(seed=1)
    text = mint.plain("kept/it/text", 40, is_kept=True)
    mint.plain("zero/it/text", 40, is_kept=False)
    planting = Planting("kept/it", True, "POST", "/", {}, text=text, kept_text=kept_text)
    listed = {"history": [{"request_id": listed_request, "history_item_id": "item"}]}
    row = {"text": text.text}

    def reply(_method: str, path: str, _body: bytes) -> Reply:
        if "/item" not in path:
            return (200, {}, json.dumps(listed).encode()) if "?" in path else (404, {}, b"")
        return 200, {}, audio if path.endswith("/audio") else json.dumps(row).encode()

    stub.reply = reply

    def ask(directory: Path, question: Record) -> Record:
        assert isinstance(question, SearchKept)
        return KeptFound(kept_found if question.needle in text.words else zero_found, 100)

    report = AuditReport()
    server = RunningServer(stub.url, Path("/nowhere"), "k")
    with AuditClient(stub.url, "k") as client:
        rounds = [Planted([Spoken(planting, b"audio", item_id, "request")])]
        check_kept(client, server, ask, mint=mint, rounds=rounds, report=report)
    return {check.name: check.is_passed for check in report.checks}


def test_all_is_well_where_everything_is_where_it_belongs(stub: Stub) -> None:
    assert set(_checks(stub).values()) == {True}


def test_other_bytes_in_the_history_fail(stub: Stub) -> None:
    assert not _checks(stub, audio=b"other")["kept items are there"]


def test_an_item_that_was_not_named_is_found_by_its_request(stub: Stub) -> None:
    assert _checks(stub, item_id="")["kept items are there"]
    assert not _checks(stub, item_id="", listed_request="another")["kept items are there"]


def test_an_item_must_hold_what_the_planting_says_where_that_is_more_than_its_text(stub: Stub) -> None:
    assert not _checks(stub, kept_text="more")["kept items are there"]


def test_a_kept_text_that_the_vault_does_not_hold_fails(stub: Stub) -> None:
    assert not _checks(stub, kept_found=0)["kept canaries are in the vault"]


def test_a_zero_text_that_the_vault_holds_fails(stub: Stub) -> None:
    assert not _checks(stub, zero_found=1)["zero-retention canaries are not in the vault"]


def _unreached(_directory: Path, _question: Record) -> Record:
    raise EcholessError(ErrorCode.DATA_DIRECTORY, "nobody answers")


@pytest.mark.parametrize("refuse", [_unreached, lambda *_: Refused("internal_error", "nobody answers")])
def test_a_vault_that_cannot_be_asked_or_refuses_fails(
    stub: Stub, refuse: Callable[[Path, Record], Record]
) -> None:
    report = AuditReport()
    with AuditClient(stub.url, "k") as client:
        server = RunningServer(stub.url, Path("/nowhere"), "k")
        spoken = Spoken(
            Planting("kept/it", True, "POST", "/", {}, text=CanaryMint().short("x", is_kept=True)), b"", "item"
        )
        check_kept(client, server, refuse, mint=CanaryMint(), rounds=[Planted([spoken])], report=report)
    assert not report.is_passed
    assert "nobody answers" in report.checks[-1].detail


def test_nothing_kept_is_no_success(stub: Stub) -> None:
    report = AuditReport()
    with AuditClient(stub.url, "k") as client:
        server = RunningServer(stub.url, Path("/nowhere"), "k")
        check_kept(client, server, lambda *_: KeptFound(0, 0), mint=CanaryMint(), rounds=[Planted()], report=report)
    assert [check.is_passed for check in report.checks] == [False, False, False]
