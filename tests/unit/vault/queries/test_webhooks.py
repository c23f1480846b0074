"""Webhooks: registered, used by speech to text, told how a delivery ended, switched off, deleted."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import VaultConfig
from echoless.crossing.number_records import (
    AuditEntries,
    ListAuditEntries,
)
from echoless.crossing.query_records import (
    Done,
)
from echoless.crossing.records import CloseStatus, Refused, TicketClosed
from echoless.crossing.webhook_records import (
    CreateWebhook,
    DeleteWebhook,
    DeliveryView,
    EditWebhook,
    ListWebhooks,
    NoteDelivery,
    UseWebhooks,
    WebhookCreated,
    WebhookEvent,
    WebhookList,
    WebhookTarget,
    WebhookTargets,
    WebhookView,
)
from echoless.retention.decision import Switch
from echoless.vault.queries import webhooks
from echoless.vault.queries import webhooks as module
from echoless.vault.queries.webhooks import DELIVERY_LIFE_S, FAILURES_MAX, WEBHOOKS_MAX
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import ON_FILES, STT, TTS, GatewayDouble, TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
HOOKS = "/v1/workspace/webhooks"
URL = "https://hooks.example.test/canary-url-7d1e"
NAME = "canary-name-7d1e"
SPEECH = UseWebhooks(WebhookEvent.SPEECH_TO_TEXT)


async def made(gateway: GatewayDouble, url: str = URL, name: str = NAME) -> WebhookCreated:
    return await gateway.question(f"POST {HOOKS}", CreateWebhook(name, url), WebhookCreated)


async def shown(gateway: GatewayDouble) -> list[WebhookView]:
    return (await gateway.question(f"GET {HOOKS}", ListWebhooks(), WebhookList)).webhooks


async def edit(gateway: GatewayDouble, record: EditWebhook) -> None:
    await gateway.question(f"PATCH {HOOKS}/{{hook}}", record, Done)


async def targets(
    gateway: GatewayDouble, record: UseWebhooks = SPEECH, switch: Switch = Switch.ABSENT
) -> list[WebhookTarget]:
    granted = await gateway.open(STT, switch, voice_id="")
    found = await gateway.ask(record, WebhookTargets, granted.ticket_id)
    await gateway.close(granted, TicketClosed, CloseStatus.REFUSED)
    return found.targets


async def refusal(gateway: GatewayDouble, record: UseWebhooks) -> tuple[str, str | None]:
    granted = await gateway.open(STT, voice_id="")
    refused = await gateway.ask(record, Refused, granted.ticket_id)
    return refused.code, refused.param


async def deliver(gateway: GatewayDouble, status: int) -> None:
    (target,) = await targets(gateway)
    gateway.link.post(NoteDelivery(target.delivery_id, status))


def everything_below(directory: str) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(Path(directory).rglob("*")) if path.is_file())


@pytest.mark.parametrize("switch", [Switch.ABSENT, Switch.LOGGING_OFF])
async def test_a_webhook_is_listed_without_its_secret_and_used_with_it(
    gateway: GatewayDouble, switch: Switch
) -> None:
    created = await made(gateway)
    assert created.secret.startswith("wsec_")
    assert len(created.secret) == len("wsec_") + 64
    (view,) = await shown(gateway)
    assert (view.webhook_id, view.name, view.url, view.is_disabled) == (created.webhook_id, NAME, URL, False)
    (target,) = await targets(gateway, switch=switch)
    assert (target.webhook_id, target.url, target.secret) == (created.webhook_id, URL, created.secret)
    (named,) = await targets(gateway, UseWebhooks(WebhookEvent.SPEECH_TO_TEXT, created.webhook_id), switch)
    assert named.webhook_id == created.webhook_id


@pytest.mark.claim("Z13")
async def test_name_address_and_secret_are_in_no_file_in_clear_and_outlive_a_restart(
    config: VaultConfig, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        created = await made(gateway)
    data = everything_below(config.data_directory)
    assert created.webhook_id.encode() in data
    assert not [word for word in (NAME, URL, created.secret) if word.encode() in data]
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        (target,) = await targets(gateway)
        assert (target.url, target.secret) == (URL, created.secret)


@pytest.mark.claim("Z12")
async def test_no_parser_remembers_an_address(gateway: GatewayDouble) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(urllib.parse, "urlsplit", None)
        assert (await made(gateway)).webhook_id
    assert not hasattr(webhooks, "urlsplit")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.test/", "https://", "ftp://hooks.example.test/", "https://user@hooks.example.test/",
        "https://user:word@hooks.example.test/", "https://hooks.example.test/ a", "https://hooks.exämple.test/",
        "https://hooks.example.test:x/", "https://hooks.example.test:0/", "https://hooks.example.test:70000/",
        "https://[::1/", "https://hooks..test/", "https://a\\@b/", "",
    ],
)  # fmt: skip
async def test_an_address_that_is_not_plain_https_is_refused(gateway: GatewayDouble, url: str) -> None:
    refused = await gateway.question(f"POST {HOOKS}", CreateWebhook(NAME, url), Refused)
    assert (refused.code, refused.param) == (ErrorCode.INVALID_PARAMETERS, "settings.webhook_url")
    assert await shown(gateway) == []


async def test_there_are_only_so_many(gateway: GatewayDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    assert WEBHOOKS_MAX == 50
    monkeypatch.setattr(module, "WEBHOOKS_MAX", 2)
    await made(gateway)
    await made(gateway)
    refused = await gateway.question(f"POST {HOOKS}", CreateWebhook(NAME, URL), Refused)
    assert refused.code == ErrorCode.INVALID_PARAMETERS


async def test_who_has_none_that_is_on_is_told_so(gateway: GatewayDouble) -> None:
    none = (ErrorCode.NO_WEBHOOK_CONFIGURED.value, "webhook")
    assert await refusal(gateway, SPEECH) == none
    created = await made(gateway)
    assert (await shown(gateway))[0].events == list(WebhookEvent)
    for events in ([], [WebhookEvent.FLOWS]):
        await edit(gateway, EditWebhook(created.webhook_id, False, NAME, events=events))
        assert await refusal(gateway, SPEECH) == none
    await edit(gateway, EditWebhook(created.webhook_id, True, NAME, events=[WebhookEvent.SPEECH_TO_TEXT]))
    assert await refusal(gateway, SPEECH) == none
    assert await refusal(gateway, UseWebhooks(WebhookEvent.SPEECH_TO_TEXT, created.webhook_id)) == none
    await edit(gateway, EditWebhook(created.webhook_id, False, "renamed", is_retried=True))
    (target,) = await targets(gateway)
    assert target.is_retried
    (view,) = await shown(gateway)
    assert (view.name, view.url, view.events) == ("renamed", URL, [WebhookEvent.SPEECH_TO_TEXT])


async def test_a_webhook_of_another_workspace_does_not_exist(vault: Vault, gateway: GatewayDouble) -> None:
    """C11: the same answer as for an id that never was; and it is told of nothing."""
    created = await made(gateway)
    _, _, key = await vault.administration.create_workspace("other", "enterprise", is_entitled=True)
    for webhook_id in (created.webhook_id, "never"):
        granted = await gateway.open(STT, key=key, voice_id="")
        record = UseWebhooks(WebhookEvent.SPEECH_TO_TEXT, webhook_id)
        refused = await gateway.ask(record, Refused, granted.ticket_id)
        assert (refused.code, refused.param) == (ErrorCode.WEBHOOK_NOT_FOUND, "webhook_id")
        for endpoint, change in (
            (f"PATCH {HOOKS}/{{hook}}", EditWebhook(webhook_id, True, "x")),
            (f"DELETE {HOOKS}/{{hook}}", DeleteWebhook(webhook_id)),
        ):
            refused = await gateway.question(endpoint, change, Refused, key=key)
            assert refused.code == ErrorCode.WEBHOOK_NOT_FOUND
    assert (await gateway.question(f"GET {HOOKS}", ListWebhooks(), WebhookList, key=key)).webhooks == []
    assert len(await shown(gateway)) == 1


@pytest.mark.claim("Z8")
async def test_webhooks_are_used_under_a_ticket_of_speech_to_text_only(gateway: GatewayDouble) -> None:
    await made(gateway)
    for endpoint in (TTS, f"GET {HOOKS}"):
        granted = await gateway.open(endpoint, voice_id="")
        assert (await gateway.ask(SPEECH, Refused, granted.ticket_id)).code == ErrorCode.UNKNOWN_TICKET
    granted = await gateway.open(STT, Switch.LOGGING_OFF, voice_id="")
    for record in (ListWebhooks(), CreateWebhook(NAME, URL)):
        assert (await gateway.ask(record, Refused, granted.ticket_id)).code == ErrorCode.UNKNOWN_TICKET


async def test_a_delivery_is_noted_once_with_status_and_time(gateway: GatewayDouble, clock: TurnedClock) -> None:
    await made(gateway)
    (target,) = await targets(gateway, switch=Switch.LOGGING_OFF)
    for status in (500, 200):
        gateway.link.post(NoteDelivery(target.delivery_id, status))
    gateway.link.post(NoteDelivery("nobody-began-this", 500))
    (view,) = await shown(gateway)
    now_unix = clock.unix_ms() // 1000
    assert view.recent_deliveries == [DeliveryView(now_unix, 500)]
    assert (view.failure_status, view.failure_unix) == (500, now_unix)


async def test_a_delivery_that_ends_too_late_is_not_noted(gateway: GatewayDouble, clock: TurnedClock) -> None:
    await made(gateway)
    (target,) = await targets(gateway)
    clock.turn(DELIVERY_LIFE_S + 1)
    await targets(gateway)
    gateway.link.post(NoteDelivery(target.delivery_id, 500))
    (view,) = await shown(gateway)
    assert view.recent_deliveries == []


async def test_deliveries_that_never_end_are_forgotten_beyond_a_bound(
    gateway: GatewayDouble, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DELIVERIES_OPEN_MAX", 3)
    await made(gateway)
    for _ in range(5):
        await targets(gateway)
    assert len(vault._webhooks._open) == 3


async def test_a_webhook_that_fails_for_long_is_switched_off_and_can_be_switched_on(gateway: GatewayDouble) -> None:
    created = await made(gateway)
    for number in range(FAILURES_MAX):
        assert not (await shown(gateway))[0].is_auto_disabled, number
        await deliver(gateway, 0)
    (view,) = await shown(gateway)
    assert (view.is_auto_disabled, view.is_disabled) == (True, False)
    assert (await refusal(gateway, SPEECH))[0] == ErrorCode.NO_WEBHOOK_CONFIGURED
    await edit(gateway, EditWebhook(created.webhook_id, False, NAME))
    await deliver(gateway, 500)
    assert not (await shown(gateway))[0].is_auto_disabled


async def test_a_success_of_the_last_week_keeps_a_webhook_on(gateway: GatewayDouble, clock: TurnedClock) -> None:
    await made(gateway)
    await deliver(gateway, 204)
    for _ in range(FAILURES_MAX + 5):
        await deliver(gateway, 410)
    assert not (await shown(gateway))[0].is_auto_disabled
    clock.turn(7 * 86_400 + 1)
    await deliver(gateway, 410)
    assert (await shown(gateway))[0].is_auto_disabled


@pytest.mark.claim("Z12")
@ON_FILES
async def test_a_deleted_webhook_is_in_no_file_but_for_its_id(
    vault: Vault, gateway: GatewayDouble, config: VaultConfig, clock: TurnedClock
) -> None:
    """C50: key first, then row and log; what is noted after it brings nothing back."""
    created = await made(gateway)
    await deliver(gateway, 500)
    (target,) = await targets(gateway)
    await shown(gateway)
    storage = vault._storage

    def pieces(reader: object) -> list[bytes]:
        row = storage.reader.vault.exec_driver_sql("SELECT sealed_head FROM webhooks").scalar_one()
        key = storage.reader._keys.exec_driver_sql("SELECT wrapped FROM item_keys").scalar_one()
        storage.reader.vault.rollback()
        storage.reader._keys.rollback()
        return [bytes(row), bytes(key)]

    needles = await storage.read(pieces)
    assert all(needle in everything_below(config.data_directory) for needle in needles)
    await gateway.question(f"DELETE {HOOKS}/{{hook}}", DeleteWebhook(created.webhook_id), Done)
    gateway.link.post(NoteDelivery(target.delivery_id, 500))
    assert await shown(gateway) == []
    assert not [needle for needle in needles if needle in everything_below(config.data_directory)]

    def count(reader: object) -> int:
        found = storage.reader.vault.exec_driver_sql("SELECT count(*) FROM webhook_deliveries").scalar_one()
        storage.reader.vault.rollback()
        return int(found)

    assert await storage.read(count) == 0
    again = await gateway.question(f"DELETE {HOOKS}/{{hook}}", DeleteWebhook(created.webhook_id), Refused)
    assert again.code == ErrorCode.WEBHOOK_NOT_FOUND
    acts = await gateway.question("GET /v1/workspace/audit-logs", ListAuditEntries(10), AuditEntries)
    assert [entry.activity for entry in acts.entries][:2] == ["webhook.delete", "webhook.create"]
