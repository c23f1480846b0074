"""Controls of the proof: whatever is changed in a receipt, its place or the log must be noticed by who checks.

A check that lets a change pass would let a lie pass; so each change is made here, on copies.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.audit.parts.asking import Asking
from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey
from echoless.receipts.growing import Fetch
from echoless.receipts.log_check import LogFault, check_log
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.proof import check_receipt
from echoless.receipts.receipt import RECEIPT_KIND
from echoless.receipts.signing import StatementSigner

_BIT: Final = 0x01
_WORD: Final = 32
Answer = Mapping[str, Any]


def check_tampering(asking: Asking, answer: Answer, keys: Answer, note: str, fetch: Fetch) -> None:
    """Change one thing at a time.

    answer: a receipt that holds, as the server answered it
    note:   the newest checkpoint of the log
    """
    with asking.check("control: every byte that is changed in a receipt is noticed", "C8") as check:
        signed = str(answer["receipt"])
        for place in range(len(signed)):
            check.expect(not _holds({**answer, "receipt": _flipped(signed, place)}, keys), f"byte {place} of it")
        for name, other in _forgeries(answer, keys):
            check.expect(not _holds(*other), name)
        check.expect(_holds(answer, keys), "the true one is refused")
    with asking.check("control: a log that is changed, cut or of another is noticed", "C9") as check:
        parsed = LogKeys.parse(keys)
        for name, fault, told in _changed_logs(parsed, note, fetch):
            found = {each for each, _ in told.faults}
            check.expect(not told.is_sound and (fault is None or fault in found), f"{name}: {sorted(found)}")


def _holds(answer: Answer, keys: Answer) -> bool:
    try:
        check_receipt(answer, keys)
    except EcholessError:
        return False
    return True


def _flipped(text: str, place: int) -> str:
    """Return a text of ASCII with the lowest bit of one byte turned."""
    return text[:place] + chr(ord(text[place]) ^ _BIT) + text[place + 1 :]


def _forgeries(answer: Answer, keys: Answer) -> Iterator[tuple[str, tuple[Answer, Answer]]]:
    """Yield receipts, each with one lie in it."""
    head, statement, signature = str(answer["receipt"]).split(".")
    inclusion: dict[str, Any] = dict(answer["inclusion"])
    yield "cut short", ({**answer, "receipt": f"{head}.{statement}"}, keys)
    yield "its parts in another order", ({**answer, "receipt": f"{statement}.{head}.{signature}"}, keys)
    stranger = StatementSigner(Ed25519PrivateKey.generate().private_bytes_raw())
    said = json.loads(base64.urlsafe_b64decode(statement + "=" * (-len(statement) % 4)))
    forged = stranger.sign(RECEIPT_KIND, {**said, "mode": "zero"})
    yield "signed by a stranger", ({**answer, "receipt": forged}, keys)
    named = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    own = {**stranger.public_key, "kid": named["kid"]}
    yield "checked with a stranger's key", (answer, {**keys, "keys": [own]})
    yield "its salt changed", ({**answer, "salt": base64.b64encode(bytes(_WORD)).decode("ascii")}, keys)
    yield "its place changed", ({**answer, "inclusion": {**inclusion, "index": inclusion["index"] + 1}}, keys)
    for number in range(len(inclusion["proof"])):
        parts = list(inclusion["proof"])
        parts[number] = base64.b64encode(bytes(_WORD)).decode("ascii")
        yield f"hash {number} of its proof changed", ({**answer, "inclusion": {**inclusion, "proof": parts}}, keys)
    note = str(inclusion["checkpoint"])
    for place in range(note.index("\n\n")):
        changed = {**inclusion, "checkpoint": _flipped(note, place)}
        yield f"byte {place} of its checkpoint changed", ({**answer, "inclusion": changed}, keys)
    other = VerifierKey("another.example/log", Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    yield "checked against another log", (answer, {**keys, "log_key": other.text, "log_keys": []})


def _changed_logs(keys: LogKeys, note: str, fetch: Fetch) -> Iterator[tuple[str, LogFault | None, Any]]:
    """Yield what a check says of logs with one thing changed in each."""
    newest = keys.open(note)
    read: dict[str, bytes] = {}

    def remembering(path: str) -> bytes | None:
        data = fetch(path)
        if data is not None:
            read[path] = data
        return data

    check_log(note, remembering, keys)
    for path in (sorted(read)[0], sorted(read)[-1]):
        yield f"{path} with a bit turned", None, check_log(note, _with(fetch, path, _turned), keys)
        yield f"{path} gone", LogFault.MISSING_FILE, check_log(note, _with(fetch, path, _gone), keys)
    yield (
        "its checkpoint changed",
        LogFault.CHECKPOINT,
        check_log(_flipped(note, len(newest.origin) + 1), fetch, keys),
    )
    later = Checkpoint(newest.origin, newest.size + 1, newest.root)
    yield "fewer entries than were seen", LogFault.ROLLBACK, check_log(note, fetch, keys, seen=later)
    other = Checkpoint(newest.origin, newest.size, bytes(_WORD))
    yield "other entries than were seen", LogFault.FORK, check_log(note, fetch, keys, seen=other)


def _with(fetch: Fetch, wanted: str, change: Callable[[bytes], bytes | None]) -> Fetch:
    """Return a fetch in whose answers one file is changed."""

    def changed(path: str) -> bytes | None:
        data = fetch(path)
        return change(data) if data is not None and path == wanted else data

    return changed


def _turned(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ _BIT])


def _gone(_data: bytes) -> None:
    return None
