"""Stores that go away while they are used, and stores that must not be used."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import StoreAccess
from echoless.crossing.query_records import DeleteHistoryItem, Done, HistoryPage, ListHistory
from echoless.crossing.records import CloseStatus, OpenTicket, Record, Refused, TicketClosed, TicketGranted
from echoless.retention.decision import Switch
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.erasing import half_deleted
from tests.fakes.gateway_double import KEY, TTS, VOICE, GatewayDouble, TurnedClock, closing, config_for
from tests.fakes.store_servers import Cluster, S3Server, Way, in_thread, migrated_template, stores_on_servers

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
HISTORY = "GET /v1/history"


@pytest.fixture
def served(tmp_path: Path, cluster: Cluster, s3_server: S3Server, template: str) -> StoreAccess:
    return stores_on_servers(tmp_path / "data", cluster, s3_server, template)


@asynccontextmanager
async def opened(path: Path, stores: StoreAccess) -> AsyncIterator[tuple[Vault, GatewayDouble]]:
    config = config_for(path, stores=stores)
    async with (
        open_vault(config, TurnedClock(), MemoryJournal()) as vault,
        GatewayDouble.connected(vault) as gateway,
    ):
        yield vault, gateway


def through(stores: StoreAccess, database: Way | None = None, objects: Way | None = None) -> StoreAccess:
    """Return the same stores, reached by ways that can be cut."""
    if database is not None:
        head, _, name = stores.database_url.rpartition("/")
        url = f"{head.rpartition(':')[0]}:{database.port}/{name}"
        stores = msgspec.structs.replace(stores, database_url=url)
    if objects is not None:
        url = f"{stores.objects_url.rpartition(':')[0]}:{objects.port}"
        stores = msgspec.structs.replace(stores, objects_url=url)
    return stores


async def works_again(gateway: GatewayDouble) -> str:
    for _ in range(60):
        granted = await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Record)
        if isinstance(granted, TicketGranted):
            gateway.keep(granted, "It works again.", b"audio")
            if isinstance(await gateway.ask(closing(CloseStatus.DONE), Record, granted.ticket_id), TicketClosed):
                return granted.history_item_id
        await asyncio.sleep(0.1)
    raise AssertionError("the vault did not recover")


async def nothing_is_half_there(vault: Vault, item_ids: set[str]) -> None:
    assert not any(await vault._storage.writer.run(lambda connections: list(half_deleted(connections))))
    assert set(await vault._storage.writer.run(lambda _: list(vault._storage.segments.item_ids()))) == item_ids


@pytest.mark.claim("Z27")
async def test_a_database_that_goes_away_mid_request_refuses_and_leaves_nothing_half_written(
    tmp_path: Path, served: StoreAccess, cluster: Cluster
) -> None:
    way = Way(cluster.port)
    async with opened(tmp_path / "data", through(served, database=way)) as (vault, gateway):
        kept = await gateway.make("Before.")
        granted = await gateway.open()
        gateway.keep(granted, "Lost.", os.urandom(600_000))
        await gateway.question(HISTORY, ListHistory(1), HistoryPage)
        way.cut()
        refused = await gateway.close(granted, Refused)
        assert (refused.code, refused.retry_after_s) == (ErrorCode.STORE_UNAVAILABLE, 1)
        page = await gateway.question(HISTORY, ListHistory(1), Refused)
        assert page.code == ErrorCode.STORE_UNAVAILABLE
        new = await gateway.ask(OpenTicket(TTS, KEY, Switch.ABSENT, VOICE), Refused)
        assert new.code == ErrorCode.ENGINE_UNAVAILABLE
        way.mend()
        again = await works_again(gateway)
        await nothing_is_half_there(vault, {kept, again})
        way.cut()


@pytest.mark.claim("Z27")
async def test_a_commit_that_nobody_answers_is_taken_back_whole(
    tmp_path: Path, served: StoreAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows were committed, the answer was lost: the client was refused, so nothing may stay."""
    async with opened(tmp_path / "data", served) as (vault, gateway):
        writer = vault._storage.writer
        commit: Callable[[object], object] = writer._commit

        def lost(batch: object) -> object:
            commit(batch)
            monkeypatch.setattr(writer, "_commit", commit)
            raise ConnectionResetError

        granted = await gateway.open()
        gateway.keep(granted, "Unknown.", os.urandom(600_000))
        await writer.flush()
        monkeypatch.setattr(writer, "_commit", lost)
        await gateway.close(granted, Refused)
        again = await works_again(gateway)
        await nothing_is_half_there(vault, {again})
        page = await gateway.question(HISTORY, ListHistory(9), HistoryPage)
        assert [item.item_id for item in page.items] == [again]


@pytest.mark.claim("Z27")
async def test_an_object_store_that_goes_away_mid_request_refuses_and_leaves_nothing_half_written(
    tmp_path: Path, served: StoreAccess, s3_server: S3Server
) -> None:
    way = Way(s3_server.port)
    async with opened(tmp_path / "data", through(served, objects=way)) as (vault, gateway):
        kept = await gateway.make("Before.")
        granted = await gateway.open()
        gateway.keep(granted, "Lost.", os.urandom(600_000))
        await vault._storage.writer.run(lambda _: None)
        way.cut()
        refused = await gateway.close(granted, Refused)
        assert (refused.code, refused.retry_after_s) == (ErrorCode.STORE_UNAVAILABLE, 1)
        way.mend()
        again = await gateway.make("It works again.")
        await nothing_is_half_there(vault, {kept, again})
        way.cut()


async def test_a_server_that_dies_and_comes_back_has_all_that_was_acknowledged(
    tmp_path: Path, s3_server: S3Server
) -> None:
    # A cluster of its own: that of the other tests would read all that they wrote again.
    with Cluster() as own:
        served = stores_on_servers(tmp_path / "data", own, s3_server, migrated_template(own))
        async with opened(tmp_path / "data", served) as (vault, gateway):
            made = [await gateway.make(f"Item {index}.") for index in range(5)]
            in_thread(own.kill)
            await gateway.question(HISTORY, ListHistory(1), Refused)
            in_thread(own.start)
            made.append(await works_again(gateway))
            page = await gateway.question(HISTORY, ListHistory(9), HistoryPage)
            assert [item.item_id for item in page.items] == made[::-1]
            await nothing_is_half_there(vault, set(made))


# --- what must not be opened ---


async def refusal(path: Path, stores: StoreAccess) -> EcholessError:
    with pytest.raises(EcholessError) as caught:
        async with opened(path, stores):
            raise AssertionError("it opened")
    return caught.value


async def test_keys_in_the_cluster_of_what_they_open_are_refused(
    tmp_path: Path, cluster: Cluster, s3_server: S3Server
) -> None:
    stores = StoreAccess(database_url=cluster.new_database(), keys_url=cluster.new_database())
    found = await refusal(tmp_path / "data", stores)
    assert found.code is ErrorCode.DATA_DIRECTORY
    assert "same PostgreSQL cluster" in found.public_description


async def test_keys_in_another_cluster_open_what_they_sealed(tmp_path: Path, cluster: Cluster) -> None:
    with Cluster() as other:
        stores = StoreAccess(database_url=cluster.new_database(), keys_url=other.new_database())
        async with opened(tmp_path / "data", stores) as (_, gateway):
            kept, deleted = await gateway.make("Kept."), await gateway.make("Deleted.")
            await gateway.question("DELETE /v1/history/{item}", DeleteHistoryItem(deleted), Done)
        async with opened(tmp_path / "data", stores) as (vault, gateway):
            page = await gateway.question(HISTORY, ListHistory(9), HistoryPage)
            assert [item.item_id for item in page.items] == [kept]
            await nothing_is_half_there(vault, {kept})
        assert not (tmp_path / "data" / "keys.sqlite").exists()
        assert not (tmp_path / "data" / "vault.sqlite").exists()


async def test_stores_of_another_data_directory_are_refused(tmp_path: Path, served: StoreAccess) -> None:
    async with opened(tmp_path / "data", served):
        pass
    database = msgspec.structs.replace(served, objects_url="")
    assert "another data directory" in (await refusal(tmp_path / "second", database)).public_description
    objects = msgspec.structs.replace(served, database_url="")
    assert "another data directory" in (await refusal(tmp_path / "third", objects)).public_description


async def test_a_database_and_a_bucket_with_something_in_them_are_refused(
    tmp_path: Path, cluster: Cluster, s3_server: S3Server, served: StoreAccess
) -> None:
    url = cluster.new_database()
    in_thread(lambda: cluster.do("CREATE TABLE theirs (a int)", url.rpartition("/")[2]))
    assert "not empty" in (await refusal(tmp_path / "one", StoreAccess(database_url=url))).public_description
    bucket = served.objects_url.removeprefix("s3://").partition("/")[0]
    s3_server.client().put_object(Bucket=bucket, Key="kept/theirs", Body=b"theirs")
    objects = msgspec.structs.replace(served, database_url="")
    assert "not ours" in (await refusal(tmp_path / "two", objects)).public_description
    assert s3_server.objects(bucket) == {"kept/theirs": b"theirs"}


async def test_a_directory_opens_only_with_the_stores_that_it_has(tmp_path: Path, served: StoreAccess) -> None:
    async with opened(tmp_path / "data", served):
        pass
    assert "database in PostgreSQL" in (await refusal(tmp_path / "data", StoreAccess())).public_description
    async with opened(tmp_path / "plain", StoreAccess()):
        pass
    assert "echoless migrate" in (await refusal(tmp_path / "plain", served)).public_description


async def test_a_database_that_is_not_there_is_said_so_without_its_address(
    tmp_path: Path, served: StoreAccess, cluster: Cluster
) -> None:
    way = Way(cluster.port)
    stores = through(served, database=way)
    way.cut()
    found = await refusal(tmp_path / "data", stores)
    assert found.code is ErrorCode.STORE_UNAVAILABLE
    assert "127.0.0.1" not in found.public_description


async def test_a_closed_request_is_kept_on_servers(tmp_path: Path, served: StoreAccess) -> None:
    async with opened(tmp_path / "data", served) as (_, gateway):
        granted = await gateway.open()
        gateway.keep(granted, "Kept.", b"audio")
        assert (await gateway.close(granted, TicketClosed)).is_kept
