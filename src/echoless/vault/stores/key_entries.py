"""What the log says of the keys that sign: which one began last in a role.

The log is read as plain files, before any key is opened: it decides which key that is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import VerifierKey, open_checkpoint, read_unsigned
from echoless.receipts.entries import EntryKind
from echoless.receipts.growing import Fetch, HashReader, read_entries
from echoless.receipts.merkle import inclusion_proof
from echoless.receipts.signing import public_jwk
from echoless.receipts.tiles import TILE_WIDTH
from echoless.receipts.tlog_proof import TlogProof
from echoless.vault.stores.key_safe import KeyRole

_CHECKPOINT: Final = "checkpoint"
_HINT: Final = f'"{EntryKind.KEY.value}"'.encode("ascii")


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """An entry that says that a key began.

    key, ended: names, as `name_of` makes them; the second is empty for a first key
    """

    index: int
    key: str
    ended: str
    minute_unix: int


def name_of(role: KeyRole, public: bytes, origin: str) -> str:
    """Return how the log calls a key.

    public: the 32 bytes
    """
    return VerifierKey(origin, public).text if role is KeyRole.LOG else public_jwk(public)["kid"]


def is_begun(role: KeyRole, public: bytes, fetch: Fetch) -> bool:
    """Whether the log says that this key began, and that none has followed it.

    raises: EcholessError(DATA_DIRECTORY) where the log cannot be read
    """
    note, size = (fetch(_CHECKPOINT) or b"").decode("utf-8", "replace"), 0
    if note:
        try:
            size = read_unsigned(note).size
        except EcholessError:
            size = -1
    if size < 0:
        raise _damaged("its checkpoint cannot be read")
    newest = newest_entry(role, size, fetch)
    return newest is not None and newest.key == name_of(role, public, note.partition("\n")[0])


def newest_entry(role: KeyRole, size: int, fetch: Fetch) -> KeyEntry | None:
    """Return the last entry about a key of a role among the first `size`; reads backwards until it is found.

    raises: EcholessError(DATA_DIRECTORY) where the log is damaged
    """
    reason = ""
    try:
        for tile in reversed(range(-(-size // TILE_WIDTH))):
            entries = read_entries(tile, size, fetch)
            for place in reversed(range(len(entries))):
                found = _read(role, tile * TILE_WIDTH + place, entries[place])
                if found is not None:
                    return found
    except EcholessError as error:
        reason = error.public_description
    if not reason:
        return None
    raise _damaged(reason)


def handover_of(ended: VerifierKey | None, index: int, note: str, fetch: Fetch) -> str | None:
    """Return the proof that others follow a turn by, in the form of C2SP tlog-proof.

    ended:   the key of the log that ended; None for a key of receipts, whose end any state of the log shows
    index:   of the entry that says so
    note:    the newest checkpoint
    returns: None where the key that ended has not signed the state with this entry as the last, or where the log's
             files are not in order: what cannot be shown is not claimed
    """
    size = read_unsigned(note).size
    try:
        if ended is not None and open_checkpoint(note, ended).size != index + 1:
            return None
        parts = inclusion_proof(index, size, HashReader(size, fetch).hash_at)
        entry = read_entries(index // TILE_WIDTH, size, fetch)[index % TILE_WIDTH]
    except EcholessError:
        return None
    return TlogProof(index, tuple(parts), note, entry).text


def _read(role: KeyRole, index: int, entry: bytes) -> KeyEntry | None:
    if _HINT not in entry:
        return None
    said = json.loads(entry)
    if (said["kind"], said.get("role")) != (EntryKind.KEY.value, role.value):
        return None
    return KeyEntry(index, said["key"], said["ended"], said["minute_unix"])


def _damaged(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.DATA_DIRECTORY, f"the transparency log is damaged: {reason}")
