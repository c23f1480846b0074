"""The proof that an entry is in a log as one text that needs nothing else but the log's key. Pure.

source: C2SP tlog-proof
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import HASH_BYTES, leaf_hash, verify_inclusion

_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
_EXTRA: Final = "extra "
_INDEX: Final = "index "
_PARTS_MAX: Final = 64
_DIGITS_MAX: Final = 19


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A proof as it is written down.

    parts: hashes from the entry to the root
    note:  the signed checkpoint
    extra: what goes with it; nothing vouches for it. Ours is the entry itself, which the proof then proves.
    """

    index: int
    parts: tuple[bytes, ...]
    note: str
    extra: bytes = field(default=b"", repr=False)

    @property
    def text(self) -> str:
        """The proof as text."""
        lines = [_FIRST_LINE]
        if self.extra:
            lines.append(_EXTRA + _encoded(self.extra))
        lines += [f"{_INDEX}{self.index}", *map(_encoded, self.parts), "", self.note]
        return "\n".join(lines)

    def check(self, entry: bytes, keys: LogKeys, witnesses: Sequence[VerifierKey] = ()) -> Checkpoint:
        """Return the checkpoint, once log and witnesses signed it and it has the entry where the proof says.

        raises: EcholessError(INVALID_PARAMETERS)
        """
        checkpoint = keys.open(self.note, witnesses)
        if not verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.parts, checkpoint.root):
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS, "The log does not have this entry where the proof says."
            )
        return checkpoint


def parse_proof(text: str) -> TlogProof:
    """Return a proof that was written down.

    raises: EcholessError(INVALID_PARAMETERS) for what is none
    """
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines.pop(0) != _FIRST_LINE or not lines:
        raise _none()
    extra = _decoded(lines.pop(0).removeprefix(_EXTRA)) if lines[0].startswith(_EXTRA) else b""
    index = lines.pop(0).removeprefix(_INDEX) if lines and lines[0].startswith(_INDEX) else ""
    is_number = (
        index.isascii() and index.isdigit() and len(index) <= _DIGITS_MAX and (index == "0" or index[0] != "0")
    )
    parts = tuple(_decoded(line) for line in lines)
    if not is_number or len(parts) > _PARTS_MAX or any(len(part) != HASH_BYTES for part in parts):
        raise _none()
    return TlogProof(int(index), parts, note, extra)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        pass
    raise _none()


def _none() -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, "This is no proof of the form c2sp.org/tlog-proof@v1.")
