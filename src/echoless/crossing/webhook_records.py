"""Records of webhooks: registered by a workspace, used by speech to text, with an outcome and no body.

Addresses and secrets are configuration of a workspace; they are sealed at rest and shown to nobody but the process
that delivers. What is known of a delivery afterwards is a status and a time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record

Url = Annotated[str, msgspec.Meta(max_length=2000)]
EVENTS_MAX: Final = 16


class WebhookEvent(StrEnum):
    """What a webhook may be told of, in the wire contract's words."""

    VOICE_LIBRARY_REMOVAL_NOTICE = "voice_library_removal_notice"
    SPEECH_TO_TEXT = "speech_to_text"
    AGENT_QA = "agent_qa"
    FLOWS = "flows"
    WORKSPACE_NOTICE = "workspace_notice"


_Events = Annotated[list[WebhookEvent], msgspec.Meta(max_length=EVENTS_MAX)]


class ListWebhooks(Record, frozen=True):
    """Answered by WebhookList."""

    KIND: ClassVar[int] = 190


class DeliveryView(Record, frozen=True):
    """How one delivery ended; status 0 where nobody answered."""

    KIND: ClassVar[int] = 191
    time_unix: Count
    http_status: Count


class WebhookView(Record, frozen=True):
    """A webhook without its secret.

    events:            what it is told of
    failure_*:         of the most recent failure; both 0 where there was none
    recent_deliveries: newest first
    """

    KIND: ClassVar[int] = 192
    webhook_id: Code
    name: Name
    url: Url
    created_unix: Count
    is_disabled: bool
    is_auto_disabled: bool
    is_retried: bool
    events: _Events
    failure_status: Count
    failure_unix: Count
    recent_deliveries: list[DeliveryView]


class WebhookList(Record, frozen=True):
    """All webhooks of the workspace, oldest first."""

    KIND: ClassVar[int] = 193
    webhooks: list[WebhookView]


class CreateWebhook(Record, frozen=True):
    """Registers a webhook that is told of all events. Answered by WebhookCreated or Refused."""

    KIND: ClassVar[int] = 194
    name: Name
    url: Url


class WebhookCreated(Record, frozen=True):
    """The only time that the secret is shown."""

    KIND: ClassVar[int] = 195
    webhook_id: Code
    secret: Name


class EditWebhook(Record, frozen=True):
    """Changes a webhook; None leaves a part as it is. Answered by Done or Refused(webhook_not_found)."""

    KIND: ClassVar[int] = 196
    webhook_id: Name
    is_disabled: bool
    name: Name
    is_retried: bool | None = None
    events: _Events | None = None


class DeleteWebhook(Record, frozen=True):
    """Deletes a webhook with its log. Answered by Done or Refused(webhook_not_found)."""

    KIND: ClassVar[int] = 197
    webhook_id: Name


class UseWebhooks(Record, frozen=True):
    """Asks, under a ticket of speech to text of either mode, where results go. Answered by WebhookTargets, or by
    Refused(no_webhook_configured), or by Refused(webhook_not_found) for an id that is not registered.

    webhook_id: empty for all that are told of the event
    """

    KIND: ClassVar[int] = 198
    event: WebhookEvent
    webhook_id: Name = ""


class WebhookTarget(Record, frozen=True):
    """Where to deliver to.

    is_retried:  whether the workspace wants retries; never obeyed for zero retention
    delivery_id: names this delivery in NoteDelivery, valid for two hours
    """

    KIND: ClassVar[int] = 199
    webhook_id: Code
    url: Url
    secret: Name
    is_retried: bool
    delivery_id: Code


class WebhookTargets(Record, frozen=True):
    """Where results go; one at least."""

    KIND: ClassVar[int] = 230
    targets: list[WebhookTarget]


class NoteDelivery(Record, frozen=True):
    """Notes how a delivery ended, once, after its last attempt. Needs no ticket: it comes after the ticket's close.
    Not answered.

    http_status: of the last attempt; 0 where nobody answered
    """

    KIND: ClassVar[int] = 231
    delivery_id: Code
    http_status: Count


WEBHOOK_RECORDS: Final[tuple[type[Record], ...]] = (
    ListWebhooks, DeliveryView, WebhookView, WebhookList, CreateWebhook, WebhookCreated, EditWebhook, DeleteWebhook,
    UseWebhooks, WebhookTarget, WebhookTargets, NoteDelivery,
)  # fmt: skip
"""From a gateway to the vault, and back."""
