"""A vault whose backups go into folders of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from echoless.core.ids import TicketId
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import BackupRules, StoreAccess, VaultConfig
from echoless.crossing.query_records import GetHistoryItem, HistoryItemView
from echoless.crossing.records import Refused
from echoless.vault.backups.age_keys import Identity, new_identity, recipient_of
from echoless.vault.backups.catalogue import BackupPlaces
from echoless.vault.backups.restoring import Restored, Restorer
from echoless.vault.backups.schedule import Backups
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.directory import DataDirectory
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for

ITEM, AUDIO = "GET /v1/history/{item}", "GET /v1/history/{item}/audio"


@dataclass(slots=True)
class Opened:
    """An open vault with a gateway."""

    vault: Vault
    gateway: GatewayDouble

    @property
    def backups(self) -> Backups:
        assert self.vault.backups is not None
        return self.vault.backups

    async def text_of(self, item_id: str) -> str | None:
        """Return the text of an item of the first workspace, or None where there is no such item."""
        granted = await self.gateway.open(ITEM, voice_id="")
        answer = await self.gateway.link.call(GetHistoryItem(item_id), TicketId(granted.ticket_id))
        assert isinstance(answer, (HistoryItemView, Refused))
        return answer.text if isinstance(answer, HistoryItemView) else None

    async def audio_of(self, item_id: str) -> bytes:
        granted = await self.gateway.open(AUDIO, voice_id="")
        return await self.gateway.audio(granted, item_id)


@dataclass(slots=True)
class Site:
    """Folders and settings of one installation."""

    root: Path
    identity: Identity
    clock: TurnedClock
    journal: MemoryJournal
    days: int = 30
    is_shredded_at_once: bool = False
    interval_s: int = 0
    has_recipient: bool = True
    stores: StoreAccess = field(default_factory=StoreAccess)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def places(self) -> BackupPlaces:
        return BackupPlaces(self.root / "archives", self.root / "keys")

    @property
    def config(self) -> VaultConfig:
        rules = BackupRules(
            str(self.places.archives), str(self.places.keys),
            str(recipient_of(self.identity)) if self.has_recipient else "", self.interval_s, self.days,
            self.is_shredded_at_once,
        )  # fmt: skip
        return config_for(self.data, backups=rules, stores=self.stores)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Opened]:
        async with (
            open_vault(self.config, self.clock, self.journal) as vault,
            GatewayDouble.connected(vault) as end,
        ):
            yield Opened(vault, end)

    async def restore(
        self, set_id: str | None = None, *, into: Path | None = None, is_replacing: bool = True
    ) -> Restored:
        restorer = Restorer(
            DataDirectory(into or self.data), self.places, [self.identity], self.clock, self.journal,
            is_replacing=is_replacing,
        )  # fmt: skip
        return await restorer.restore(set_id, lambda _step, _fraction: None)

    def tree(self) -> dict[str, bytes]:
        """Return every file of the data directory, to see that nothing was touched."""
        return {
            str(path.relative_to(self.data)): path.read_bytes()
            for path in sorted(self.data.rglob("*"))
            if path.is_file() and not path.name.endswith((".lock", "-shm", "-wal"))
        }


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, new_identity(), TurnedClock(), MemoryJournal())
