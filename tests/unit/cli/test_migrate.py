"""`echoless migrate`, as a process that is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.query_records import HistoryPage, ListHistory
from echoless.supervisor.data_directory import DirectoryLock
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import GatewayDouble, TurnedClock, config_for
from tests.fakes.store_servers import S3_KEY_ID, S3_SECRET, Cluster, S3Server, wait_for
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit
ITEMS = 12
KILLS_AFTER_S = (0.0, 0.2, 0.1)


@pytest.fixture
def settings(tmp_path: Path, cluster: Cluster, s3_server: S3Server) -> Path:
    (tmp_path / "credentials").write_text(f"{S3_KEY_ID}\n{S3_SECRET}\n")
    path = tmp_path / "new.toml"
    path.write_text(
        f'data = "{tmp_path}/new"\ndatabase_url = "{cluster.new_database()}"\n'
        f'objects_url = "{s3_server.new_bucket()}"\nobjects_credentials_file = "{tmp_path}/credentials"\n'
    )
    return path


def filled(path: Path) -> Path:
    async def fill() -> None:
        config, clock = config_for(path), TurnedClock()
        async with open_vault(config, clock, MemoryJournal()) as vault, GatewayDouble.connected(vault) as gateway:
            for index in range(ITEMS):
                await gateway.make(f"Item {index}.", os.urandom(600_000))
            await gateway.question("GET /v1/history", ListHistory(1), HistoryPage)

    asyncio.run(fill())
    return path


def command(tmp_path: Path, settings: Path) -> subprocess.Popen[str]:
    words = ["migrate", "--from", str(tmp_path / "old"), "--config", str(settings)]
    return subprocess.Popen(
        [sys.executable, "-m", "echoless", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_move_goes_on_after_kill_9_and_says_what_it_moved(tmp_path: Path, settings: Path) -> None:
    filled(tmp_path / "old")
    mark = tmp_path / "new" / "moving"
    for pause_s in KILLS_AFTER_S:
        killed = command(tmp_path, settings)
        wait_for(mark.exists)
        time.sleep(pause_s)
        killed.kill()
        killed.communicate()
        assert mark.exists(), "the control: it was killed before its end"
    moving = command(tmp_path, settings)
    out, errors = moving.communicate(timeout=120)
    assert moving.returncode == 0, errors
    assert f"and {2 * ITEMS} objects are moved" in out
    assert "still holds everything" in errors + out
    assert S3_SECRET not in out + errors


def test_a_running_server_is_refused_and_so_are_wrong_ways(
    tmp_path: Path, settings: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = DirectoryLock.acquire(tmp_path / "old")
    lock.describe({"pid": 1, "url": "http://127.0.0.1:1"})
    refused = run("migrate", "--from", str(tmp_path / "old"), "--config", str(settings))
    assert "stop it first" in str(refused.exception)
    lock.release()
    monkeypatch.setenv("ECHOLESS_DATA", str(tmp_path / "new"))
    same = run("migrate", "--from", str(tmp_path / "new"), "--config", str(settings))
    assert "a new one" in str(same.exception)
    nowhere = run("migrate", "--from", str(tmp_path / "old"), "--data", str(tmp_path / "x"))
    assert "database_url" in str(nowhere.exception)
