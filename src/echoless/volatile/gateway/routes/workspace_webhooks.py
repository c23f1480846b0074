"""`/v1/workspace/webhooks`: where a workspace wants its results sent to.

source: the wire contract, history, voices, models and user, section 8; in the list, `retry_enabled` and
`recent_deliveries` are ours
"""

from __future__ import annotations

from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.webhook_records import (
    CreateWebhook,
    DeleteWebhook,
    EditWebhook,
    ListWebhooks,
    WebhookCreated,
    WebhookEvent,
    WebhookList,
    WebhookView,
)
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.workspace_webhooks import CreateWebhookBody, EditWebhookBody, WebhooksQuery

_OK: Final = {"status": "ok"}
_USAGES: Final = {
    WebhookEvent.SPEECH_TO_TEXT: "Speech to Text",
    WebhookEvent.VOICE_LIBRARY_REMOVAL_NOTICE: "Voice Library Removal Notices",
    WebhookEvent.AGENT_QA: "Agent QA Evaluations",
    WebhookEvent.FLOWS: "Flows",
    WebhookEvent.WORKSPACE_NOTICE: "Workspace Notices",
}


async def list_webhooks(call: Call) -> None:
    """List webhooks, without their secrets."""
    query = WebhooksQuery.parse(call.query)
    found = await call.open_ticket.ask(ListWebhooks())
    assert isinstance(found, WebhookList)
    webhooks = [_wire(webhook, shows_usage=query.include_usages) for webhook in found.webhooks]
    await call.answer({"webhooks": webhooks})


async def create_webhook(call: Call) -> None:
    """Register a webhook; the only time that its secret is shown."""
    settings = (await read_schema(call, CreateWebhookBody)).settings
    _refuse_headers(settings.request_headers, "settings.request_headers")
    created = await call.open_ticket.ask(CreateWebhook(name=settings.name, url=settings.webhook_url))
    assert isinstance(created, WebhookCreated)
    await call.answer({"webhook_id": created.webhook_id, "webhook_secret": created.secret})


async def edit_webhook(call: Call) -> None:
    """Change a webhook; one that is switched on again begins with no failures."""
    body = await read_schema(call, EditWebhookBody)
    _refuse_headers(body.request_headers, "request_headers")
    await call.open_ticket.ask(
        EditWebhook(
            webhook_id=call.path_id(0),
            is_disabled=body.is_disabled,
            name=body.name,
            is_retried=body.retry_enabled,
            events=body.events,
        )
    )
    await call.answer(_OK)


async def delete_webhook(call: Call) -> None:
    """Delete a webhook with the log of its deliveries."""
    await call.open_ticket.ask(DeleteWebhook(webhook_id=call.path_id(0)))
    await call.answer(_OK)


def _refuse_headers(given: object, param: str) -> None:
    """Refuse headers that would not be sent, instead of passing over them in silence."""
    if given:
        message = "This server sends no headers of yours with a webhook."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=param)


def _wire(webhook: WebhookView, *, shows_usage: bool) -> dict[str, Any]:
    usage = [{"usage_type": _USAGES[event]} for event in webhook.events] if shows_usage else None
    return {
        "name": webhook.name,
        "webhook_id": webhook.webhook_id,
        "webhook_url": webhook.url,
        "is_disabled": webhook.is_disabled,
        "is_auto_disabled": webhook.is_auto_disabled,
        "created_at_unix": webhook.created_unix,
        "auth_type": "hmac",
        "usage": usage,
        "events": [event.value for event in webhook.events],
        "most_recent_failure_error_code": webhook.failure_status or None,
        "most_recent_failure_timestamp": webhook.failure_unix or None,
        "retry_enabled": webhook.is_retried,
        # A status of 0 says that nobody answered.
        "recent_deliveries": [
            {"time_unix": delivery.time_unix, "status_code": delivery.http_status}
            for delivery in webhook.recent_deliveries
        ],
    }


ROUTES: Final = (
    Route("GET /v1/workspace/webhooks", list_webhooks, "List webhooks", query=WebhooksQuery),
    Route("POST /v1/workspace/webhooks", create_webhook, "Register a webhook", body=CreateWebhookBody),
    Route("PATCH /v1/workspace/webhooks/{hook}", edit_webhook, "Change a webhook", body=EditWebhookBody),
    Route("DELETE /v1/workspace/webhooks/{hook}", delete_webhook, "Delete a webhook"),
)
