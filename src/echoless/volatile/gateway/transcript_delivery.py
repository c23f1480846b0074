"""Webhook mode of speech to text: the result goes from memory to the workspace's webhooks, and waits nowhere else.

With zero retention it is delivered once; nothing is tried again, and it is lost with the process.
source: the wire contract, speech to text, section 3
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError
from echoless.core.ids import TicketId
from echoless.crossing.egress_client import Webhook
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.crossing.webhook_records import (
    NoteDelivery,
    UseWebhooks,
    WebhookEvent,
    WebhookTarget,
    WebhookTargets,
)
from echoless.volatile.gateway.calls import Call

_EVENT = "speech_to_text_transcription"


async def webhook_targets(call: Call, webhook_id: str | None) -> Sequence[WebhookTarget]:
    """Return where results go.

    raises: RequestRefusedError(no_webhook_configured, webhook_not_found), EcholessError(INVALID_PARAMETERS) where
            this server delivers nothing
    """
    answer = await call.open_ticket.ask(UseWebhooks(WebhookEvent.SPEECH_TO_TEXT, webhook_id or ""))
    assert isinstance(answer, WebhookTargets)
    call.services.outbound.require_webhooks()
    return answer.targets


async def answer_accepted(call: Call) -> None:
    """Say that the recording has arrived and its transcript will be delivered."""
    item_id = call.grant.history_item_id
    named = {"transcription_id": item_id} if item_id else {}
    message = "The recording has arrived; its transcript goes to the webhooks of the workspace."
    await call.answer({"message": message, "request_id": call.request_id} | named, status=202)


async def deliver(
    call: Call,
    targets: Sequence[WebhookTarget],
    transcription: bytes,
    metadata: dict[str, Any] | None,
    sink: ZeroSink | RetainingSink,
) -> None:
    """Deliver a transcript to all targets at once, and note how each delivery ended.

    transcription: JSON
    """
    event = msgspec.json.encode(
        {
            "type": _EVENT,
            "event_timestamp": call.services.clock.unix_ms() // 1000,
            "data": {
                "request_id": call.request_id,
                "transcription": msgspec.Raw(transcription),
                "webhook_metadata": metadata,
            },
        }
    )
    await asyncio.gather(*(_deliver_to(call, target, event, sink) for target in targets))


async def _deliver_to(call: Call, target: WebhookTarget, event: bytes, sink: ZeroSink | RetainingSink) -> None:
    webhook = Webhook(TextContent(target.url), TextContent(target.secret) if target.secret else None)
    status = 0
    try:
        delivery = await call.services.outbound.deliver(
            webhook,
            [event],
            may_retry=target.is_retried and isinstance(sink, RetainingSink),
            is_zero=isinstance(sink, ZeroSink),
            ticket=TicketId(call.grant.ticket_id),
        )
        status = delivery.http_status
    except EcholessError as error:
        # The answer was given long ago; what came of the delivery is in the webhook's own log.
        call.outcome.error_code = error.code.value
    call.open_ticket.post(NoteDelivery(target.delivery_id, status))
