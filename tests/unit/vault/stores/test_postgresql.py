"""PostgreSQL holds ciphertext, logs no parameters, and has one holder."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.crossing.control import StoreAccess, VaultConfig
from echoless.crossing.query_records import DeleteHistoryItem, Done
from echoless.crossing.records import TicketClosed
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.history import HistoryReader
from echoless.vault.stores.writer import Connections
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for
from tests.fakes.store_servers import Cluster

pytestmark = [
    pytest.mark.unit,
    pytest.mark.anyio,
    pytest.mark.parametrize("stores", ["postgresql-s3"], indirect=True),
]
WORDS = "the planted words 8b1f of a patient"
CONTROL = "a planted control 71c2 that must be found"


def holding(cluster: Cluster, needle: str) -> list[str]:
    """Return the files of the cluster that hold some words: tables, indexes, write-ahead log, the server's log."""
    encoded = (needle.encode(), needle.encode("utf-16-le"))
    return [path.name for path in cluster.files() if any(each in path.read_bytes() for each in encoded)]


@pytest.mark.claim("Z27")
async def test_no_file_of_the_cluster_holds_what_was_said(
    config: VaultConfig, cluster: Cluster, clock: TurnedClock
) -> None:
    """T13: every file is searched, write-ahead log and server's log too, with parameters logged wherever it can.

    The control is a row that another client writes: it is found in table and log.
    """
    for setting in ("log_statement = 'all'", "log_min_error_statement = 'debug5'"):
        await cluster.query(f"ALTER SYSTEM SET {setting}")
    await cluster.query("SELECT pg_reload_conf()")
    try:
        async with open_vault(config, clock, MemoryJournal()) as vault, GatewayDouble.connected(vault) as gateway:
            granted = await gateway.open()
            gateway.keep(granted, WORDS, b"audio" * 1000)
            gateway.keep_alignment(granted, WORDS)
            assert (await gateway.close(granted, TicketClosed)).is_kept
            await gateway.question("DELETE /v1/history/{item}", DeleteHistoryItem(granted.history_item_id), Done)
            name = config.stores.database_url.rpartition("/")[2]
            await cluster.query(f"CREATE TABLE control AS SELECT '{CONTROL}' AS words", name)
            await cluster.query("CHECKPOINT")
            assert len(holding(cluster, CONTROL)) >= 2
            assert holding(cluster, WORDS) == []
            assert holding(cluster, "planted words 8b1f") == []
    finally:
        await cluster.query("ALTER SYSTEM RESET ALL")
        await cluster.query("SELECT pg_reload_conf()")


async def test_our_sessions_log_no_parameters(vault: Vault) -> None:
    """T13: also of statements that fail."""

    def asked(connections: Connections) -> list[str]:
        names = ("log_parameter_max_length", "log_parameter_max_length_on_error")
        with connections.vault.begin():
            return [str(connections.vault.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in names]

    assert await vault._storage.writer.run(asked) == ["0", "0"]


async def test_a_server_that_logs_parameters_and_cannot_be_told_not_to_is_refused(
    tmp_path: Path, stores: StoreAccess, cluster: Cluster, clock: TurnedClock
) -> None:
    name = stores.database_url.rpartition("/")[2]
    await cluster.query("DROP ROLE IF EXISTS plain")
    await cluster.query("CREATE ROLE plain LOGIN")
    await cluster.query(f"GRANT ALL ON DATABASE {name} TO plain")
    await cluster.query("GRANT ALL ON SCHEMA public TO plain", name)
    await cluster.query("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain", name)
    await cluster.query("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain", name)
    plain = stores.database_url.replace("echoless@", "plain@")
    config = config_for(tmp_path / "data", stores=_with_database(stores, plain))
    await cluster.query("ALTER ROLE plain SET log_min_duration_statement = 0")
    with pytest.raises(EcholessError, match="log_parameter_max_length"):
        async with open_vault(config, clock, MemoryJournal()):
            raise AssertionError("it opened")
    await cluster.query("ALTER ROLE plain SET log_parameter_max_length = 0")
    async with open_vault(config, clock, MemoryJournal()) as vault, GatewayDouble.connected(vault) as gateway:
        assert await gateway.make("An ordinary user is enough.")


def _with_database(stores: StoreAccess, url: str) -> StoreAccess:
    return msgspec.structs.replace(stores, database_url=url)


async def test_text_that_postgresql_does_not_know_is_stored_all_the_same(vault: Vault) -> None:
    administration = vault.administration
    workspace, _, _ = await administration.create_workspace("a\0b", "pro", is_entitled=False)

    def name_of(reader: HistoryReader) -> str:
        with reader.vault.begin():
            statement = f"SELECT name FROM workspaces WHERE workspace_id = '{workspace.workspace_id}'"
            return str(reader.vault.exec_driver_sql(statement).scalar_one())

    assert await vault._storage.read(name_of) == "a\ufffdb"
