"""Results on their way to webhooks: from memory, each delivery noted, and no failure of one touches another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.egress_client import Delivery, Webhook
from echoless.crossing.records import Record
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.crossing.webhook_records import NoteDelivery, WebhookTarget
from echoless.volatile.gateway.transcript_delivery import deliver
from tests.unit.volatile.gateway.test_calls import new_call

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Ticket:
    """What a delivery needs of a ticket."""

    class grant:
        ticket_id = bytes(16)
        history_item_id = ""

    def __init__(self) -> None:
        self.posted: list[Record] = []

    def post(self, record: Record) -> None:
        self.posted.append(record)


class Outside:
    """Delivers to some and is gone for others."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool, bool]] = []

    async def deliver(
        self, webhook: Webhook, body: Sequence[bytes], *, may_retry: bool, is_zero: bool, ticket: bytes
    ) -> Delivery:
        url = webhook.url.reveal()
        self.sent.append((url, b"".join(body), may_retry, is_zero))
        if "gone" in url:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "gone")
        return Delivery(is_delivered=False, http_status=410, attempt_count=1)


def target(name: str, *, is_retried: bool = False) -> WebhookTarget:
    return WebhookTarget(name, f"https://{name}.example/", "wsec_a", is_retried=is_retried, delivery_id=name)


@pytest.mark.claim("Z2")
@pytest.mark.parametrize("is_zero", [True, False])
async def test_each_target_is_told_once_and_how_it_ended_is_noted(is_zero: bool) -> None:
    call, ticket, outside = new_call([]), Ticket(), Outside()
    call.services = replace(call.services, outbound=outside)  # type: ignore[arg-type]  # as much as is used
    call.ticket = ticket  # type: ignore[assignment]  # as above
    sink: Any = ZeroSink(ticket) if is_zero else RetainingSink(ticket)  # type: ignore[arg-type]  # as above
    await deliver(call, [target("here", is_retried=True), target("gone")], b'{"text":"a"}', {"b": 1}, sink)
    assert [(url, may_retry, zero) for url, _, may_retry, zero in outside.sent] == [
        ("https://here.example/", not is_zero, is_zero),
        ("https://gone.example/", False, is_zero),
    ]
    event = json.loads(outside.sent[0][1])
    assert event["data"] == {"request_id": "r", "transcription": {"text": "a"}, "webhook_metadata": {"b": 1}}
    assert ticket.posted == [NoteDelivery("here", 410), NoteDelivery("gone", 0)] or ticket.posted == [
        NoteDelivery("gone", 0),
        NoteDelivery("here", 410),
    ]
