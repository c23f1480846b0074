"""Moving a data directory to PostgreSQL and S3."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import StoreAccess
from echoless.crossing.query_records import DeleteHistoryItem, Done, HistoryPage, ListHistory
from echoless.vault.service.opening import open_vault, places_of
from echoless.vault.stores import moving
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.moving import Mover
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for
from tests.fakes.store_servers import Cluster, S3Server, in_thread, stores_on_servers

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ITEMS = 5


class Killed(Exception):
    """Stands for kill -9 at this moment."""


@pytest.fixture
def access(tmp_path: Path, cluster: Cluster, s3_server: S3Server, template: str) -> StoreAccess:
    return stores_on_servers(tmp_path / "new", cluster, s3_server, template)


@pytest.fixture
async def source(tmp_path: Path, clock: TurnedClock, journal: MemoryJournal) -> Path:
    """A directory with items, one of them deleted after all others were made."""
    path = tmp_path / "old"
    async with open_vault(config_for(path), clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        made = [await gateway.make(f"Item {index}.", os.urandom(600_000)) for index in range(ITEMS + 1)]
        await gateway.question("DELETE /v1/history/{item}", DeleteHistoryItem(made[-1]), Done)
    return path


def digests(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def mover(source: Path, target: Path, access: StoreAccess) -> Mover:
    return Mover(DataDirectory(source), DataDirectory(target), places_of(access), lambda _name, _fraction: None)


async def test_everything_is_there_after_a_move_and_the_source_is_as_it_was(
    source: Path, tmp_path: Path, access: StoreAccess, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config_for(source), clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        old = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
    before = digests(source)
    moved = await mover(source, tmp_path / "new", access).run()
    assert digests(source) == before
    assert moved.object_count == 2 * ITEMS
    config = config_for(tmp_path / "new", stores=access)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        new = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
        assert new.items == old.items
        assert len(new.items) == ITEMS
        # The counter goes on after the item that was deleted, so that no place in the order is given twice.
        made = await gateway.make("One more.")
        workspace_id = next(iter(vault.administration.accounts.workspaces))
        place = await vault._storage.read(lambda reader: reader.sequence_of(workspace_id, made))
        assert place == ITEMS + 2


@pytest.mark.parametrize("after", [0, 2, 9, 16, 19, 22, 40])
async def test_a_move_that_is_killed_goes_on_where_it_was(
    source: Path, tmp_path: Path, access: StoreAccess, monkeypatch: pytest.MonkeyPatch, after: int,
    clock: TurnedClock, journal: MemoryJournal,
) -> None:  # fmt: skip
    monkeypatch.setattr(moving, "ROWS_A_STEP", 2)
    monkeypatch.setattr(moving, "OBJECTS_A_STEP", 2)
    steps = 0

    def count(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps > after:
            raise Killed

    first = Mover(DataDirectory(source), DataDirectory(tmp_path / "new"), places_of(access), count)
    with pytest.raises(Killed):
        await first.run()
    config = config_for(tmp_path / "new", stores=access)
    with pytest.raises(EcholessError, match="not finished"):
        async with open_vault(config, clock, journal):
            raise AssertionError("a half moved vault opened")
    moved = await mover(source, tmp_path / "new", access).run()
    assert moved.object_count == 2 * ITEMS
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        page = await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)
        assert len(page.items) == ITEMS


@pytest.mark.parametrize("what", ["row", "object"])
async def test_a_copy_that_is_not_the_same_is_refused(
    source: Path, tmp_path: Path, access: StoreAccess, s3_server: S3Server, cluster: Cluster, what: str
) -> None:
    """The check is real: one byte, changed between move and comparison, is found."""

    def spoil(name: str, fraction: float) -> None:
        if name != "objects" or fraction < 1:
            return
        if what == "row":
            database = access.database_url.rpartition("/")[2]
            in_thread(lambda: cluster.do("UPDATE workspaces SET name = name || 'x'", database))
        else:
            bucket = access.objects_url.removeprefix("s3://").partition("/")[0]
            path = next(path for path in s3_server.objects(bucket) if path.endswith("000000"))
            s3_server.client().put_object(Bucket=bucket, Key=path, Body=b"something else")

    spoiled = Mover(DataDirectory(source), DataDirectory(tmp_path / "new"), places_of(access), spoil)
    with pytest.raises(EcholessError, match="not the same"):
        await spoiled.run()
    assert (tmp_path / "new" / "moving").exists()


async def test_what_cannot_be_moved_is_refused(
    source: Path, tmp_path: Path, access: StoreAccess, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config_for(source), clock, journal):
        with pytest.raises(EcholessError, match="another server"):
            await mover(source, tmp_path / "new", access).run()
    async with open_vault(config_for(tmp_path / "other"), clock, journal):
        pass
    with pytest.raises(EcholessError, match="not empty"):
        await mover(source, tmp_path / "other", access).run()
    with pytest.raises(EcholessError, match="version 0"):
        await mover(tmp_path / "nothing", tmp_path / "new", access).run()


async def test_a_move_begun_from_another_directory_is_not_gone_on_with(
    source: Path, tmp_path: Path, access: StoreAccess
) -> None:
    (tmp_path / "new" / "moving").write_text("0" * 64)
    with pytest.raises(EcholessError, match="another data directory"):
        await mover(source, tmp_path / "new", access).run()
