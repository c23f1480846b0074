"""The transparency log on disk: tiles and checkpoints as plain files, so that any web server can mirror them.

    log/checkpoint        the newest signed state, replaced whole
    log/tile/...          hashes and entries, never changed once a checkpoint covers them
    log/newest-build      which program was entered last, so that only another one is entered again

Files come first, the checkpoint last, so that what it signs is always there. What a crash left of an append that
no checkpoint covers is overwritten by the next one.
Steps for one thread at a time.
source: C2SP tlog-tiles
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey, open_checkpoint, sign_checkpoint
from echoless.receipts.growing import Fetch, append_entries
from echoless.receipts.log_check import check_growth
from echoless.receipts.merkle import empty_root
from echoless.receipts.signing import SigningKey
from echoless.receipts.tiles import finished_tiles
from echoless.vault.stores.directory import sync_folder, write_all, write_whole

_CHECKPOINT: Final = "checkpoint"
_NEWEST_BUILD: Final = "newest-build"
_OWN_NAME: Final = "echoless.invalid"
_ORIGIN_FORM: Final = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[A-Za-z0-9._~-]+)*")
_ORIGIN_MAX: Final = 200


def reader_of(folder: Path) -> Fetch:
    """Return what reads the files of a log in a folder."""

    def fetch(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except FileNotFoundError:
            return None

    return fetch


def has_log(folder: Path) -> bool:
    """Whether a log was begun in a folder."""
    return (folder / _CHECKPOINT).exists()


def origin_of(folder: Path, key: SigningKey, configured: str = "") -> str:
    """Return the name of a log: what it is called already, else what is configured, else one made of its key.

    configured: a schema-less address, for example `speech.example/log`; empty for none
    raises:     EcholessError(CONFIGURATION) for what is no such address, or another one than the log has
    """
    if configured and (len(configured) > _ORIGIN_MAX or _ORIGIN_FORM.fullmatch(configured) is None):
        raise EcholessError(
            ErrorCode.CONFIGURATION, "log_origin is an address without a scheme, such as speech.example/log"
        )
    path = folder / _CHECKPOINT
    if not path.exists():
        # No name of ours could ever be somebody else's host, and no two keys have the same one.
        digest = hashlib.sha256(key.public_key().public_bytes_raw()).hexdigest()
        return configured or f"{_OWN_NAME}/{digest[:16]}"
    found = path.read_bytes().partition(b"\n")[0].decode("utf-8", "replace")
    if configured and configured != found:
        raise EcholessError(
            ErrorCode.CONFIGURATION,
            f"the transparency log of this data directory is {found}, and the configuration says {configured}: "
            "a log keeps its name for ever, so set log_origin to it or leave it out",
        )
    return found


class ProofLog:
    """Appends to one log and reads it.

    origin: the log's name in checkpoints, a schema-less address
    former: public keys that signed it before, in case the newest checkpoint is still theirs
    settle: called before anything is appended; nothing is where it raises
    raises: EcholessError(DATA_DIRECTORY) where the newest checkpoint is signed by none of these keys
    """

    def __init__(
        self, folder: Path, origin: str, key: SigningKey, former: Sequence[bytes] = (),
        settle: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._settle = settle
        self._key = key
        self.verifier = VerifierKey(origin, key.public_key().public_bytes_raw())
        self._former = [VerifierKey(origin, public) for public in former]
        # Replaced in one step: whoever asks while another thread appends gets a state with its own note.
        self._newest = self._opened()

    @property
    def state(self) -> Checkpoint:
        """How large the log is, and its root."""
        return self._newest[0]

    def append(self, entries: Sequence[bytes]) -> int:
        """Append entries durably; return the index of the first.

        raises: OSError where the disk refuses: nothing is appended then, or all of it where only the last step
                failed, which the state says
                EcholessError(DATA_DIRECTORY) where the log's own files are not in order
        """
        return self._append(entries, lambda state: sign_checkpoint(state, self._key))

    def append_turn(self, entry: bytes, key: SigningKey) -> int:
        """Append the entry that ends the key of the log, and go on with another one. The state with it is signed by
        both, so that whoever believes the one can go over to the other; as `append` otherwise.
        """
        first = self.state.size
        try:
            return self._append([entry], lambda state: sign_checkpoint(state, self._key) + _line_of(state, key))
        finally:
            # What was published has happened, also where the disk refused afterwards.
            if self.state.size > first:
                self._former.append(self.verifier)
                self._key = key
                self.verifier = VerifierKey(self.verifier.name, key.public_key().public_bytes_raw())

    def _append(self, entries: Sequence[bytes], sign: Callable[[Checkpoint], str]) -> int:
        first = self.state.size
        if not entries:
            return first
        self._settle()
        try:
            growth = append_entries(first, entries, self.fetch)
        except EcholessError as error:
            reason = error.public_description
        else:
            self._write(growth.files)
            state = Checkpoint(self.state.origin, growth.size, growth.root)
            self._publish(state, sign(state))
            self._drop_partial_tiles(first)
            return first
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the transparency log is damaged: {reason}")

    def note(self) -> str:
        """Return the newest signed checkpoint."""
        return self.newest()[1]

    def newest(self) -> tuple[Checkpoint, str]:
        """Return the newest state and its signed checkpoint, which fit together whoever appends meanwhile."""
        state, note = self._newest
        return state, note or sign_checkpoint(state, self._key)

    def fetch(self, path: str) -> bytes | None:
        """Return one file of the log, or None. Paths are the log's own, never a client's."""
        return reader_of(self._folder)(path)

    def newest_build(self) -> str:
        """Return the hash of the build that was entered last; empty where none was."""
        return (self.fetch(_NEWEST_BUILD) or b"").decode("ascii", "replace")

    def note_build(self, build_hash: str) -> None:
        """Take note of the build that was entered."""
        write_whole(self._folder / _NEWEST_BUILD, build_hash.encode("ascii"))

    def is_beginning(self, seen: Checkpoint) -> bool:
        """Whether a state that was seen earlier is the beginning of this log."""
        return not check_growth(self.state, seen, self.fetch)

    def _publish(self, state: Checkpoint, note: str) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        try:
            write_whole(self._folder / _CHECKPOINT, note.encode("utf-8"))
        except OSError:
            # It may be there all the same, and read by somebody: going on from the state before would be a fork.
            self._newest = self._opened()
            raise
        self._newest = state, note

    def _opened(self) -> tuple[Checkpoint, str]:
        found = self.fetch(_CHECKPOINT)
        if found is None:
            return Checkpoint(self.verifier.name, 0, empty_root()), ""
        note, reason = found.decode("utf-8", "replace"), ""
        for key in (self.verifier, *self._former):
            try:
                state = open_checkpoint(note, key)
            except EcholessError as error:
                reason = reason or error.public_description
            else:
                # Where a crash left the state of a turn, the key that follows signs it too.
                return state, note if key == self.verifier else note + _line_of(state, self._key)
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the transparency log cannot be continued: {reason}")

    def _write(self, files: dict[str, bytes]) -> None:
        folders: set[Path] = set()
        for path, data in files.items():
            place = self._folder / path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                write_all(descriptor, data)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            folders.add(place.parent)
        for folder in folders:
            sync_folder(folder)

    def _drop_partial_tiles(self, old_size: int) -> None:
        """Remove partial tiles whose whole ones are there now: the specification lets a log forget them."""
        for tile in finished_tiles(old_size, self.state.size):
            shutil.rmtree(self._folder / f"{tile.path}.p", ignore_errors=True)


def _line_of(state: Checkpoint, key: SigningKey) -> str:
    """Return the line of a signature, to stand below others."""
    return sign_checkpoint(state, key).partition("\n\n")[2]
