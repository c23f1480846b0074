"""Where private keys lie that sign: at rest in files of mode 0600, in use in memory that nobody else reads.

The bytes of a seed go from the file straight into that memory, and into the library that signs for as long as a
batch takes; it overwrites them itself. With a sealer, such as a TPM, the file holds what only that can open.
Steps for one thread at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from echoless.confinement.kernel import Kernel
from echoless.confinement.secret_memory import MemoryKind, SecretMemory
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.signing import SEED_BYTES, SigningKey
from echoless.vault.stores.directory import (
    DataDirectory,
    drop_superseded,
    overwrite_and_remove,
    supersede,
    write_whole,
)

_SEALED: Final = b"echoless sealed key 1\n"
_SEALED_BYTES_MAX: Final = 16 * 1024
NEXT: Final = ".next"
"""Ends the name of the file of a key that is prepared to follow."""


class KeyRole(StrEnum):
    """What a key signs."""

    RECEIPTS = "receipts"
    LOG = "log"
    CERTIFICATES = "certificates"


class AtRest(StrEnum):
    """How a key lies on the disk."""

    FILE = "file"
    TPM = "tpm"


FILES: Final = {
    KeyRole.RECEIPTS: "receipts.key",
    KeyRole.LOG: "transparency_log.key",
    KeyRole.CERTIFICATES: "deletion_certificate.key",
}
_ROLES: Final = tuple(KeyRole)


class Sealer(Protocol):
    """Makes of a seed what only it can open again."""

    def seal(self, seed: memoryview) -> bytes:
        """Return what may lie on the disk; raises EcholessError(CONFIGURATION)."""
        ...

    def unseal(self, sealed: bytes, seed: memoryview) -> None:
        """Put a seed back; raises EcholessError(CONFIGURATION) where this is not who sealed it."""
        ...

    def close(self) -> None:
        """Let go of what seals."""
        ...


class SafeKey:
    """A key whose seed lies in a part of secret memory; prints as nothing."""

    def __init__(self, seed: memoryview) -> None:
        self._seed = seed
        self._is_ended = False
        self._public = Ed25519PrivateKey.from_private_bytes(seed).public_key()

    def __repr__(self) -> str:
        return "<SafeKey>"

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half."""
        return self._public

    def sign(self, data: bytes, /) -> bytes:
        """Return one signature; the key is loaded for it alone."""
        with self.loaded() as key:
            return key.sign(data)

    @contextmanager
    def loaded(self) -> Iterator[SigningKey]:
        """Yield the key for the length of a batch."""
        if self._is_ended:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "a key was to sign after its end")
        yield Ed25519PrivateKey.from_private_bytes(self._seed)

    def end(self) -> None:
        """Overwrite the seed: this key signs nothing any more."""
        if not self._is_ended:
            self._is_ended = True
            self._seed[:] = bytes(SEED_BYTES)


class KeySafe:
    """Opens, makes and replaces the keys of one vault.

    sealer: None where files hold the seeds themselves
    """

    def __init__(self, memory: SecretMemory | None = None, sealer: Sealer | None = None) -> None:
        self._memory = memory if memory is not None else SecretMemory(Kernel())
        self._sealer = sealer
        # Two places for each role: the key that signs and the one that follows it.
        self._turns = dict.fromkeys(KeyRole, 0)
        self._keys: dict[KeyRole, SafeKey] = {}
        self._next: dict[KeyRole, SafeKey] = {}
        self._late: set[KeyRole] = set()

    @property
    def memory_kind(self) -> MemoryKind:
        """What keeps others from reading the keys."""
        return self._memory.kind

    @property
    def at_rest(self) -> AtRest:
        """How the keys lie on the disk."""
        return AtRest.FILE if self._sealer is None else AtRest.TPM

    def open(
        self, directory: DataDirectory, role: KeyRole, is_begun: Callable[[bytes], bool] = lambda _public: False
    ) -> SafeKey:
        """Return a key, made where there is none. One that lay open is sealed where there is a sealer now.

        is_begun: whether a key that was prepared, by its public half, was to sign already when the process died;
                  one that was not is overwritten
        raises:   EcholessError(DATA_DIRECTORY) for a damaged file, EcholessError(CONFIGURATION) for one that cannot
                  be opened here; what `is_begun` raises
        """
        path, place = directory.keys / FILES[role], self._place(role, self._turns[role])
        self._settle(path, self._memory.part(*self._place(role, 1 - self._turns[role])), is_begun)
        if not path.exists():
            self._memory.fill_random(*place)
            self._write(path, self._memory.part(*place))
        elif self._read(path, self._memory.part(*place)) and self._sealer is not None:
            self._replace(path, self._memory.part(*place))
        self._keys[role] = SafeKey(self._memory.part(*place))
        return self._keys[role]

    def prepare(self, directory: DataDirectory, role: KeyRole) -> SafeKey:
        """Make the key that is to follow, durably, beside the one that signs.

        raises: OSError where the disk refuses, EcholessError(CONFIGURATION) where it cannot be sealed
        """
        self._catch_up(directory, role)
        place = self._place(role, 1 - self._turns[role])
        self._memory.fill_random(*place)
        self._write(_next_of(directory.keys / FILES[role]), self._memory.part(*place))
        self._next[role] = SafeKey(self._memory.part(*place))
        return self._next[role]

    def take_over(self, directory: DataDirectory, role: KeyRole) -> SafeKey:
        """Let the key that was prepared sign from now on; the one of before is overwritten, on the disk too.

        raises: OSError where the disk refuses: it signs all the same, and its file is still the one beside
        """
        self._late.add(role)
        try:
            self._catch_up(directory, role)
        finally:
            self._keys[role].end()
            self._turns[role] = 1 - self._turns[role]
            self._keys[role] = self._next.pop(role)
        return self._keys[role]

    def _catch_up(self, directory: DataDirectory, role: KeyRole) -> None:
        """Put the file of a key that signs already in its place; before that no other key may be prepared."""
        if role not in self._late:
            return
        path = directory.keys / FILES[role]
        if _next_of(path).exists():
            supersede(path, _next_of(path))
        else:
            drop_superseded(path)
        self._late.discard(role)

    def _settle(self, path: Path, seed: memoryview, is_begun: Callable[[bytes], bool]) -> None:
        """Finish what a process that died has left: a key that was prepared comes into its place, or goes."""
        prepared = _next_of(path)
        if prepared.exists():
            self._read(prepared, seed)
            key = SafeKey(seed)
            if is_begun(key.public_key().public_bytes_raw()):
                supersede(path, prepared)
            else:
                overwrite_and_remove(prepared)
            key.end()
        drop_superseded(path)

    def close(self) -> None:
        """Overwrite all keys in memory, and give it back."""
        for key in (*self._keys.values(), *self._next.values()):
            key.end()
        self._memory.close()
        if self._sealer is not None:
            self._sealer.close()

    def _place(self, role: KeyRole, turn: int) -> tuple[int, int]:
        return (2 * _ROLES.index(role) + turn) * SEED_BYTES, SEED_BYTES

    def _read(self, path: Path, seed: memoryview) -> bool:
        """Read a file; return whether the seed lay open in it."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            if size == SEED_BYTES and os.readv(descriptor, [seed]) == SEED_BYTES:
                return True
            sealed = os.read(descriptor, _SEALED_BYTES_MAX) if size > SEED_BYTES else b""
        finally:
            os.close(descriptor)
        if not sealed.startswith(_SEALED):
            raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the key file keys/{path.name} is damaged")
        if self._sealer is None:
            raise EcholessError(
                ErrorCode.CONFIGURATION, f"keys/{path.name} is sealed by a TPM: name it in signing_key_tpm"
            )
        self._sealer.unseal(sealed.removeprefix(_SEALED), seed)
        return False

    def _write(self, path: Path, seed: memoryview) -> None:
        write_whole(path, seed if self._sealer is None else _SEALED + self._sealer.seal(seed))

    def _replace(self, path: Path, seed: memoryview) -> None:
        self._write(_next_of(path), seed)
        supersede(path, _next_of(path))


def _next_of(path: Path) -> Path:
    return path.with_name(path.name + NEXT)
