"""Which public keys signed what, and from when to when: old receipts are checked with keys that have ended.

A file beside the private keys, of public halves only. The log has the same in its entries, for others to check.
Steps for one thread at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.directory import DataDirectory, write_whole
from echoless.vault.stores.key_safe import FILES, KeyRole

RING_FILE: Final = "proof_ring.key"
SIGNING_FILES: Final = frozenset({RING_FILE, *FILES.values()})
"""Private keys that sign, and the ring: what belongs together."""
# So many have room in the file that a backup takes.
_KEYS_MAX: Final = 200


class RingKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A public key.

    ended_unix, ended_by_entry: when it ended, and which entry of the log says so; None while it signs
    handover: the proof of that entry, as others follow it; None for a key that ended before there were any, or
              could not sign at its end
    """

    role: KeyRole
    public: bytes
    begun_unix: int
    ended_unix: int | None = None
    ended_by_entry: int | None = None
    handover: str | None = None


class ProofRing:
    """The keys of one vault.

    raises: EcholessError(DATA_DIRECTORY) for a file that cannot be read
    """

    def __init__(self, directory: DataDirectory) -> None:
        self._path = directory.keys / RING_FILE
        self._keys = _read(self._path)
        self._is_behind = False

    def of(self, role: KeyRole) -> tuple[RingKey, ...]:
        """Return the keys of a role, the newest first."""
        return tuple(reversed([key for key in self._keys if key.role is role]))

    def current(self, role: KeyRole) -> RingKey | None:
        """Return the key that signs, or None."""
        return next((key for key in self.of(role) if key.ended_unix is None), None)

    def turn(self, role: KeyRole, public: bytes, unix_s: int, entry: int, handover: str | None = None) -> None:
        """Let a key begin, and the one of before end.

        entry:    of the log, that says so
        handover: the proof of that entry
        raises:   OSError where the disk refuses: what the log says is known all the same, and `save` is owed then;
                  EcholessError(INVALID_PARAMETERS) where there were too many
        """
        self.refuse_if_full()
        ended = [
            msgspec.structs.replace(
                key, ended_unix=max(unix_s, key.begun_unix), ended_by_entry=entry, handover=handover
            )
            if key.role is role and key.ended_unix is None
            else key
            for key in self._keys
        ]
        self._keys = [*ended, RingKey(role, public, unix_s)]
        self._is_behind = True
        self.save()

    def save(self) -> None:
        """Write what the file does not have yet.

        raises: OSError where the disk refuses
        """
        if self._is_behind:
            write_whole(self._path, msgspec.json.encode(self._keys))
            self._is_behind = False

    def begin_new_log(self) -> None:
        """Forget the keys of a log that is lost, and the numbers of its entries.

        raises: OSError where the disk refuses
        """
        self._keys = [
            msgspec.structs.replace(key, ended_by_entry=None, handover=None)
            for key in self._keys
            if key.role is not KeyRole.LOG
        ]
        self._is_behind = True
        self.save()

    def refuse_if_full(self) -> None:
        """Raise where no more key has room; raises EcholessError(INVALID_PARAMETERS)."""
        if len(self._keys) >= _KEYS_MAX:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "There were so many keys that no more has room.")


def _read(path: Path) -> list[RingKey]:
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[RingKey])
    except msgspec.DecodeError:
        pass
    raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the file keys/{path.name} is damaged")


def ends_of(key: RingKey) -> Mapping[str, int | str]:
    """Return from when to when a key signed, in the words of a JSON Web Key, and the proof of its end."""
    times: dict[str, int | str] = {"nbf": key.begun_unix}
    if key.ended_unix is not None:
        times["exp"] = key.ended_unix
    if key.ended_by_entry is not None:
        times["ended_by_entry"] = key.ended_by_entry
    if key.handover is not None:
        times["handover"] = key.handover
    return times
