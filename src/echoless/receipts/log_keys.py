"""The keys of a log over time: who may have signed which of its checkpoints. Pure.

A key that has ended is believed for checkpoints up to the size at which it ended, and for no larger one: whoever
got hold of it later cannot go on with the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, open_checkpoint


@dataclass(frozen=True, slots=True)
class FormerLogKey:
    """A key that has ended.

    size_max: the number of entries of the largest checkpoint that it could sign
    """

    key: VerifierKey
    size_max: int


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The log's key now, and those of before."""

    current: VerifierKey
    former: tuple[FormerLogKey, ...] = ()

    @classmethod
    def parse(cls, answer: Mapping[str, Any]) -> LogKeys:
        """Return the keys of an answer of `GET /v1/transparency-log/keys`.

        answer: `log_key`; `log_keys` where there were others: each has `key`, and `size_max` once it has ended
        raises: EcholessError(INVALID_PARAMETERS) for what are no keys of one log
        """
        current = VerifierKey.parse(str(answer.get("log_key", "")))
        former: list[FormerLogKey] = []
        listed = answer.get("log_keys", [])
        for each in listed if isinstance(listed, list) else [None]:
            if not isinstance(each, Mapping):
                raise _wrong("the keys of the log cannot be read")
            key, size_max = VerifierKey.parse(str(each.get("key", ""))), each.get("size_max")
            if key == current:
                continue
            if key.name != current.name or type(size_max) is not int:
                raise _wrong("one of the keys is of another log, or has no end")
            former.append(FormerLogKey(key, size_max))
        return cls(current, tuple(former))

    def open(self, note: str, witnesses: Sequence[VerifierKey] = ()) -> Checkpoint:
        """Return the checkpoint of a note that the log's key of its time signed, and all these witnesses.

        raises: EcholessError(INVALID_PARAMETERS) naming what does not hold
        """
        origin = note.partition("\n")[0]
        if note and origin != self.current.name:
            raise _wrong("the checkpoint is of another log")
        for each in self.former:
            # A checkpoint at a rotation is signed by both.
            if _is_signed(each.key, note) and not _is_signed(self.current, note):
                checkpoint = open_checkpoint(note, each.key, witnesses)
                if checkpoint.size > each.size_max:
                    raise _wrong("the checkpoint is signed by a key of the log that had ended")
                return checkpoint
        return open_checkpoint(note, self.current, witnesses)


def _is_signed(key: VerifierKey, note: str) -> bool:
    try:
        open_checkpoint(note, key)
    except EcholessError:
        return False
    return True


def _wrong(reason: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, f"The log's signature does not hold: {reason}.")
