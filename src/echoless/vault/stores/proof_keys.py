"""The keys of receipts and log together with their past, and how one follows another.

A turn is an entry of the log, signed by the log's key of before. It is taken in small durable steps; whichever of
them a crash leaves out, the next start finds a key that the ring does not know and enters that one.
Steps for one thread at a time.
"""

from __future__ import annotations

from typing import Final

from echoless.receipts.checkpoint import VerifierKey
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.receipts.signing import SigningKey, public_jwk
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_safe import KeyRole, KeySafe, SafeKey
from echoless.vault.stores.proof_log import ProofLog
from echoless.vault.stores.proof_ring import ProofRing, RingKey, ends_of

_TURNING: Final = (KeyRole.RECEIPTS, KeyRole.LOG)


class ProofKeys:
    """Opens the keys that prove, and turns them.

    receipts, log, certificates: the keys that sign now
    """

    def __init__(self, directory: DataDirectory, safe: KeySafe) -> None:
        self._directory = directory
        self.safe = safe
        self.ring = ProofRing(directory)
        self.receipts = safe.open(directory, KeyRole.RECEIPTS)
        self.log = safe.open(directory, KeyRole.LOG)
        self.certificates = safe.open(directory, KeyRole.CERTIFICATES)

    def begin_new_log(self) -> None:
        """Take a new key for a log that begins anew because the old one is lost: one key must never sign two logs.

        raises: OSError where the disk refuses
        """
        if self.ring.current(KeyRole.LOG) is None:
            return
        self.safe.prepare(self._directory, KeyRole.LOG)
        self.log = self.safe.take_over(self._directory, KeyRole.LOG)
        self.ring.begin_new_log()

    def former_log_keys(self) -> list[bytes]:
        """Return public keys that may have signed the newest checkpoint of the log before this one."""
        return [key.public for key in self.ring.of(KeyRole.LOG)]

    def enter_unknown(self, log: ProofLog, unix_s: int) -> None:
        """Enter keys that the ring does not know: the first ones, and what a crash or a lost file left.

        raises: OSError where the disk refuses
        """
        for role in _TURNING:
            public = _public(self._of(role))
            current = self.ring.current(role)
            if current is not None and current.public == public:
                continue
            if any(key.public == public for key in self.ring.of(role)):
                # A file from before a turn was put back: what has ended begins no second time.
                self.turn(role, log, unix_s)
            else:
                entry = log.append([self._entry(role, public, log, unix_s)])
                self.ring.turn(role, public, unix_s, entry)

    def turn(self, role: KeyRole, log: ProofLog, unix_s: int) -> None:
        """Let a new key follow the one of a role.

        raises: OSError where the disk refuses, EcholessError where the log is damaged, the key cannot be sealed or
                the ring is full; `receipts` and `log` are what signs from then on in any case
        """
        self.ring.refuse_if_full()
        key = self.safe.prepare(self._directory, role)
        entry = log.append([self._entry(role, _public(key), log, unix_s)])
        note = log.note_of_both(key)
        self.safe.take_over(self._directory, role)
        if role is KeyRole.LOG:
            self.log = key
            log.turn_key(key, note)
        else:
            self.receipts = key
        self.ring.turn(role, _public(key), unix_s, entry)

    def receipt_keys(self) -> list[dict[str, str | int]]:
        """Return the public keys of receipts as JSON Web Keys with their times, the newest first."""
        return [{**public_jwk(key.public), **ends_of(key)} for key in self.ring.of(KeyRole.RECEIPTS)]

    def log_keys(self, origin: str) -> list[dict[str, str | int]]:
        """Return the log's keys in the form of signed notes, with their times, the newest first."""
        return [_log_key(key, origin) for key in self.ring.of(KeyRole.LOG)]

    def _of(self, role: KeyRole) -> SafeKey:
        return self.log if role is KeyRole.LOG else self.receipts

    def _entry(self, role: KeyRole, public: bytes, log: ProofLog, unix_s: int) -> bytes:
        before = self.ring.current(role)
        origin = log.verifier.name
        ended = "" if before is None else _name_of(role, before.public, origin)
        return fact_entry(EntryKind.KEY, unix_s, role=role.value, key=_name_of(role, public, origin), ended=ended)


def _log_key(key: RingKey, origin: str) -> dict[str, str | int]:
    ends = dict(ends_of(key))
    entry = ends.pop("ended_by_entry", None)
    # The largest checkpoint of a key is the one with the entry that ends it.
    size = {} if entry is None else {"size_max": entry + 1}
    return {"key": VerifierKey(origin, key.public).text, **ends, **size}


def _name_of(role: KeyRole, public: bytes, origin: str) -> str:
    return VerifierKey(origin, public).text if role is KeyRole.LOG else public_jwk(public)["kid"]


def _public(key: SigningKey) -> bytes:
    return key.public_key().public_bytes_raw()
