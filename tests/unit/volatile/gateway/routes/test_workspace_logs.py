"""What becomes of a workspace's logs, over the wire."""

from __future__ import annotations

import pytest

from echoless.crossing.log_records import GetLogSettings, LogSettings, SetLogSettings
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = "/v1/workspace/logs"


async def test_the_settings_are_shown_and_changed() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetLogSettings] = LogSettings(False, 30, 90)
        gateway.vault.scripted[SetLogSettings] = LogSettings(True, 30, 90)
        shown = await gateway.ask("GET", PATH)
        changed = await gateway.ask("PATCH", PATH, {"erase_logs_with_item": True})
        assert shown.json == {"erase_logs_with_item": False, "debug_log_days": 30, "moderation_log_days": 90}
        assert changed.json["erase_logs_with_item"] is True
        assert SetLogSettings(True) in gateway.vault.questions


@pytest.mark.parametrize("body", [{}, {"erase_logs_with_item": "canary"}, {"erase_logs_with_item": None}])
async def test_what_is_no_setting_changes_nothing(body: dict[str, object]) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("PATCH", PATH, body)
        assert reply.status == 422
        assert b"canary" not in reply.body
        assert not [each for each in gateway.vault.questions if isinstance(each, SetLogSettings)]
