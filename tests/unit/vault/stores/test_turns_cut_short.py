"""A turn that is cut short anywhere: what the log says of keys and what signs agree, and all can follow (C8, C9).

Cut short by the death of the process, or by a disk that refuses: before each file that is opened, renamed, linked
or removed, in a process of its own.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from echoless.receipts.key_turns import follow_keys
from echoless.receipts.log_check import check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.proof import check_receipt
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_safe import FILES, KeyRole
from tests.unit.vault.stores.test_proof_keys import NOW, ORIGIN, Proof

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
_TOUCHES = frozenset({"open", "os.rename", "os.link", "os.remove"})
_DONE, _CUT = 0, 17
_STEPS_MAX = 200


@pytest.fixture
def seeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[DataDirectory, dict[str, Any], dict[str, Any]]:
    """A directory before the turn, a receipt, and the keys that somebody saved then."""
    # A process that dies takes nothing with it that the kernel has; waiting for the disk would prove nothing.
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    directory = DataDirectory(tmp_path / "before")
    directory.make()
    proof = Proof(directory)
    return directory, proof.issue(NOW), proof.answer_keys()


def in_child(directory: DataDirectory, at: int, act: Callable[[Callable[[], None]], None], fail: Any) -> int:
    """Act in a process of its own; `fail` is called before the step with this number, counted from `begin`."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status, count, place = 1, itertools.count(), str(directory.root)
    is_begun: list[bool] = []

    def step(event: str, arguments: tuple[Any, ...]) -> None:
        if is_begun and event in _TOUCHES and str(arguments[0]).startswith(place) and next(count) == at:
            fail()

    try:
        sys.addaudithook(step)
        act(lambda: is_begun.append(True))
        status = _DONE if next(count) <= at else _CUT
    finally:
        os._exit(status)


def copies(tmp_path: Path, directory: DataDirectory) -> list[DataDirectory]:
    """Return as many copies as there can be steps, each made when it is asked for."""
    return [DataDirectory(tmp_path / f"cut-{number}") for number in range(_STEPS_MAX)]


def demand_agreement(copy: DataDirectory, role: KeyRole, old: dict[str, Any], saved: dict[str, Any]) -> bool:
    """Start again and compare; return whether the turn happened."""
    proof = Proof(copy, NOW + 120)
    entered = [entry for entry in proof.entries() if (entry["kind"], entry.get("role")) == ("key", role.value)]
    answer = proof.answer_keys()
    signing = answer["log_key"] if role is KeyRole.LOG else answer["keys"][0]["kid"]
    # One entry for each key, and the last one names the key that signs.
    assert entered[-1]["key"] == signing
    assert len({entry["key"] for entry in entered}) == len(entered) <= 2
    listed = answer["log_keys"] if role is KeyRole.LOG else answer["keys"]
    assert [each.get("key" if role is KeyRole.LOG else "kid") for each in listed] == [
        entry["key"] for entry in reversed(entered)
    ]
    new = proof.issue(NOW + 180)
    followed = follow_keys(saved, answer)
    assert (followed.log_break, followed.receipt_break) == ("", "")
    for keys in (answer, followed.keys):
        assert check_receipt(old, keys).receipt.request_id == check_receipt(new, keys).receipt.request_id
        assert check_log(proof.proof_log.note(), proof.proof_log.fetch, LogKeys.parse(keys)).is_sound
    assert sorted(path.name for path in copy.keys.iterdir() if path.name in _LEFT[role]) == []
    return len(entered) > 1


_LEFT = {role: {f"{FILES[role]}.next", f"{FILES[role]}.old"} for role in KeyRole}


@pytest.mark.parametrize("role", [KeyRole.RECEIPTS, KeyRole.LOG])
def test_a_process_that_dies_at_any_step_of_a_turn_leaves_no_untrue_entry(
    tmp_path: Path, seeds: tuple[DataDirectory, dict[str, Any], dict[str, Any]], role: KeyRole
) -> None:
    directory, old, saved = seeds
    seen = set()
    for at, copy in enumerate(copies(tmp_path, directory)):
        shutil.copytree(directory.root, copy.root)

        def act(begin: Callable[[], None], copy: DataDirectory = copy) -> None:
            proof = Proof(copy, NOW)
            begin()
            proof.turn(role, NOW + 60)

        status = in_child(copy, at, act, lambda: os._exit(_CUT))
        assert status in {_DONE, _CUT}
        seen.add(demand_agreement(copy, role, old, saved))
        if status == _DONE:
            break
    assert status == _DONE
    # Some died before the log said it, some after.
    assert (seen, at > 10) == ({False, True}, True)


@pytest.mark.parametrize("is_lasting", [False, True])
@pytest.mark.parametrize("role", [KeyRole.RECEIPTS, KeyRole.LOG])
def test_a_disk_that_refuses_at_any_step_of_a_turn_leaves_no_untrue_entry(
    tmp_path: Path, seeds: tuple[DataDirectory, dict[str, Any], dict[str, Any]], role: KeyRole, is_lasting: bool
) -> None:
    """For a moment, or until the process ends; receipts that come after it are entered or refused."""
    directory, old, saved = seeds
    for at, copy in enumerate(copies(tmp_path, directory)):
        shutil.copytree(directory.root, copy.root)
        refusing: list[bool] = []

        def refuse(refusing: list[bool] = refusing) -> None:
            refusing.append(True)
            raise OSError(28, "no space")

        def act(begin: Callable[[], None], copy: DataDirectory = copy, refusing: list[bool] = refusing) -> None:
            proof = Proof(copy, NOW)
            if is_lasting:
                sys.addaudithook(lambda event, arguments: _refuse_write(event, arguments, copy, refusing))
            begin()
            for turn in (lambda: proof.turn(role, NOW + 60), lambda: proof.issue(NOW + 90)):
                try:
                    turn()
                except OSError:
                    assert refusing
            if not is_lasting and refusing:
                proof.issue(NOW + 90)

        status = in_child(copy, at, act, refuse)
        assert status in {_DONE, _CUT}
        demand_agreement(copy, role, old, saved)
        if status == _DONE:
            break
    assert (status, at > 10) == (_DONE, True)


def _refuse_write(event: str, arguments: tuple[Any, ...], copy: DataDirectory, refusing: list[bool]) -> None:
    is_ours = event in _TOUCHES and str(arguments[0]).startswith(str(copy.root))
    if refusing and is_ours and (event != "open" or arguments[2] & os.O_WRONLY):
        raise OSError(28, "no space")


def test_a_second_name_of_the_key_in_use_is_not_overwritten(tmp_path: Path) -> None:
    """A crash between the second name and the new file: it was zeroed once, and zeros are a key that all know."""
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    first = Proof(directory)
    for role in (KeyRole.RECEIPTS, KeyRole.LOG):
        path = directory.keys / FILES[role]
        path.with_name(path.name + ".old").hardlink_to(path)
    again = Proof(directory)
    assert again.answer_keys() == first.answer_keys()
    assert ORIGIN in again.answer_keys()["log_key"]
    assert not [path for path in directory.keys.iterdir() if path.suffix == ".old"]
