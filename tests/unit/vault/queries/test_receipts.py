"""Whoever may read the workspace gets its receipts, signed a moment after the wipe; the log is for everybody."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.receipt_records import (
    GetProofKeys,
    GetReceipt,
    LogFile,
    NoteScrubbed,
    ProofKeys,
    ReadLogFile,
    ReceiptView,
)
from echoless.crossing.records import Refused, TicketGranted
from echoless.receipts.proof import CheckedReceipt, check_receipt
from echoless.receipts.receipt import Scrubbed
from echoless.retention.decision import Switch
from echoless.vault.intake.receipting import HANDLED_S
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import TTS, GatewayDouble, TurnedClock, closing

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
RECEIPT = "GET /v1/workspace/zero-retention/receipts/{request}"


async def end(gateway: GatewayDouble, switch: Switch) -> str:
    granted: TicketGranted = await gateway.open(TTS, switch)
    gateway.link.post(closing(), ticket=TicketId(granted.ticket_id))
    return granted.request_id


async def issued(vault: Vault, gateway: GatewayDouble, clock: TurnedClock) -> None:
    await gateway.question("GET /v1/user", GetReceipt("a turn of the links"), Refused)
    clock.turn(HANDLED_S)
    gateway.link.post(NoteScrubbed())
    await gateway.question("GET /v1/user", GetReceipt("another turn"), Refused)
    await vault.proving.receipting.issue_ready()


async def checked(gateway: GatewayDouble, request_id: str) -> CheckedReceipt:
    keys = await gateway.ask(GetProofKeys(), ProofKeys)
    view = await gateway.question(RECEIPT, GetReceipt(request_id), ReceiptView)
    answer: dict[str, Any] = {
        "receipt": view.signed,
        "salt": base64.b64encode(view.salt).decode(),
        "inclusion": {
            "index": view.index,
            "checkpoint": view.checkpoint,
            "proof": [base64.b64encode(part).decode() for part in view.proof],
        },
    }
    return check_receipt(answer, {"keys": keys.receipt_keys, "log_key": keys.log_key, "log_keys": keys.log_keys})


@pytest.mark.parametrize(("switch", "mode"), [(Switch.LOGGING_OFF, "zero"), (Switch.ABSENT, "default")])
async def test_a_request_of_either_mode_has_a_receipt_that_the_log_has(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock, switch: Switch, mode: str
) -> None:
    request_id = await end(gateway, switch)
    await issued(vault, gateway, clock)
    found = await checked(gateway, request_id)
    assert (found.receipt.request_id, found.receipt.mode) == (request_id, mode)
    assert found.receipt.scrubbed is Scrubbed.AFTER_RESPONSE
    # The entries before it say which keys sign, and which build this is.
    assert found.index == 3


async def test_before_the_wipe_and_for_foreign_or_unknown_requests_there_is_none(
    vault: Vault, gateway: GatewayDouble, clock: TurnedClock
) -> None:
    """T41: they are answered alike."""
    _, _, other_key = await vault.administration.create_workspace("other", "enterprise", is_entitled=True)
    request_id = await end(gateway, Switch.LOGGING_OFF)
    early = await gateway.question(RECEIPT, GetReceipt(request_id), Refused)
    unknown = await gateway.question(RECEIPT, GetReceipt("never"), Refused)
    assert early == unknown
    assert early.code == ErrorCode.NOT_FOUND
    await issued(vault, gateway, clock)
    assert (await checked(gateway, request_id)).receipt.request_id == request_id
    assert await gateway.question(RECEIPT, GetReceipt(request_id), Refused, key=other_key) == unknown


async def test_the_log_is_read_without_a_ticket_and_nothing_else_of_the_disk_is(gateway: GatewayDouble) -> None:
    note = await gateway.ask(ReadLogFile("checkpoint"), LogFile)
    assert note.data.partition(b"\n")[2].startswith(b"3\n")
    await gateway.ask(ReadLogFile("tile/entries/000.p/3"), LogFile)
    hostile = ("", "../version", "tile/../../version", "/etc/passwd", "checkpoint\n", "checkpoint.new")
    for path in ("tile/0/999", *hostile):
        assert (await gateway.ask(ReadLogFile(path), Refused)).code == ErrorCode.NOT_FOUND
