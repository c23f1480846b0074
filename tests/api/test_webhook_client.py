"""The official Python client registers, changes and deletes webhooks."""

from __future__ import annotations

from collections.abc import Iterator

import elevenlabs
import httpx
import pytest
from elevenlabs.core import ApiError

from tests.fakes.running_server import RunningServer

pytestmark = pytest.mark.api
URL = "https://hooks.example.test/results"


@pytest.fixture
def client(server: RunningServer) -> Iterator[elevenlabs.ElevenLabs]:
    # The client never closes its connections itself, and a warning about that would be an error here.
    with httpx.Client(timeout=60) as connections:
        yield elevenlabs.ElevenLabs(base_url=server.base_url, api_key=server.api_key, httpx_client=connections)


def test_a_webhook_lives_from_its_registration_to_its_deletion(client: elevenlabs.ElevenLabs) -> None:
    webhooks = client.webhooks
    made = webhooks.create(settings=elevenlabs.WebhookHmacSettings(name="results", webhook_url=URL))
    assert made.webhook_secret is not None
    assert made.webhook_secret.startswith("wsec_")
    (shown,) = [found for found in webhooks.list().webhooks if found.webhook_id == made.webhook_id]
    assert (shown.name, shown.webhook_url, shown.auth_type, shown.is_disabled) == ("results", URL, "hmac", False)
    assert made.webhook_secret not in repr(webhooks.list())
    changed = webhooks.update(
        made.webhook_id, is_disabled=True, name="renamed", retry_enabled=True, events=["speech_to_text"]
    )
    assert changed.status == "ok"
    found = {one.webhook_id: one for one in webhooks.list(include_usages=True).webhooks}[made.webhook_id]
    assert (found.name, found.is_disabled, found.events) == ("renamed", True, ["speech_to_text"])
    assert [usage.usage_type for usage in found.usage or ()] == ["Speech to Text"]
    assert webhooks.delete(made.webhook_id).status == "ok"
    assert made.webhook_id not in {one.webhook_id for one in webhooks.list().webhooks}
    with pytest.raises(ApiError) as gone:
        webhooks.delete(made.webhook_id)
    assert gone.value.status_code == 404


@pytest.mark.parametrize("url", ["http://hooks.example.test/", "https://user:word@hooks.example.test/"])
def test_an_address_that_may_not_be_is_refused(client: elevenlabs.ElevenLabs, url: str) -> None:
    with pytest.raises(ApiError) as refused:
        client.webhooks.create(settings=elevenlabs.WebhookHmacSettings(name="results", webhook_url=url))
    assert refused.value.status_code == 400
    assert url not in repr(refused.value.body)
