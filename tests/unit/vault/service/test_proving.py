"""Keys and log of an installation stay the same; a damaged key is no reason to begin anew (C8, C9)."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from echoless.confinement.host import read_host
from echoless.core.build import build_hash
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.receipt_records import GetProofKeys, ProofKeys, RotateProofKey
from echoless.crossing.records import Refused
from echoless.receipts.key_turns import follow_keys
from echoless.receipts.log_check import check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.proof import check_receipt
from echoless.receipts.signing import SigningKey
from echoless.vault.service.opening import open_vault
from echoless.vault.service.vault import Vault
from echoless.vault.stores.proof_log import ProofLog
from tests.fakes.gateway_double import TurnedClock, config_for
from tests.unit.receipts.test_receipt import RECEIPT
from tests.unit.vault.service.test_entering import own_id

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_the_log_goes_on_where_it_was_and_says_which_build_runs(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "data")
    async with open_vault(config, clock, journal) as first:
        seen, key = first.proving.book.log.state, first.proving.book.public_key
        entry = first.proving.book.log.fetch("tile/entries/000.p/3") or b""
        assert build_hash().encode() in entry
    async with open_vault(config, clock, journal) as second:
        log = second.proving.book.log
        assert second.proving.book.public_key == key
        assert log.state.size == 4
        assert check_log(log.note(), log.fetch, log.verifier, seen=seen).is_sound


@pytest.mark.parametrize("name", ["receipts.key", "transparency_log.key"])
async def test_a_damaged_key_stops_the_start_and_names_the_file(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, name: str
) -> None:
    config = config_for(tmp_path / "data")
    async with open_vault(config, clock, journal):
        path = tmp_path / "data" / "keys" / name
        assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"short")
    with pytest.raises(EcholessError, match=name) as refused:
        async with open_vault(config, clock, journal):
            pass
    assert refused.value.code is ErrorCode.DATA_DIRECTORY


async def asked(vault: Vault, record: GetProofKeys | RotateProofKey) -> ProofKeys:
    keys = await vault.operate(record)
    assert isinstance(keys, ProofKeys)
    return keys


@pytest.mark.claim("Z33")
@pytest.mark.parametrize("is_log", [False, True])
async def test_an_operator_turns_a_key_and_what_the_old_one_signed_still_holds(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, is_log: bool
) -> None:
    config = config_for(tmp_path / "data")
    async with open_vault(config, clock, journal) as vault:
        await vault.proving.book.issue([RECEIPT])
        before = await asked(vault, GetProofKeys())
        after = await asked(vault, RotateProofKey(is_log=is_log))
        assert (len(after.receipt_keys), len(after.log_keys)) == ((1, 2) if is_log else (2, 1))
        assert (after.log_key != before.log_key) is is_log
        await vault.proving.book.issue([msgspec.structs.replace(RECEIPT, request_id="later")])
    async with open_vault(config, clock, journal) as again:
        keys = await asked(again, GetProofKeys())
        assert keys == after
        for request_id in (RECEIPT.request_id, "later"):
            kept = await again.proving.book.find(RECEIPT.workspace_id, request_id)
            assert kept is not None
            checked = check_receipt({"receipt": kept.signed}, {"keys": keys.receipt_keys})
            assert checked.receipt.request_id == request_id
        log = again.proving.book.log
        assert check_log(log.note(), log.fetch, log.verifier).is_sound


@pytest.mark.claim("Z33")
async def test_a_receipt_that_had_no_entry_gets_it_before_its_key_ends(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be taken for one that a thief entered after the end."""
    async with open_vault(config_for(tmp_path / "data"), clock, journal) as vault:
        book = vault.proving.book
        with monkeypatch.context() as patched:
            patched.setattr(type(book), "_enter", lambda *_: None)
            await book.issue([RECEIPT])
        keys = await asked(vault, RotateProofKey(is_log=False))
        kept = await book.find(RECEIPT.workspace_id, RECEIPT.request_id)
        assert kept is not None
        assert kept.index is not None
        assert kept.index < int(keys.receipt_keys[1]["ended_by_entry"])


@pytest.mark.claim("Z33")
async def test_a_key_that_could_not_be_turned_signs_on(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, "no")

    async with open_vault(config_for(tmp_path / "data"), clock, journal) as vault:
        before = await asked(vault, GetProofKeys())
        with monkeypatch.context() as patched:
            patched.setattr(ProofLog, "append", refuse)
            assert isinstance(await vault.operate(RotateProofKey(is_log=False)), Refused)
        await vault.proving.book.issue([RECEIPT])
        kept = await vault.proving.book.find(RECEIPT.workspace_id, RECEIPT.request_id)
        assert kept is not None
        assert check_receipt({"receipt": kept.signed}, {"keys": before.receipt_keys}).receipt == RECEIPT
        # What was prepared then is not in the way of the next turn.
        assert len((await asked(vault, RotateProofKey(is_log=False))).receipt_keys) == 2


@pytest.mark.claim("Z33")
async def test_receipts_say_where_the_key_lay_and_what_the_host_does(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    async with open_vault(config_for(tmp_path / "data"), clock, journal) as vault:
        keys, wall = await asked(vault, GetProofKeys()), vault.walls.confinement()
        assert wall.signing_key is not None
        assert (wall.signing_key.memory, wall.signing_key.at_rest) == (keys.memory, keys.at_rest)
        assert keys.at_rest == "file"
        assert wall.is_init_on_free == {1: True, 0: False}.get(read_host().init_on_free)


@pytest.mark.claim("Z33")
async def test_a_lost_log_begins_anew_under_another_key_and_name_and_has_every_receipt(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    """Else one key would have signed two histories, which is what a fork is."""
    config = config_for(tmp_path / "data")
    async with open_vault(config, clock, journal) as vault:
        await asked(vault, RotateProofKey(is_log=False))
        await vault.proving.book.issue([RECEIPT])
        before = await asked(vault, GetProofKeys())
    shutil.rmtree(tmp_path / "data" / "log")
    async with open_vault(config, clock, journal) as again:
        after, log = await asked(again, GetProofKeys()), again.proving.book.log
        assert after.log_key.partition("+")[0] != before.log_key.partition("+")[0]
        assert [key["kid"] for key in after.receipt_keys] == [key["kid"] for key in before.receipt_keys]
        assert len(after.log_keys) == 1
        kept = await again.proving.book.find(RECEIPT.workspace_id, RECEIPT.request_id)
        assert kept is not None
        assert kept.index is not None
        answer = {
            "receipt": kept.signed,
            "salt": base64.b64encode(kept.salt).decode(),
            "inclusion": {
                "index": kept.index,
                "checkpoint": log.note(),
                "proof": [base64.b64encode(part).decode() for part in again.proving.book.place_of(kept.index)[1]],
            },
        }
        keys = {"keys": after.receipt_keys, "log_key": after.log_key, "log_keys": after.log_keys}
        assert check_receipt(answer, keys).receipt == RECEIPT
        assert check_log(log.note(), log.fetch, log.verifier).is_sound
        pages = await again.proving.entering.statements.page(own_id(again), 5, None)
        assert all(statement.index is not None and statement.index < log.state.size for statement in pages)


@pytest.mark.claim("Z33")
async def test_nothing_is_entered_before_the_disk_has_what_a_turn_is_followed_by(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next entry would take the place of the state that both keys signed."""

    def refuse(*_: object) -> None:
        raise OSError(28, "no space")

    config = config_for(tmp_path / "data")
    async with open_vault(config, clock, journal) as vault:
        book, first = vault.proving.book, await asked(vault, GetProofKeys())
        with monkeypatch.context() as patched:
            patched.setattr("echoless.vault.stores.proof_ring.write_whole", refuse)
            assert isinstance(await vault.operate(RotateProofKey(is_log=True)), Refused)
            size = book.log.state.size
            with pytest.raises(EcholessError, match="could not write"):
                await book.issue([RECEIPT])
            assert book.log.state.size == size
        await book.issue([msgspec.structs.replace(RECEIPT, request_id="later")])
        assert book.log.state.size > size
        before = await asked(vault, GetProofKeys())
    async with open_vault(config, clock, journal) as again:
        after = await asked(again, GetProofKeys())
        assert after == before
        followed = follow_keys(members(first), members(after))
        assert ([turn.begun for turn in followed.log_turns], followed.log_break) == ([after.log_key], "")


@pytest.mark.claim("Z33")
async def test_whoever_asks_in_the_middle_of_a_turn_gets_keys_that_fit_together(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_vault(config_for(tmp_path / "data"), clock, journal) as vault:
        seen: list[ProofKeys] = []
        append_turn = ProofLog.append_turn

        def look(log: ProofLog, entry: bytes, key: SigningKey) -> int:
            index = append_turn(log, entry, key)
            seen.append(vault.proving.queries.keys())
            assert LogKeys.parse(members(seen[0])).open(log.note()).size == index + 1
            return index

        monkeypatch.setattr(ProofLog, "append_turn", look)
        after = await asked(vault, RotateProofKey(is_log=True))
        assert (len(seen), seen[0].log_key == after.log_key) == (1, False)


def members(keys: ProofKeys) -> dict[str, Any]:
    """The answer as the gateway gives it."""
    return {"keys": keys.receipt_keys, "log_key": keys.log_key, "log_keys": keys.log_keys}
