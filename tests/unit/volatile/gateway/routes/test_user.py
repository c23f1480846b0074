"""Who calls, and what is left."""

from __future__ import annotations

import pytest

from echoless.crossing.query_records import Account, GetAccount
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ACCOUNT = Account("user_1", "ws_1", "enterprise", 12, 1000, 1_800_000_000, 1_700_000_000, "ab12")


async def test_user_has_a_subscription_and_neither_name_nor_address() -> None:
    """C31: there is no e-mail address to show."""
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetAccount] = ACCOUNT
        user = (await gateway.ask("GET", "/v1/user")).json
        assert (user["user_id"], user["workspace_id"], user["xi_api_key"]) == ("user_1", "ws_1", None)
        assert user["subscription"]["character_count"] == 12
        assert user["subscription"]["character_limit"] == 1000
        assert not any("mail" in name for name in user)
        subscription = (await gateway.ask("GET", "/v1/user/subscription")).json
        assert subscription["tier"] == "enterprise"
        assert subscription["next_character_count_reset_unix"] == 1_800_000_000
        assert subscription["open_invoices"] == []
