"""The log on disk: what a checkpoint signs is there, whenever the process or the disk gives up (C9)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, open_checkpoint
from echoless.receipts.log_check import LogFault, check_log
from echoless.vault.stores import directory, proof_log
from echoless.vault.stores.proof_log import ProofLog, origin_of

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z32")]
ORIGIN = "log.example/echoless"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def opened(folder: Path) -> ProofLog:
    return ProofLog(folder, ORIGIN, KEY)


def entries(first: int, count: int) -> list[bytes]:
    return [b"entry %d" % number for number in range(first, first + count)]


def faults_of(log: ProofLog, seen: Checkpoint | None = None) -> list[LogFault]:
    return [fault for fault, _ in check_log(log.note(), log.fetch, log.verifier, seen=seen).faults]


def test_a_log_is_continued_by_the_next_process(tmp_path: Path) -> None:
    first = opened(tmp_path)
    assert (first.append(entries(0, 300)), first.append(entries(300, 5))) == (0, 300)
    seen = first.state
    second = opened(tmp_path)
    assert second.state == seen
    assert second.append(entries(305, 1000)) == 305
    assert faults_of(second, seen) == []
    assert second.is_beginning(seen)
    assert not second.is_beginning(Checkpoint(ORIGIN, seen.size, bytes(32)))


def test_a_new_log_is_empty_and_sound_and_an_empty_append_changes_nothing(tmp_path: Path) -> None:
    log = opened(tmp_path)
    assert log.append([]) == 0
    assert (log.state.size, list(tmp_path.iterdir())) == (0, [])
    assert faults_of(log) == []


def test_partial_tiles_go_once_the_whole_one_is_there(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for count in (10, 20, 400):
        log.append(entries(log.state.size, count))
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {
        "checkpoint", "tile/0/000", "tile/0/001.p/174", "tile/1/000.p/1", "tile/entries/000",
        "tile/entries/001.p/174",
    }  # fmt: skip


@pytest.mark.parametrize("nth", range(7))
def test_a_disk_that_fails_at_any_write_appends_nothing_and_later_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    log = opened(tmp_path)
    log.append(entries(0, 300))
    seen = log.state
    count = 0

    def failing_fsync(descriptor: int, real: object = os.fsync) -> None:
        nonlocal count
        count += 1
        if count > nth:
            raise OSError(28, "no space")
        assert callable(real)
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(proof_log.os, "fsync", failing_fsync)
        with pytest.raises(OSError, match="no space"):
            log.append(entries(300, 300))
    assert log.state == seen
    # A process that died here, and one that lived on, both go on from what was signed.
    for continued in (opened(tmp_path), log):
        assert continued.state == seen
        assert faults_of(continued) == []
    log.append(entries(300, 400))
    assert faults_of(opened(tmp_path), seen) == []


def test_a_state_that_somebody_may_have_read_is_gone_on_from_though_its_last_step_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the log would sign a second tree of that size: a fork, made by a disk alone."""
    log = opened(tmp_path)
    log.append(entries(0, 300))

    def failing(folder: Path, real: object = directory.sync_folder) -> None:
        if folder == tmp_path:
            raise OSError(5, "input/output error")
        assert callable(real)
        real(folder)

    with monkeypatch.context() as patched:
        patched.setattr(directory, "sync_folder", failing)
        with pytest.raises(OSError, match="input/output"):
            log.append(entries(300, 300))
    read = open_checkpoint((log.fetch("checkpoint") or b"").decode(), log.verifier)
    log.append(entries(1000, 400))
    assert faults_of(log, read) == []


def test_a_write_that_takes_only_a_part_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk that is nearly full, which refuses only what follows."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:1000]))
    log = opened(tmp_path)
    log.append(entries(0, 600))
    assert faults_of(log) == []


def test_state_and_checkpoint_that_are_asked_for_together_fit_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Questions are answered while the writer's thread appends."""
    log = opened(tmp_path)
    log.append(entries(0, 300))
    fetch, seen = log.fetch, list[tuple[Checkpoint, str]]()

    def asking(*_: object) -> None:
        seen.append(log.newest())

    monkeypatch.setattr(log, "_drop_partial_tiles", asking)
    log.append(entries(300, 300))
    assert [state.size for state, _ in seen] == [600]
    assert all(open_checkpoint(note, log.verifier) == state for state, note in [*seen, log.newest()])
    assert fetch("checkpoint") == log.note().encode()


def test_a_checkpoint_of_another_key_or_a_changed_one_is_not_continued(tmp_path: Path) -> None:
    opened(tmp_path).append(entries(0, 3))
    with pytest.raises(EcholessError) as other:
        ProofLog(tmp_path, ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert other.value.code is ErrorCode.DATA_DIRECTORY
    path = tmp_path / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n3\n", b"\n2\n"))
    with pytest.raises(EcholessError):
        opened(tmp_path)


def test_a_lost_tile_stops_appends_instead_of_forking_the_log(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.append(entries(0, 300))
    seen = log.state
    (tmp_path / "tile/0/001.p/44").unlink()
    with pytest.raises(EcholessError) as lost:
        log.append(entries(300, 1))
    assert lost.value.code is ErrorCode.DATA_DIRECTORY
    assert log.state == seen


def test_nobody_but_the_server_reads_its_files(tmp_path: Path) -> None:
    opened(tmp_path).append(entries(0, 3))
    modes = {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()}
    assert modes == {0o600}


def test_two_new_logs_have_two_names_and_a_name_stays(tmp_path: Path) -> None:
    first, second = (Ed25519PrivateKey.generate() for _ in range(2))
    assert origin_of(tmp_path, first) == origin_of(tmp_path, first) != origin_of(tmp_path, second)
    assert origin_of(tmp_path, first, "speech.example/log") == "speech.example/log"
    # One that has a name keeps it, as those from before there were others do.
    ProofLog(tmp_path, "echoless", first).append(entries(0, 1))
    assert origin_of(tmp_path, first) == origin_of(tmp_path, first, "echoless") == "echoless"
    with pytest.raises(EcholessError, match="keeps its name") as other:
        origin_of(tmp_path, first, "speech.example/log")
    assert other.value.code is ErrorCode.CONFIGURATION


@pytest.mark.parametrize("origin", ["https://a.example", "two words", "a+b", "A.example", "x" * 201, "a\nb"])
def test_a_name_that_is_no_address_is_refused(tmp_path: Path, origin: str) -> None:
    with pytest.raises(EcholessError, match="log_origin"):
        origin_of(tmp_path, KEY, origin)


def test_which_build_was_entered_last_is_known_to_the_next_process(tmp_path: Path) -> None:
    log = opened(tmp_path)
    assert log.newest_build() == ""
    log.append(entries(0, 1))
    log.note_build("ab" * 32)
    assert opened(tmp_path).newest_build() == "ab" * 32
