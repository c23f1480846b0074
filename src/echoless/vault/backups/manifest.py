"""What is written about a backup: inside its archives, beside them, and in the names of its files.

A backup is a set of two archives that never lie in one directory. The archive of the vault is sealed for an
identity that was made for it alone and that is in the archive of the keys; that one is sealed for the operator's
recipients. So whoever destroys the second has made the first, and every copy of it, unreadable for everybody.
"""

from __future__ import annotations

import calendar
import re
import time
from dataclasses import dataclass
from typing import Final

import msgspec

from echoless.vault.stores.keyring import Keyring

FORMAT: Final = 1
STORE: Final = "sqlite"
"""How the databases in an archive are to be read, wherever the vault has its own."""
DAY_S: Final = 86_400
HEAD_NAME: Final = "archive.json"
END_NAME: Final = "end.json"
DATABASE_NAME: Final = "vault.database"
KEYS_NAME: Final = "keys.database"
LEDGER_NAME: Final = "ledger"
OBJECTS: Final = "objects/"
KEY_FILES: Final = "keys/"
CERTIFICATES: Final = "certificates/"
VAULT_ENDING: Final = ".vault.age"
KEYS_ENDING: Final = ".keys.age"
NOTE_ENDING: Final = ".json"
_STEM: Final = re.compile(r"(\d{8}T\d{6}Z)-([A-Za-z0-9]{20})")
_TIME_FORM: Final = "%Y%m%dT%H%M%SZ"


class ArchiveHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first entry of an archive of a vault.

    origin:            which installation it is of
    directory_version: of the layout that the database in it has
    store:             how to read the database in it
    """

    format: int
    set_id: str
    origin: str
    taken_unix: int
    expires_unix: int
    directory_version: int
    store: str


class ArchiveEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last entry of an archive of a vault: what must have come before it."""

    object_count: int
    object_bytes: int


class SealedSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One archive of a vault, as an archive of keys knows it.

    identity: opens it, `AGE-SECRET-KEY-1...`
    sha256:   of the file
    """

    set_id: str
    taken_unix: int
    expires_unix: int
    size_bytes: int
    sha256: str
    identity: str

    def __repr__(self) -> str:
        return f"<SealedSet {self.set_id}>"


class KeysHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first entry of an archive of keys.

    ledger_bytes: how long the erasure ledger was: what was deleted by then has no key in here
    mark:         HMAC of all the rest, which only the installation itself can make
    """

    format: int
    origin: str
    taken_unix: int
    store: str
    ledger_bytes: int
    sets: tuple[SealedSet, ...]
    mark: str = ""

    def __repr__(self) -> str:
        return "<KeysHead>"

    def marked(self, keyring: Keyring) -> KeysHead:
        """Return it with the mark of an installation."""
        return msgspec.structs.replace(self, mark=self._mark_of(keyring))

    def is_marked_by(self, keyring: Keyring) -> bool:
        """Whether an installation made it, and nobody changed it."""
        return self.mark == self._mark_of(keyring)

    def _mark_of(self, keyring: Keyring) -> str:
        plain = msgspec.json.encode(msgspec.structs.replace(self, mark=""), order="deterministic")
        # No API key has an end of line, so this is nobody's digest.
        return keyring.digest("backup\n" + plain.decode("ascii")).hex()


class BackupNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file beside an archive that says in clear what it is, written last. Numbers and ids only."""

    format: int
    set_id: str
    origin: str
    taken_unix: int
    expires_unix: int
    size_bytes: int
    sha256: str
    object_count: int
    object_bytes: int
    took_ms: int


@dataclass(frozen=True, slots=True)
class Stem:
    """The common part of the names of a set's files: when it was begun, and its id."""

    taken_unix: int
    set_id: str

    def __str__(self) -> str:
        return f"{time.strftime(_TIME_FORM, time.gmtime(self.taken_unix))}-{self.set_id}"

    @classmethod
    def of_file(cls, name: str) -> Stem | None:
        """Return the stem of a file's name; None for a file that is not ours."""
        match = _STEM.match(name)
        if match is None:
            return None
        try:
            taken = time.strptime(match[1], _TIME_FORM)
        except ValueError:
            return None
        return cls(calendar.timegm(taken), match[2])


def origin_of(keyring: Keyring) -> str:
    """Return the name of an installation: 16 hexadecimal digits made from its pepper, which it never shows."""
    return keyring.digest("backup\norigin").hex()[:16]
