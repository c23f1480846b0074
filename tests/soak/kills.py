"""Kills of the vault alone, at random moments: what it acknowledged must be there, what it deleted must not.

Items of several sizes are made, some are deleted again, and now and then a whole account is; meanwhile the process
is killed. The next one must have every acknowledged item with its audio, none whose deletion was acknowledged,
nothing of an account whose deletion was begun once its job has ended, and no row or object of nobody.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from echoless.core.errors import EcholessError
from echoless.crossing.account_records import Census, DeleteWorkspace, DeletionView, FindDeletion, TakeCensus
from echoless.crossing.control import AddLink, Peer, ProcessReady, StoreAccess
from echoless.crossing.link import Link
from echoless.crossing.operator_records import OPERATOR_RECORDS, CreateWorkspace, WorkspaceCreated
from echoless.crossing.query_records import DeleteHistoryItem, Done, GetHistoryItem, HistoryItemView
from echoless.crossing.records import Record, RecordRegistry, Refused
from tests.fakes.gateway_double import GatewayDouble, config_for
from tests.fakes.vault_process import VaultProcess

ITEM = "GET /v1/history/{item}"
SIZES = (10, 70_000, 900_000)
ACCOUNT_EVERY = 5
ALIVE_S_MAX = 0.6
DONE_S = 60.0


@dataclass(slots=True)
class Findings:
    """What a row of kills found. Problems name ids and counts, never texts."""

    kill_count: int = 0
    acknowledged_count: int = 0
    deleted_count: int = 0
    account_count: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Kills:
    """One data directory, one vault at a time."""

    directory: Path
    stores: StoreAccess
    random: random.Random
    findings: Findings = field(default_factory=Findings)
    kept: dict[str, int] = field(default_factory=dict)
    deleting: set[str] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)
    doomed: dict[str, str] = field(default_factory=dict)

    async def run(self, count: int, progress: Callable[[Findings], None]) -> Findings:
        """Kill so often, check after each, and everything at the end."""
        for number in range(count):
            vault, gateway, operator = await self._start()
            await self._check(gateway, operator, list(self.kept)[-20:])
            makers = [asyncio.create_task(self._make(gateway, size)) for size in SIZES]
            makers.append(asyncio.create_task(self._delete(gateway)))
            if number % ACCOUNT_EVERY == 0:
                makers.append(asyncio.create_task(self._delete_account(gateway, operator)))
            await asyncio.sleep(self.random.uniform(0.02, ALIVE_S_MAX))
            vault.kill()
            await asyncio.gather(*makers)
            gateway.link.close()
            operator.close()
            self.findings.kill_count += 1
            progress(self.findings)
        vault, gateway, operator = await self._start()
        await self._check(gateway, operator, list(self.kept))
        gateway.link.close()
        operator.close()
        if vault.stop():
            self.findings.problems.append("the vault did not stop in order")
        return self.findings

    async def _start(self) -> tuple[VaultProcess, GatewayDouble, Link]:
        vault, ready = VaultProcess.start(config_for(self.directory / "data", stores=self.stores))
        assert isinstance(ready, ProcessReady), ready
        door = self.directory / "door"
        door.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(door))
            listener.listen()
            vault.send(AddLink(Peer.OPERATOR_LISTENER, "operator"), listener.fileno())
            caller = socket.socket(socket.AF_UNIX)
            caller.connect(str(door))
        return vault, await vault.gateway(), await Link.open(caller, RecordRegistry(OPERATOR_RECORDS))

    # --- until the kill ---

    async def _make(self, gateway: GatewayDouble, size: int) -> None:
        with suppress(EcholessError):
            while True:
                item_id = await gateway.make(f"{size} bytes.", b"a" * size)
                self.kept[item_id] = size
                self.findings.acknowledged_count += 1

    async def _delete(self, gateway: GatewayDouble) -> None:
        with suppress(EcholessError):
            while True:
                await asyncio.sleep(0.01)
                if not self.kept:
                    continue
                item_id = self.random.choice(list(self.kept))
                # From here on it may be gone, but need not be.
                del self.kept[item_id]
                self.deleting.add(item_id)
                await gateway.question(f"DELETE {ITEM[4:]}", DeleteHistoryItem(item_id), Done)
                self.deleted.append(item_id)
                self.findings.deleted_count += 1

    async def _delete_account(self, gateway: GatewayDouble, operator: Link) -> None:
        with suppress(EcholessError):
            made = await operator.call(CreateWorkspace("doomed", "enterprise", True))
            assert isinstance(made, WorkspaceCreated)
            for _ in range(5):
                await gateway.make("Doomed.", b"a" * 1000, key=made.secret)
            begun = await operator.call(DeleteWorkspace(made.workspace_id))
            assert isinstance(begun, DeletionView)
            self.doomed[made.workspace_id] = begun.deletion_id
            self.findings.account_count += 1

    # --- after it ---

    async def _check(self, gateway: GatewayDouble, operator: Link, item_ids: list[str]) -> None:
        problems = self.findings.problems
        for item_id in item_ids:
            found = await gateway.question(ITEM, GetHistoryItem(item_id), Record)
            if not isinstance(found, HistoryItemView) or found.audio_bytes != self.kept[item_id]:
                problems.append(f"acknowledged item {item_id} is not there as it was")
        for item_id in self.deleted[-20:]:
            if not isinstance(await gateway.question(ITEM, GetHistoryItem(item_id), Record), Refused):
                problems.append(f"deleted item {item_id} is there")
        # Each is looked at until it was found gone once; a deleted one has no way back.
        for workspace_id, deletion_id in tuple(self.doomed.items()):
            if not await self._is_done(operator, deletion_id):
                problems.append(f"the deletion of account {workspace_id} does not end")
            census = await operator.call(TakeCensus(workspace_id))
            if not isinstance(census, Census) or sum(census.rows.values()) or census.orphan_count:
                problems.append(f"something is left of account {workspace_id}")
            del self.doomed[workspace_id]

    async def _is_done(self, operator: Link, deletion_id: str) -> bool:
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + DONE_S
        while loop.time() < deadline_s:
            found = await operator.call(FindDeletion(deletion_id))
            if isinstance(found, DeletionView) and found.state == "done":
                return True
            await asyncio.sleep(0.05)
        return False
