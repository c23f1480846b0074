"""Webhooks of a workspace."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.crossing.query_records import Done
from echoless.crossing.records import Refused
from echoless.crossing.webhook_records import (
    CreateWebhook,
    DeleteWebhook,
    DeliveryView,
    EditWebhook,
    ListWebhooks,
    WebhookCreated,
    WebhookEvent,
    WebhookList,
    WebhookView,
)
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = "/v1/workspace/webhooks"
VIEW = WebhookView(
    webhook_id="h-1", name="results", url="https://hooks.example.test/", created_unix=5, is_disabled=False,
    is_auto_disabled=True, is_retried=True, events=[WebhookEvent.SPEECH_TO_TEXT], failure_status=503,
    failure_unix=9, recent_deliveries=[DeliveryView(9, 503)],
)  # fmt: skip


async def test_the_list_has_the_contracts_members_and_no_secret() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListWebhooks] = WebhookList([VIEW])
        reply = await gateway.ask("GET", PATH)
        assert reply.json == {
            "webhooks": [
                {
                    "name": "results", "webhook_id": "h-1", "webhook_url": "https://hooks.example.test/",
                    "is_disabled": False, "is_auto_disabled": True, "created_at_unix": 5, "auth_type": "hmac",
                    "usage": None, "events": ["speech_to_text"], "most_recent_failure_error_code": 503,
                    "most_recent_failure_timestamp": 9, "retry_enabled": True,
                    "recent_deliveries": [{"time_unix": 9, "status_code": 503}],
                }
            ]
        }  # fmt: skip
        (shown,) = (await gateway.ask("GET", f"{PATH}?include_usages=true")).json["webhooks"]
        assert shown["usage"] == [{"usage_type": "Speech to Text"}]


async def test_a_new_webhook_answers_with_its_secret() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[CreateWebhook] = WebhookCreated("h-1", "wsec_x")
        settings = {"auth_type": "hmac", "name": "results", "webhook_url": "https://hooks.example.test/"}
        reply = await gateway.ask("POST", PATH, {"settings": {**settings, "request_headers": None}})
        assert reply.json == {"webhook_id": "h-1", "webhook_secret": "wsec_x"}
        asked = gateway.vault.questions
        assert CreateWebhook("results", "https://hooks.example.test/") in asked


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"name": "n"}, 422),
        ({"name": "", "webhook_url": "https://h.test/"}, 422),
        ({"name": "n", "webhook_url": "https://h.test/", "auth_type": "basic"}, 422),
        ({"name": "n", "webhook_url": "https://h.test/", "request_headers": {"a": "canary"}}, 400),
    ],
)
async def test_settings_that_cannot_be_are_refused_without_their_value(
    settings: dict[str, Any], status: int
) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", PATH, {"settings": settings})
        assert reply.status == status
        assert b"canary" not in reply.body
        assert not [question for question in gateway.vault.questions if isinstance(question, CreateWebhook)]


async def test_a_change_passes_what_is_given_and_leaves_the_rest() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[EditWebhook] = Done()
        reply = await gateway.ask("PATCH", f"{PATH}/h-1", {"is_disabled": True, "name": "n"})
        assert reply.json == {"status": "ok"}
        body = {"is_disabled": False, "name": "n", "retry_enabled": True, "events": ["speech_to_text", "flows"]}
        await gateway.ask("PATCH", f"{PATH}/h-1", body)
        asked = [question for question in gateway.vault.questions if isinstance(question, EditWebhook)]
        assert asked == [
            EditWebhook("h-1", True, "n"),
            EditWebhook("h-1", False, "n", True, [WebhookEvent.SPEECH_TO_TEXT, WebhookEvent.FLOWS]),
        ]
        assert (await gateway.ask("PATCH", f"{PATH}/h-1", {"name": "n"})).status == 422
        assert (await gateway.ask("PATCH", f"{PATH}/h-1", {**body, "events": ["else"]})).status == 422
        assert (await gateway.ask("PATCH", f"{PATH}/h-1", {**body, "request_headers": {"a": "b"}})).status == 400


async def test_a_webhook_that_is_not_there_is_404() -> None:
    async with running_gateway() as gateway:
        refused = Refused(code="webhook_not_found", message="There is no webhook with this id.")
        gateway.vault.scripted[DeleteWebhook] = gateway.vault.scripted[EditWebhook] = refused
        assert (await gateway.ask("DELETE", f"{PATH}/h-1")).status == 404
        reply = await gateway.ask("PATCH", f"{PATH}/h-1", {"is_disabled": True, "name": "n"})
        assert (reply.status, reply.code) == (404, "webhook_not_found")
        gateway.vault.scripted[DeleteWebhook] = Done()
        assert (await gateway.ask("DELETE", f"{PATH}/h-1")).json == {"status": "ok"}
