"""`echoless backup`: the commands on a data directory, with no server, and beside one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.backup_records import AskBackup, BackupState, RunBackup
from echoless.crossing.records import Record
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import GatewayDouble, config_for
from tests.fakes.operator_door import Answers, running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def fill(data: Path) -> None:
    async def make() -> None:
        async with (
            open_vault(config_for(data), SystemClock(), MemoryJournal()) as vault,
            GatewayDouble.connected(vault) as gateway,
        ):
            await gateway.make("Keep me.", b"audio" * 1000)

    asyncio.run(make())


@pytest.fixture
def site(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with an item, and an identity; returns where the identity is."""
    data, identity = tmp_path / "data", tmp_path / "identity"
    monkeypatch.setenv("ECHOLESS_DATA", str(data))
    made = run("backup", "keygen", "--out", str(identity))
    assert made.exit_code == 0, made.output
    monkeypatch.setenv("ECHOLESS_BACKUP_RECIPIENTS", made.stdout.strip())
    fill(data)
    return identity


def test_a_key_is_made_for_its_owner_only_and_never_over_another(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "identity"
    result = run("backup", "keygen", "--out", str(path))
    assert result.stdout.startswith("age1")
    assert "AGE-SECRET-KEY" not in result.output
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    again = run("backup", "keygen", "--out", str(path))
    assert isinstance(again.exception, EcholessError)
    assert path.read_bytes() == before


def test_without_a_recipient_no_backup_is_taken_and_the_answer_says_what_to_do(run: Run) -> None:
    result = run("backup", "run")
    assert isinstance(result.exception, EcholessError)
    assert "keygen" in result.exception.public_description


def test_a_backup_is_taken_listed_verified_and_restored(run: Run, site: Path) -> None:
    taken = run("backup", "run")
    assert taken.exit_code == 0, taken.exception
    set_id = taken.stdout.strip()
    assert run("backup", "list").stdout.split("\t")[0] == set_id
    for words in ([], ["--identity", str(site)], [set_id, "--identity", str(site)]):
        verified = run("backup", "verify", *words)
        assert verified.exit_code == 0, verified.exception
        assert set_id in verified.stdout
    refused = run("backup", "restore", "--identity", str(site))
    assert isinstance(refused.exception, EcholessError)
    assert "--replace" in refused.exception.public_description
    restored = run("backup", "restore", set_id, "--identity", str(site), "--replace")
    assert restored.exit_code == 0, restored.exception
    assert set_id in restored.stdout


def test_a_backup_that_was_changed_is_told_with_and_without_the_identity(run: Run, site: Path) -> None:
    assert run("backup", "run").exit_code == 0
    (archive,) = (site.parent / "data-backups").glob("*.vault.age")
    data = bytearray(archive.read_bytes())
    data[-100] ^= 1
    archive.write_bytes(data)
    for words in ([], ["--identity", str(site)]):
        result = run("backup", "verify", *words)
        assert isinstance(result.exception, EcholessError)
        assert result.exception.code is ErrorCode.BACKUP


@pytest.mark.parametrize("words", [["verify", "x" * 20], ["verify"]])
def test_what_is_not_there_cannot_be_verified(run: Run, words: list[str]) -> None:
    result = run("backup", *words)
    assert isinstance(result.exception, EcholessError)
    assert "there is no backup" in result.exception.public_description


def state(**changes: object) -> BackupState:
    usual: dict[str, object] = {
        "is_on": True, "is_busy": False, "run_count": 0, "step": "", "permille": 0, "count": 0, "last_unix": 0,
        "oldest_unix": 0, "last_bytes": 0, "failure_unix": 0, "failure": "", "pending_shred_s": 0,
    }  # fmt: skip
    return BackupState(**(usual | changes))


def test_a_running_server_takes_the_backup_and_its_failure_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("backup", "keygen", "--out", str(tmp_path / "identity"))
    monkeypatch.setenv("ECHOLESS_BACKUP_RECIPIENTS", made.stdout.strip())
    states: list[Record] = [
        state(),
        state(is_busy=True, step="archive", permille=500),
        state(run_count=1, failure="no room"),
    ]
    answers: Answers = {RunBackup: state(is_busy=True), AskBackup: states}
    with running_server(tmp_path, answers) as door:
        result = run("backup", "run")
    assert isinstance(result.exception, EcholessError)
    assert result.exception.public_description == "no room"
    assert [type(record) for record in door.asked] == [AskBackup, RunBackup, AskBackup, AskBackup]
