"""The transparency log on disk: tiles and checkpoints as plain files, so that any web server can mirror them.

    log/checkpoint        the newest signed state, replaced whole
    log/tile/...          hashes and entries, never changed once a checkpoint covers them

Files come first, the checkpoint last, so that what it signs is always there. What a crash left of an append that
no checkpoint covers is overwritten by the next one.
Steps for one thread at a time.
source: C2SP tlog-tiles
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, open_checkpoint, sign_checkpoint
from echoless.receipts.growing import append_entries
from echoless.receipts.log_check import check_growth
from echoless.receipts.merkle import empty_root
from echoless.receipts.tiles import finished_tiles
from echoless.vault.stores.directory import sync_folder, write_whole

_CHECKPOINT: Final = "checkpoint"


class ProofLog:
    """Appends to one log and reads it.

    origin: the log's name in checkpoints, a schema-less address
    raises: EcholessError(DATA_DIRECTORY) where the newest checkpoint is not signed by this key
    """

    def __init__(self, folder: Path, origin: str, key: Ed25519PrivateKey) -> None:
        self._folder = folder
        self._key = key
        self.verifier = VerifierKey(origin, key.public_key().public_bytes_raw())
        self._state = self._opened()

    @property
    def state(self) -> Checkpoint:
        """How large the log is, and its root."""
        return self._state

    def append(self, entries: Sequence[bytes]) -> int:
        """Append entries durably; return the index of the first.

        raises: OSError where the disk refuses: nothing is appended then
                EcholessError(DATA_DIRECTORY) where the log's own files are not in order
        """
        first = self._state.size
        if not entries:
            return first
        try:
            growth = append_entries(first, entries, self.fetch)
        except EcholessError as error:
            reason = error.public_description
        else:
            self._write(growth.files)
            state = Checkpoint(self._state.origin, growth.size, growth.root)
            write_whole(self._folder / _CHECKPOINT, sign_checkpoint(state, self._key).encode("utf-8"))
            self._state = state
            self._drop_partial_tiles(first)
            return first
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the transparency log is damaged: {reason}")

    def note(self) -> str:
        """Return the newest signed checkpoint."""
        return sign_checkpoint(self._state, self._key)

    def fetch(self, path: str) -> bytes | None:
        """Return one file of the log, or None. Paths are the log's own, never a client's."""
        try:
            return (self._folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def is_beginning(self, seen: Checkpoint) -> bool:
        """Whether a state that was seen earlier is the beginning of this log."""
        return not check_growth(self._state, seen, self.fetch)

    def _opened(self) -> Checkpoint:
        note = self.fetch(_CHECKPOINT)
        if note is None:
            return Checkpoint(self.verifier.name, 0, empty_root())
        try:
            return open_checkpoint(note.decode("utf-8", "replace"), self.verifier)
        except EcholessError as error:
            reason = error.public_description
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the transparency log cannot be continued: {reason}")

    def _write(self, files: dict[str, bytes]) -> None:
        folders: set[Path] = set()
        for path, data in files.items():
            place = self._folder / path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            folders.add(place.parent)
        for folder in folders:
            sync_folder(folder)

    def _drop_partial_tiles(self, old_size: int) -> None:
        """Remove partial tiles whose whole ones are there now: the specification lets a log forget them."""
        for tile in finished_tiles(old_size, self._state.size):
            shutil.rmtree(self._folder / f"{tile.path}.p", ignore_errors=True)
