"""Accounts survive their way through the database."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.retention.decision import Ineligible, RetentionMode
from echoless.vault.stores import schema
from echoless.vault.stores.accounts import ApiKey, ServiceAccount, Workspace
from echoless.vault.stores.rows import key_row, service_account_row, workspace_row
from echoless.vault.stores.storage import open_storage
from echoless.vault.stores.writing import Write
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
WORKSPACE = Workspace(
    "w", "u", "Name", "enterprise", True, 5, 100, is_enforced=True, ineligible=Ineligible.ALLOW, is_restricted=True,
    restriction_reason="flagged", restricted_since_unix=6, notified_at_unix=7, is_hipaa=True,
    conversation_rows="none", policy_version=9, concurrency_max=3,
)  # fmt: skip
ACCOUNT = ServiceAccount("s", "w", "owner", 5)
KEYS = (
    ApiKey("k1", "w", "s", "one", "abcd", b"1" * 32, 5),
    ApiKey("k2", "w", "s", "two", "efgh", b"2" * 32, 6, True, frozenset({"b", "a"}), 10, 99, RetentionMode.ZERO),
    ApiKey("k3", "w", "s", "three", "ijkl", b"3" * 32, 7, scopes=frozenset()),
)


async def test_everything_is_as_before_after_a_restart(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    first = await open_storage(tmp_path, "process", clock, journal)
    wrapped = first.keyring.new_workspace_key("w")
    await first.writer.now(
        (Write.WORKSPACE_KEY, {"workspace_id": "w", "wrapped": wrapped}),
        (Write.WORKSPACE, workspace_row(WORKSPACE)),
        (Write.SERVICE_ACCOUNT, service_account_row(ACCOUNT)),
        *((Write.API_KEY, key_row(key)) for key in KEYS),
        (Write.VOICE_SETTINGS, {"workspace_id": "w", "voice_id": "v", "settings": {"speed": 1.5}}),
        (Write.VOICE_ALIAS, {"voice_id": "x", "catalogue_id": "c"}),
        (Write.FACT, {"name": "first_key_digest", "value": "ab"}),
    )
    first.writer.meter_later("w", 42, clock.unix_ms())
    await first.close()
    again = await open_storage(tmp_path, "process", clock, journal)
    accounts = again.accounts
    assert accounts.workspaces == {"w": WORKSPACE}
    assert accounts.service_accounts == {"s": ACCOUNT}
    assert tuple(accounts.keys_of("w")) == KEYS
    assert accounts.voice_settings == {("w", "v"): {"speed": 1.5}}
    assert accounts.voice_aliases == {"x": "c"}
    assert accounts.meter("w").character_count == 42
    assert again.first_key_digest == "ab"
    await again.close()


async def test_a_workspace_without_its_key_is_refused(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    storage = await open_storage(tmp_path, "process", clock, journal)
    await storage.writer.now((Write.WORKSPACE, workspace_row(WORKSPACE)))
    await storage.writer.run(lambda connections: connections.keys.execute(sa.select(schema.workspace_keys)).all())
    await storage.close()
    with pytest.raises(EcholessError, match="no key"):
        await open_storage(tmp_path, "process", clock, journal)


async def test_no_secret_of_a_key_is_in_any_row(tmp_path: Path) -> None:
    assert "secret" not in key_row(KEYS[0])
    assert not any("sk_" in str(value) for value in key_row(KEYS[0]).values())
