"""A witness signs what goes on from what it saw, and nothing else (C9)."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, sign_checkpoint
from echoless.receipts.log_check import LogFault
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import empty_root
from echoless.receipts.witnessing import WitnessKey, judge
from tests.unit.receipts.test_checkpoint import OTHER
from tests.unit.receipts.test_log_check import KEY, ORIGIN, VERIFIER, Log

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z34")]
KEYS = LogKeys(VERIFIER)
WITNESS = WitnessKey("witness.example/w1", bytes(range(32)))


def note_of(log: Log) -> str:
    return sign_checkpoint(Checkpoint(ORIGIN, log.size, log.root), KEY)


def test_the_first_state_is_believed_and_each_that_goes_on_from_it() -> None:
    log = Log()
    seen = log.grow(300)
    assert judge(note_of(log), KEYS, None, log.files.get).fault is None
    now = log.grow(400)
    for older in (seen, now, Checkpoint(ORIGIN, 0, empty_root())):
        judged = judge(note_of(log), KEYS, older, log.files.get)
        assert (judged.checkpoint, judged.fault) == (now, None)


def test_a_fork_a_rollback_and_a_stranger_are_refused_by_name() -> None:
    log, fork = Log(), Log()
    seen = log.grow(300)
    fork.grow(300, "forged")
    assert judge(note_of(fork), KEYS, seen, fork.files.get).fault is LogFault.FORK
    fork.grow(100)
    assert judge(note_of(fork), KEYS, seen, fork.files.get).fault is LogFault.FORK
    shorter = Log()
    shorter.grow(200)
    assert judge(note_of(shorter), KEYS, seen, shorter.files.get).fault is LogFault.ROLLBACK
    foreign = sign_checkpoint(Checkpoint("other.example", 400, seen.root), KEY)
    forged = sign_checkpoint(Checkpoint(ORIGIN, 400, seen.root), OTHER)
    for note in (foreign, forged, ""):
        judged = judge(note, KEYS, seen, log.files.get)
        assert (judged.checkpoint, judged.fault) == (None, LogFault.CHECKPOINT)


def test_a_log_that_hides_its_tiles_is_not_signed() -> None:
    log = Log()
    seen = log.grow(300)
    log.grow(300)
    judged = judge(note_of(log), KEYS, seen, lambda _path: None)
    assert judged.fault is LogFault.MISSING_FILE


def test_what_a_witness_signed_others_can_check() -> None:
    log = Log()
    state = log.grow(5)
    note = WITNESS.sign(note_of(log), KEYS, 1_700_000_000)
    assert KEYS.open(note, [WITNESS.verifier]) == state
    assert note.count("— witness.example/w1 ") == 1


def test_a_key_comes_back_from_its_text_and_shows_itself_nowhere_else() -> None:
    again = WitnessKey.parse(WITNESS.secret_text() + "\n")
    assert again.verifier == WITNESS.verifier
    assert repr(WITNESS) == "<WitnessKey>"


def test_the_private_key_that_the_go_library_publishes_is_read() -> None:
    """The signer of golang.org/x/mod/sumdb/note's example; its public key is in test_checkpoint."""
    key = WitnessKey.parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    assert key.name == "PeterNeumann"
    public = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert key.verifier.key == public.key
    assert "c74f20a3" in key.secret_text()


@pytest.mark.parametrize(
    "text",
    ["", "PRIVATE+KEY+a+00000000+AAAA", WITNESS.secret_text()[:-4], WITNESS.secret_text().replace("w1", "w2")],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(EcholessError):
        WitnessKey.parse(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "line\n"])
def test_a_name_fits_into_a_line(name: str) -> None:
    with pytest.raises(EcholessError):
        WitnessKey(name, bytes(32))


def test_a_note_of_a_dishonest_log_cannot_make_a_witness_unable_to_sign() -> None:
    """A witness reads back what it signed: no line that bears its name falsely stays."""
    log = Log()
    log.grow(5)
    of_another = WITNESS.sign(note_of(log), KEYS, 1).splitlines()[-1]
    state = log.grow(5)
    false = f"{note_of(log)}{of_another}\n"
    with pytest.raises(EcholessError, match="not signed"):
        KEYS.open(false, [WITNESS.verifier])
    assert KEYS.open(WITNESS.sign(false, KEYS, 2), [WITNESS.verifier]) == state
    long = note_of(log) + "— other.example " + "A" * 65_000 + "\n"
    long += "— other.example " + "A" * (64 * 1024 - len(long.encode()) - 20) + "\n"
    assert KEYS.open(long) == state
    with pytest.raises(EcholessError, match="text, an empty line"):
        WITNESS.sign(long, KEYS, 2)
