"""Queries and bodies of webhooks.

source: the wire contract, history, voices, models and user, section 8
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from echoless.crossing.webhook_records import EVENTS_MAX, WebhookEvent
from echoless.volatile.gateway.schemas.base import Body, Query

_Name = Annotated[str, Field(min_length=1, max_length=256)]
_NOT_SENT = "Not offered here; refused unless absent, null or empty."


class WebhooksQuery(Query):
    """Query of the list."""

    include_usages: bool = False


class WebhookSettings(Body):
    """How a new webhook is told."""

    auth_type: Literal["hmac"] = "hmac"
    name: _Name
    webhook_url: Annotated[str, Field(max_length=2000)] = Field(description="An https address.")
    request_headers: Any = Field(None, description=_NOT_SENT)


class CreateWebhookBody(Body):
    """A new webhook. It is told of every event until it is changed."""

    settings: WebhookSettings


class EditWebhookBody(Body):
    """Changes to a webhook; an absent `retry_enabled` or `events` stays as it is."""

    is_disabled: bool
    name: _Name
    retry_enabled: bool | None = None
    events: Annotated[list[WebhookEvent], Field(max_length=EVENTS_MAX)] | None = None
    request_headers: Any = Field(None, description=_NOT_SENT)
