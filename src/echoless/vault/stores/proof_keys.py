"""The keys of receipts and log together with their past, and how one follows another.

A turn is an entry of the log, signed by the log's key of before. From that entry on the new key signs, whatever the
disk refuses afterwards; and where the process dies then, the next start finds the prepared key in its file and the
entry in the log, and finishes the turn. So what the log says and what signs agree at every moment.
Steps for one thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from echoless.receipts.checkpoint import VerifierKey
from echoless.receipts.entries import EntryKind, fact_entry
from echoless.receipts.signing import SigningKey, public_jwk
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.key_entries import handover_of, is_begun, name_of, newest_entry
from echoless.vault.stores.key_safe import KeyRole, KeySafe, SafeKey
from echoless.vault.stores.proof_log import ProofLog, reader_of
from echoless.vault.stores.proof_ring import ProofRing, RingKey, ends_of

_TURNING: Final = (KeyRole.RECEIPTS, KeyRole.LOG)


class ProofKeys:
    """Opens the keys that prove, and turns them.

    receipts, log, certificates: the keys that sign now
    raises: EcholessError(DATA_DIRECTORY) for a damaged file, also of the log where it must say how a turn ended
    """

    def __init__(self, directory: DataDirectory, safe: KeySafe) -> None:
        self._directory = directory
        self.safe = safe
        self.ring = ProofRing(directory)
        self.receipts = self._open(KeyRole.RECEIPTS)
        self.log = self._open(KeyRole.LOG)
        self.certificates = safe.open(directory, KeyRole.CERTIFICATES)
        self._owed: Callable[[], None] | None = None

    def _open(self, role: KeyRole) -> SafeKey:
        fetch = reader_of(self._directory.log)
        return self.safe.open(self._directory, role, partial(is_begun, role, fetch=fetch))

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
        """Enter keys that the ring does not know: the first ones, and what a lost file left. One that the log knows
        already, because a crash came before the ring, is listed as the log says.

        raises: OSError where the disk refuses, EcholessError(DATA_DIRECTORY) where the log is damaged
        """
        for role in _TURNING:
            public = _public(self._of(role))
            current = self.ring.current(role)
            if current is not None and current.public == public:
                continue
            if any(key.public == public for key in self.ring.of(role)):
                # A file from before a turn was put back: what has ended begins no second time.
                self.turn(role, log, unix_s)
            elif not self._list_entered(role, public, log):
                entry = log.append([self._entry(role, public, log, unix_s)])
                self._list(role, public, unix_s, entry=entry, log=log, note=log.note())

    def settle(self) -> None:
        """Do what a disk refused at the last turn; nothing may be appended to the log before it is done.

        raises: OSError where it still refuses
        """
        if self._owed is not None:
            self._owed()
        self.ring.save()

    def turn(self, role: KeyRole, log: ProofLog, unix_s: int) -> None:
        """Let a new key follow the one of a role.

        raises: OSError where the disk refuses, EcholessError where the log is damaged, the key cannot be sealed or
                the ring is full; `receipts` and `log` are what signs from then on in any case: the new key where
                the log says that it began, else the old one
        """
        self.ring.refuse_if_full()
        key, first = self.safe.prepare(self._directory, role), log.state.size
        entry = self._entry(role, _public(key), log, unix_s)
        try:
            if role is KeyRole.LOG:
                log.append_turn(entry, key)
            else:
                log.append([entry])
        finally:
            # What was published has happened, also where the disk refused afterwards.
            if log.state.size > first:
                self._go_over(role, key, log, unix_s, first)

    def _go_over(self, role: KeyRole, key: SafeKey, log: ProofLog, unix_s: int, entry: int) -> None:
        """Let the key sign that the log has; each step is taken even where the disk refused the one before."""
        # The state as both signed it: what is appended next would take its place.
        self._owed = partial(self._list, role, _public(key), unix_s, entry=entry, log=log, note=log.note())
        try:
            self.settle()
        finally:
            if role is KeyRole.LOG:
                self.log = key
            else:
                self.receipts = key
            self.safe.take_over(self._directory, role)

    def _list_entered(self, role: KeyRole, public: bytes, log: ProofLog) -> bool:
        """List a key that the log says to have begun last, after the ring's; return whether the log says so."""
        found = newest_entry(role, log.state.size, log.fetch)
        before, origin = self.ring.current(role), log.verifier.name
        ended = "" if before is None else name_of(role, before.public, origin)
        if found is None or (found.key, found.ended) != (name_of(role, public, origin), ended):
            return False
        self._list(role, public, found.minute_unix, entry=found.index, log=log, note=log.note())
        return True

    def _list(self, role: KeyRole, public: bytes, unix_s: int, *, entry: int, log: ProofLog, note: str) -> None:
        before, handover = self.ring.current(role), None
        if before is not None:
            ended = VerifierKey(log.verifier.name, before.public) if role is KeyRole.LOG else None
            handover = handover_of(ended, entry, note, log.fetch)
        self._owed = None
        self.ring.turn(role, public, unix_s, entry, handover)

    def receipt_keys(self) -> list[dict[str, str | int]]:
        """Return the public keys of receipts as JSON Web Keys with their times, the newest first."""
        return [{**public_jwk(key.public), **ends_of(key)} for key in self.ring.of(KeyRole.RECEIPTS)]

    def log_key(self, origin: str) -> str:
        """Return the log's key of now as the list below has it: while a turn is taken and the new key is not listed
        yet, nobody would find the link to it.
        """
        current = self.ring.current(KeyRole.LOG)
        return VerifierKey(origin, _public(self.log) if current is None else current.public).text

    def log_keys(self, origin: str) -> list[dict[str, str | int]]:
        """Return the log's keys in the form of signed notes, with their times, the newest first."""
        return [_log_key(key, origin) for key in self.ring.of(KeyRole.LOG)]

    def _of(self, role: KeyRole) -> SafeKey:
        return self.log if role is KeyRole.LOG else self.receipts

    def _entry(self, role: KeyRole, public: bytes, log: ProofLog, unix_s: int) -> bytes:
        before = self.ring.current(role)
        origin = log.verifier.name
        ended = "" if before is None else name_of(role, before.public, origin)
        return fact_entry(EntryKind.KEY, unix_s, role=role.value, key=name_of(role, public, origin), ended=ended)


def _log_key(key: RingKey, origin: str) -> dict[str, str | int]:
    ends = dict(ends_of(key))
    entry = ends.pop("ended_by_entry", None)
    # The largest checkpoint of a key is the one with the entry that ends it.
    size = {"size_max": entry + 1} if isinstance(entry, int) else {}
    return {"key": VerifierKey(origin, key.public).text, **ends, **size}


def _public(key: SigningKey) -> bytes:
    return key.public_key().public_bytes_raw()
