"""Queries and bodies of webhooks."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from echoless.crossing.webhook_records import EVENTS_MAX, WebhookEvent
from echoless.volatile.gateway.schemas.workspace_webhooks import CreateWebhookBody, EditWebhookBody, WebhooksQuery

pytestmark = pytest.mark.unit
SETTINGS: dict[str, Any] = {"name": "Transcripts", "webhook_url": "https://hooks.example/t"}


def test_a_new_webhook_is_signed_and_takes_what_the_client_sends() -> None:
    body = CreateWebhookBody.model_validate({"settings": SETTINGS | {"auth_type": "hmac", "unknown": 1}})
    assert (body.settings.auth_type, body.settings.name) == ("hmac", "Transcripts")
    assert CreateWebhookBody.model_validate({"settings": SETTINGS}).settings.auth_type == "hmac"


@pytest.mark.parametrize(
    "fault",
    [
        {"auth_type": "oauth2"}, {"auth_type": "none"}, {"name": ""}, {"name": "x" * 257}, {"name": None},
        {"webhook_url": "https://x.example/" + "y" * 2000},
    ],
)  # fmt: skip
def test_other_kinds_of_proof_and_long_words_are_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CreateWebhookBody.model_validate({"settings": SETTINGS | fault})


def test_what_a_change_does_not_name_stays() -> None:
    body = EditWebhookBody.model_validate({"is_disabled": True, "name": "Other"})
    assert (body.retry_enabled, body.events) == (None, None)
    assert EditWebhookBody.model_validate({"is_disabled": False, "name": "n", "events": []}).events == []
    for missing in ({"name": "n"}, {"is_disabled": True}):
        with pytest.raises(ValidationError):
            EditWebhookBody.model_validate(missing)


def test_events_are_known_ones_and_bounded() -> None:
    known = next(iter(WebhookEvent))
    body = EditWebhookBody.model_validate({"is_disabled": False, "name": "n", "events": [known.value]})
    assert body.events == [known]
    for events in (["nothing_known"], [known.value] * (EVENTS_MAX + 1)):
        with pytest.raises(ValidationError):
            EditWebhookBody.model_validate({"is_disabled": False, "name": "n", "events": events})


def test_usages_are_listed_only_when_asked_for() -> None:
    assert not WebhooksQuery.model_validate({}).include_usages
    assert WebhooksQuery.model_validate({"include_usages": "true"}).include_usages
