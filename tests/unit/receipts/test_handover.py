"""Each link between two keys is proved by what the ended one has signed, or it is named what breaks it (C9)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.receipts.checkpoint import Checkpoint, VerifierKey, cosign, read_unsigned, sign_checkpoint
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.receipts.growing import HashReader, append_entries
from echoless.receipts.handover import HANDOVER, TurnFault, log_turn, receipt_turn
from echoless.receipts.key_turns import follow_keys
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.signing import public_jwk
from echoless.receipts.tlog_proof import TlogProof, parse_proof

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z33")]
ORIGIN = "log.example"
NOW = 1_800_000_000
LOG = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 6)]
RECEIPTS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(11, 16)]
THIEF = Ed25519PrivateKey.from_private_bytes(bytes([99]) * 32)
Answer = dict[str, Any]


def text_of(key: Ed25519PrivateKey, origin: str = ORIGIN) -> str:
    return VerifierKey(origin, key.public_key().public_bytes_raw()).text


def kid_of(key: Ed25519PrivateKey) -> str:
    return public_jwk(key.public_key().public_bytes_raw())["kid"]


class Log:
    """A log whose keys turn, as a server keeps it."""

    def __init__(self) -> None:
        self.entries: list[bytes] = [b"first", b"second"]
        self.answer: Answer = {
            "keys": [public_jwk(RECEIPTS[0].public_key().public_bytes_raw()) | {"nbf": NOW}],
            "log_key": text_of(LOG[0]),
            "log_keys": [{"key": text_of(LOG[0]), "nbf": NOW}],
        }

    def key_entry(self, role: str, key: str, ended: str, minute: int = 1) -> bytes:
        return fact_entry(EntryKind.KEY, NOW + 60 * minute, role=role, key=key, ended=ended)

    def handover(self, *keys: Ed25519PrivateKey, index: int = -1, origin: str = ORIGIN) -> str:
        growth = append_entries(0, self.entries, lambda _path: None)
        place = index % growth.size
        state = Checkpoint(origin, growth.size, growth.root)
        note = state.text + "\n" + "".join(sign_checkpoint(state, key).partition("\n\n")[2] for key in keys)
        parts = inclusion_proof(place, growth.size, HashReader(growth.size, growth.files.get).hash_at)
        return TlogProof(place, tuple(parts), note, self.entries[place]).text

    def turn_log(self, number: int) -> None:
        """Let the key with this number end."""
        old, new = LOG[number], LOG[number + 1]
        self.entries.append(self.key_entry("log", text_of(new), text_of(old)))
        self.answer["log_keys"][0] |= {
            "exp": NOW + 60, "size_max": len(self.entries), HANDOVER: self.handover(old, new)
        }  # fmt: skip
        self.answer["log_keys"].insert(0, {"key": text_of(new), "nbf": NOW + 60})
        self.answer["log_key"] = text_of(new)
        self.entries.append(b"another")

    def turn_receipts(self, number: int, *, log_key: int) -> None:
        old, new = RECEIPTS[number], RECEIPTS[number + 1]
        self.entries.append(self.key_entry("receipts", kid_of(new), kid_of(old)))
        self.answer["keys"][0] |= {
            "exp": NOW + 60, "ended_by_entry": len(self.entries) - 1, HANDOVER: self.handover(LOG[log_key])
        }  # fmt: skip
        self.answer["keys"].insert(0, public_jwk(new.public_key().public_bytes_raw()) | {"nbf": NOW + 60})
        self.entries.append(b"another")


@pytest.fixture
def log() -> Log:
    return Log()


def edited(handover: str, **changes: Any) -> str:
    proof = parse_proof(handover)
    values = {"index": proof.index, "parts": proof.parts, "note": proof.note, "extra": proof.extra}
    return TlogProof(**(values | changes)).text


def own_signature_added(log: Log) -> None:
    """Anybody can sign the note of the old key too; that makes nobody its successor."""
    proof = parse_proof(log.answer["log_keys"][1][HANDOVER])
    line = sign_checkpoint(read_unsigned(proof.note), THIEF).partition("\n\n")[2]
    log.answer["log_keys"][1][HANDOVER] = edited(proof.text, note=proof.note + line)
    log.answer["log_keys"][0]["key"] = log.answer["log_key"] = text_of(THIEF)


def forged_entry(log: Log) -> None:
    """An entry that the old key never signed for."""
    entry = log.key_entry("log", text_of(THIEF), text_of(LOG[0]))
    log.answer["log_keys"][1][HANDOVER] = edited(log.answer["log_keys"][1][HANDOVER], extra=entry)


def rebuilt(*keys: Ed25519PrivateKey, entry: bytes | None = None, **more: Any) -> Callable[[Log], None]:
    """A handover of another tree, signed by these."""

    def spoil(log: Log) -> None:
        made = Log()
        made.entries.append(entry if entry is not None else made.key_entry("log", text_of(LOG[1]), text_of(LOG[0])))
        made.entries += more.pop("later", [])
        log.answer["log_keys"][1][HANDOVER] = made.handover(*keys, **more)

    return spoil


def key_entry(role: str, key: str, ended: str) -> bytes:
    return fact_entry(EntryKind.KEY, NOW + 60, role=role, key=key, ended=ended)


def changed(place: int, **members: Any) -> Callable[[Log], None]:
    def spoil(log: Log) -> None:
        log.answer["log_keys"][place] |= members

    return spoil


def without(place: int, *names: str) -> Callable[[Log], None]:
    def spoil(log: Log) -> None:
        for name in names:
            del log.answer["log_keys"][place][name]

    return spoil


def other_log(log: Log) -> None:
    log.answer["log_key"] = text_of(LOG[1], "other.example")


def missing_link(log: Log) -> None:
    del log.answer["log_keys"][1]


def witnessed_alone(log: Log) -> None:
    """A witness has seen the state; it is no key of the log."""
    proof = parse_proof(log.answer["log_keys"][1][HANDOVER])
    bare = proof.note.split("— ", maxsplit=1)[0]
    note = cosign(f"{bare}— {ORIGIN} AAAA\n", ORIGIN, LOG[0], NOW)
    log.answer["log_keys"][1][HANDOVER] = edited(proof.text, note=note)


BOTH = (LOG[0], LOG[1])
WITNESS = VerifierKey(ORIGIN, LOG[1].public_key().public_bytes_raw(), is_witness=True)
BREAKS: dict[str, tuple[Callable[[Log], None], TurnFault]] = {
    "another log": (other_log, TurnFault.OTHER_LOG),
    "a missing link": (missing_link, TurnFault.NOT_LISTED),
    "a key that has not ended": (without(1, "exp", "size_max", HANDOVER), TurnFault.NOT_ENDED),
    "no handover": (without(1, HANDOVER), TurnFault.NO_HANDOVER),
    "no text": (changed(1, handover=7), TurnFault.BROKEN_HANDOVER),
    "no proof": (changed(1, handover="c2sp.org/tlog-proof@v1\nindex x\n\n"), TurnFault.BROKEN_HANDOVER),
    "the successor alone": (rebuilt(LOG[1]), TurnFault.NOT_SIGNED),
    "a thief's tree": (rebuilt(THIEF, LOG[1]), TurnFault.NOT_SIGNED),
    "a witness in its place": (witnessed_alone, TurnFault.NOT_SIGNED),
    "a note of another origin": (rebuilt(*BOTH, origin="other.example"), TurnFault.OTHER_ORIGIN),
    "an entry with others after it": (rebuilt(*BOTH, later=[b"later"], index=2), TurnFault.NOT_LAST),
    "an entry that was put in": (forged_entry, TurnFault.NOT_IN_LOG),
    "a last entry of another kind": (rebuilt(*BOTH, entry=b'{"kind":"build"}'), TurnFault.NO_KEY_ENTRY),
    "a last entry that is no JSON": (rebuilt(*BOTH, entry=b"\xff{"), TurnFault.NO_KEY_ENTRY),
    "a key of receipts": (
        rebuilt(*BOTH, entry=key_entry("receipts", text_of(LOG[1]), text_of(LOG[0]))), TurnFault.NO_KEY_ENTRY
    ),
    "an entry that ends another key": (
        rebuilt(*BOTH, entry=key_entry("log", text_of(LOG[1]), text_of(LOG[3]))), TurnFault.OTHER_ENDED
    ),
    "an entry that names no key": (
        rebuilt(*BOTH, entry=key_entry("log", "none", text_of(LOG[0]))), TurnFault.BROKEN_SUCCESSOR
    ),
    "an entry that names a key of another log": (
        rebuilt(*BOTH, entry=key_entry("log", text_of(LOG[1], "other.example"), text_of(LOG[0]))),
        TurnFault.BROKEN_SUCCESSOR,
    ),
    "an entry that names a witness": (
        rebuilt(*BOTH, entry=key_entry("log", WITNESS.text, text_of(LOG[0]))), TurnFault.BROKEN_SUCCESSOR
    ),
    "a successor that did not sign": (rebuilt(LOG[0]), TurnFault.NOT_SIGNED_BY_SUCCESSOR),
    "a thief's signature below": (own_signature_added, TurnFault.NOT_LISTED),
    "a size that does not fit": (changed(1, size_max=4), TurnFault.OTHER_END),
    "no size": (without(1, "size_max"), TurnFault.OTHER_END),
    "a successor that had ended": (
        rebuilt(LOG[0], entry=key_entry("log", text_of(LOG[0]), text_of(LOG[0]))), TurnFault.AGAIN
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_each_break_of_the_chain_is_named_and_nothing_of_it_is_believed(log: Log, name: str) -> None:
    spoil, fault = BREAKS[name]
    saved = copy.deepcopy(log.answer)
    log.turn_log(0)
    spoil(log)
    followed = follow_keys(saved, log.answer)
    assert fault.value in followed.log_break
    assert (followed.log_turns, followed.keys["log_key"]) == ((), saved["log_key"])
    assert LogKeys.parse(followed.keys) == LogKeys.parse(saved)


def spoiled_receipts(**members: Any) -> Callable[[Log], None]:
    def spoil(log: Log) -> None:
        log.answer["keys"][1] |= members

    return spoil


def thief_follows(log: Log) -> None:
    log.answer["keys"][0] = public_jwk(THIEF.public_key().public_bytes_raw()) | {"kid": kid_of(RECEIPTS[1])}


def unlisted(log: Log) -> None:
    del log.answer["keys"][1]


def other_ended(log: Log) -> None:
    made = Log()
    made.entries.append(key_entry("receipts", kid_of(RECEIPTS[1]), kid_of(RECEIPTS[2])))
    log.answer["keys"][1] |= {HANDOVER: made.handover(LOG[0])}


def by_thief(log: Log) -> None:
    made = Log()
    made.entries.append(key_entry("receipts", kid_of(RECEIPTS[1]), kid_of(RECEIPTS[0])))
    log.answer["keys"][1] |= {HANDOVER: made.handover(THIEF)}


def put_in(log: Log) -> None:
    entry = key_entry("receipts", kid_of(THIEF), kid_of(RECEIPTS[0]))
    log.answer["keys"][1] |= {HANDOVER: edited(log.answer["keys"][1][HANDOVER], extra=entry)}


def in_a_circle(log: Log) -> None:
    made = Log()
    made.entries.append(key_entry("receipts", kid_of(RECEIPTS[0]), kid_of(RECEIPTS[0])))
    log.answer["keys"][1] |= {HANDOVER: made.handover(LOG[0])}


RECEIPT_BREAKS: dict[str, tuple[Callable[[Log], None], TurnFault]] = {
    "another public half under its name": (thief_follows, TurnFault.BROKEN_SUCCESSOR),
    "a missing link": (unlisted, TurnFault.NOT_LISTED),
    "no handover": (spoiled_receipts(handover=None), TurnFault.NO_HANDOVER),
    "a state that the log did not sign": (by_thief, TurnFault.NOT_SIGNED_BY_LOG),
    "an entry that ends another key": (other_ended, TurnFault.OTHER_ENDED),
    "an entry that was put in": (put_in, TurnFault.NOT_IN_LOG),
    "another entry": (spoiled_receipts(ended_by_entry=1), TurnFault.OTHER_END),
    "a successor that had ended": (in_a_circle, TurnFault.AGAIN),
}


@pytest.mark.parametrize("name", RECEIPT_BREAKS)
def test_a_key_of_receipts_that_no_entry_names_is_not_believed(log: Log, name: str) -> None:
    spoil, fault = RECEIPT_BREAKS[name]
    saved = copy.deepcopy(log.answer)
    log.turn_receipts(0, log_key=0)
    log.turn_log(0)
    spoil(log)
    followed = follow_keys(saved, log.answer)
    assert fault.value in followed.receipt_break
    assert followed.keys["keys"] == saved["keys"]
    # The log's own key is followed all the same.
    assert followed.keys["log_key"] == text_of(LOG[1])


def test_a_turn_that_holds_says_what_its_entry_says(log: Log) -> None:
    log.turn_receipts(0, log_key=0)
    log.turn_log(0)
    current = VerifierKey.parse(text_of(LOG[0]))
    turn = log_turn(current, log.answer["log_keys"][1])
    assert (turn.ended, turn.begun, turn.entry, turn.minute_unix) == (text_of(LOG[0]), text_of(LOG[1]), 4, NOW + 60)
    assert (turn.checkpoint.size, turn.proof) == (5, log.answer["log_keys"][1][HANDOVER])
    of_receipts = receipt_turn(kid_of(RECEIPTS[0]), log.answer["keys"][1], LogKeys(current))
    assert (of_receipts.begun, of_receipts.entry) == (kid_of(RECEIPTS[1]), 2)
