"""One archive: a tar stream, sealed with age while it is written and opened while it is read.

Nothing of it is in memory as a whole, and nothing of it lies on a disk in clear. age proves each piece and the end:
a byte that was changed, a piece that was moved and an end that was cut off are all seen, the last only at the end.
So whoever reads must not use anything before `opened` has ended without an error.
source: age-encryption.org/v1; POSIX.1-2001 (pax)
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import pyrage

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.backups.age_keys import Identity, Recipient
from echoless.vault.stores.directory import sync_folder

PIECE_BYTES: Final = 256 * 1024
_END: Final = bytes(2 * tarfile.BLOCKSIZE)
_BREATH_S: Final = 0.0002


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive.

    pieces: of exactly `size_bytes` in all
    """

    name: str
    size_bytes: int
    pieces: Iterable[bytes]

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Entry:
        """Return an entry of what is in memory."""
        return cls(name, len(data), (data,))

    @classmethod
    def of_file(cls, name: str, path: Path) -> Entry:
        """Return an entry of a file that changes at most by growing: of what it holds now."""
        size_bytes = path.stat().st_size
        return cls(name, size_bytes, _pieces_of(path, size_bytes))


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an archive: its size and its SHA-256, both as it lies on the disk."""

    size_bytes: int
    sha256: str


def write_archive(
    path: Path, entries: Iterable[Entry], recipients: Sequence[Recipient], note: Callable[[int], None]
) -> Written:
    """Seal entries into a new file, durably.

    note:   takes how many bytes were read so far; raises to stop
    raises: EcholessError(BACKUP) when it cannot be written, for want of space or otherwise; OSError and
            EcholessError of the entries. No file is left then
    """
    target = _Target(path)
    source = _Source(_tar(entries), note)
    failed = False
    try:
        pyrage.encrypt_io(source, target, recipients)
        written = target.finish()
    except (pyrage.EncryptError, OSError):
        failed = True
    finally:
        target.close()
    if not failed:
        sync_folder(path.parent)
        return written
    path.unlink(missing_ok=True)
    if source.error is not None:
        raise source.error
    raise EcholessError(ErrorCode.BACKUP, f"an archive cannot be written ({target.reason})")


@contextmanager
def opened(path: Path, identities: Sequence[Identity]) -> Iterator[tuple[Iterator[Entry], Callable[[], Written]]]:
    """Read an archive: its entries, in order, each to be read before the next one.

    yields: the entries, and what tells size and hash of the file; the latter only after the block
    raises: EcholessError(BACKUP) for an archive that is cut off, was changed, opens with other identities only, or
            is none; EcholessError and OSError of the block
    """
    read_end, write_end = os.pipe()
    unsealing = _Unsealing(path, identities, write_end)
    thread = threading.Thread(target=unsealing.run, name="vault-unsealer", daemon=True)
    thread.start()
    fault: str | None = None
    try:
        with os.fdopen(read_end, "rb", buffering=PIECE_BYTES) as plain:
            try:
                with tarfile.open(fileobj=plain, mode="r|", bufsize=PIECE_BYTES) as tar:
                    yield _entries(tar), unsealing.written
                while plain.read(PIECE_BYTES):
                    pass
            except tarfile.TarError:
                fault = "is no archive of Echoless"
    finally:
        thread.join()
    fault = unsealing.fault or fault
    if fault is not None:
        raise refused(f"the archive {fault}")


def refused(description: str) -> EcholessError:
    """Return the error of an archive that is not accepted."""
    return EcholessError(ErrorCode.BACKUP, description)


def file_sha256(path: Path) -> str:
    """Return the hash of a file, read in pieces."""
    digest = hashlib.sha256()
    for piece in _pieces_of(path, path.stat().st_size):
        digest.update(piece)
    return digest.hexdigest()


class _Target:
    """The file that an archive goes to; counts and hashes what it is given."""

    def __init__(self, path: Path) -> None:
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self.reason = "it could not be sealed"
        try:
            self._file: IO[bytes] | None = os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb", PIECE_BYTES
            )
        except OSError as error:
            self._file = None
            self.reason = os.strerror(error.errno or 0)

    def write(self, data: bytes) -> int:
        """Take a piece."""
        self._digest.update(data)
        self._size_bytes += len(data)
        with self._remembering() as file:
            file.write(data)
        return len(data)

    def flush(self) -> None:
        """Write what is held."""
        with self._remembering() as file:
            file.flush()

    def finish(self) -> Written:
        """Make the file durable."""
        with self._remembering() as file:
            file.flush()
            os.fsync(file.fileno())
        return Written(self._size_bytes, self._digest.hexdigest())

    def close(self) -> None:
        """Close the file; what it refuses to take by now was said before."""
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.reason = os.strerror(error.errno or 0)

    @contextmanager
    def _remembering(self) -> Iterator[IO[bytes]]:
        if self._file is None:
            raise OSError(self.reason)
        try:
            yield self._file
        except OSError as error:
            self.reason = os.strerror(error.errno or 0)
            raise


class _Source:
    """What age reads from: pieces of any size, given out as it asks for them."""

    def __init__(self, pieces: Iterator[bytes], note: Callable[[int], None]) -> None:
        self._pieces = pieces
        self._note = note
        self._held = memoryview(b"")
        self._read_bytes = 0
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; nothing at the end."""
        try:
            while not self._held:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._held = memoryview(piece)
                # The process serves meanwhile: whoever waits for the interpreter gets it now.
                time.sleep(_BREATH_S)
            part, self._held = bytes(self._held[:size]), self._held[size:]
            self._read_bytes += len(part)
            self._note(self._read_bytes)
        except (EcholessError, OSError) as error:
            # age would say it in words of its own.
            self.error = error
            raise
        return part


class _Unsealing:
    """Opens an archive into a pipe, in a thread of its own."""

    def __init__(self, path: Path, identities: Sequence[Identity], write_end: int) -> None:
        self._path = path
        self._identities = identities
        self._write_end = write_end
        self._digest = hashlib.sha256()
        self._size_bytes = 0
        self._sealed: IO[bytes] | None = None
        self.fault: str | None = None

    def run(self) -> None:
        """Open to the end; `fault` says in words what was wrong."""
        try:
            with os.fdopen(self._write_end, "wb", buffering=0) as plain, self._path.open("rb") as self._sealed:
                pyrage.decrypt_io(self, _Whole(plain), self._identities)
                while self.read(PIECE_BYTES):
                    pass
        except pyrage.DecryptError:
            self.fault = "is not sealed for this identity, or is no archive"
        except BrokenPipeError:
            # Whoever read has stopped, and knows why.
            self.fault = None
        except FileNotFoundError:
            self.fault = "is not there"
        except OSError:
            self.fault = "is cut off or was changed"

    def read(self, size: int) -> bytes:
        """Give age the next bytes of the file."""
        assert self._sealed is not None, "age reads while the file is open"
        data = self._sealed.read(size)
        self._digest.update(data)
        self._size_bytes += len(data)
        return data

    def written(self) -> Written:
        """Return size and hash of all that was read."""
        return Written(self._size_bytes, self._digest.hexdigest())


class _Whole:
    """Writes each piece whole: a pipe may take less at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        """Write a piece."""
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        return len(data)

    def flush(self) -> None:
        """Nothing is held."""


def _tar(entries: Iterable[Entry]) -> Iterator[bytes]:
    for entry in entries:
        head = tarfile.TarInfo(entry.name)
        head.size, head.mode = entry.size_bytes, 0o600
        yield head.tobuf(tarfile.PAX_FORMAT)
        size_bytes = 0
        for piece in entry.pieces:
            size_bytes += len(piece)
            yield piece
        if size_bytes != entry.size_bytes:
            raise EcholessError(ErrorCode.BACKUP, "a file changed its size while it was backed up")
        yield bytes(-size_bytes % tarfile.BLOCKSIZE)
    yield _END


def _entries(tar: tarfile.TarFile) -> Iterator[Entry]:
    for head in tar:
        if not head.isreg():
            raise refused("the archive holds something that is no file")
        file = tar.extractfile(head)
        assert file is not None, "a regular file has content"
        yield Entry(head.name, head.size, _until_the_end(file))


def _until_the_end(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


def _pieces_of(path: Path, size_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    with path.open("rb", buffering=0) as file:
        while left and (piece := file.read(min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece
