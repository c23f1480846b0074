"""The log says which key began last, before any key is opened; what it cannot show is not claimed (C9)."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import VerifierKey
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.receipts.tlog_proof import parse_proof
from echoless.vault.stores.key_entries import handover_of, is_begun, name_of, newest_entry
from echoless.vault.stores.key_safe import KeyRole
from echoless.vault.stores.proof_log import ProofLog

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
ORIGIN = "log.example"
OLD, NEW = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))
OLD_PUBLIC, NEW_PUBLIC = (key.public_key().public_bytes_raw() for key in (OLD, NEW))


@pytest.fixture
def log(tmp_path: Path) -> ProofLog:
    made = ProofLog(tmp_path, ORIGIN, OLD)
    made.append([entry(KeyRole.LOG, OLD_PUBLIC, b""), entry(KeyRole.RECEIPTS, OLD_PUBLIC, b"")])
    made.append([b'{"kind":"build","key":"key"}'] * 600)
    return made


def entry(role: KeyRole, public: bytes, ended: bytes) -> bytes:
    names = [name_of(role, each, ORIGIN) if each else "" for each in (public, ended)]
    return fact_entry(EntryKind.KEY, 1_800_000_000, role=role.value, key=names[0], ended=names[1])


def test_the_newest_key_of_each_role_is_found_however_far_back(log: ProofLog) -> None:
    for role in (KeyRole.LOG, KeyRole.RECEIPTS):
        assert is_begun(role, OLD_PUBLIC, log.fetch)
        assert not is_begun(role, NEW_PUBLIC, log.fetch)
    log.append([entry(KeyRole.LOG, NEW_PUBLIC, OLD_PUBLIC)])
    assert is_begun(KeyRole.LOG, NEW_PUBLIC, log.fetch)
    assert not is_begun(KeyRole.LOG, OLD_PUBLIC, log.fetch)
    assert is_begun(KeyRole.RECEIPTS, OLD_PUBLIC, log.fetch)
    found = newest_entry(KeyRole.LOG, log.state.size, log.fetch)
    assert found is not None
    assert (found.index, found.ended) == (602, name_of(KeyRole.LOG, OLD_PUBLIC, ORIGIN))


def test_without_a_log_nothing_has_begun_and_a_damaged_one_is_named(log: ProofLog, tmp_path: Path) -> None:
    assert not is_begun(KeyRole.LOG, OLD_PUBLIC, lambda _path: None)
    for path in ("tile/entries/000", "checkpoint"):
        (tmp_path / path).write_bytes(b"spoiled")
        with pytest.raises(EcholessError, match="damaged") as refused:
            is_begun(KeyRole.LOG, OLD_PUBLIC, log.fetch)
        assert refused.value.code is ErrorCode.DATA_DIRECTORY


def test_a_handover_is_shown_only_where_the_ended_key_signed_the_entry_as_the_last(
    log: ProofLog, tmp_path: Path
) -> None:
    ended = VerifierKey(ORIGIN, OLD_PUBLIC)
    index = log.append_turn(entry(KeyRole.LOG, NEW_PUBLIC, OLD_PUBLIC), NEW)
    text = handover_of(ended, index, log.note(), log.fetch)
    assert text is not None
    assert parse_proof(text).index == index == log.state.size - 1
    assert handover_of(VerifierKey(ORIGIN, bytes(32)), index, log.note(), log.fetch) is None
    log.append([b"later"])
    assert handover_of(ended, index, log.note(), log.fetch) is None
    # The end of a key of receipts is shown by any later state.
    assert handover_of(None, index, log.note(), log.fetch) is not None
    (tmp_path / "tile/entries/002.p/92").unlink()
    assert handover_of(None, index, log.note(), log.fetch) is None
