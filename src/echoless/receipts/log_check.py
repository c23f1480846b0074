"""Checking a log without trusting it: entries against tiles, root and signature, and against what was seen before.

A log that lies is caught by what it signed: a changed, lost or moved entry gives another root; a log that shows two
people different trees cannot show both to be the beginning of one; one that went back is smaller than it was.
source: RFC 6962 section 2, C2SP tlog-tiles
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import Checkpoint, VerifierKey
from echoless.receipts.growing import Fetch, HashReader, read_entries, read_hashes
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import (
    consistency_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
)
from echoless.receipts.tiles import ENTRIES_LEVEL, TILE_HEIGHT, TILE_WIDTH, Tile


class LogFault(StrEnum):
    """What can be wrong with a log."""

    CHECKPOINT = "checkpoint"
    MISSING_FILE = "missing_file"
    BROKEN_FILE = "broken_file"
    WRONG_TILE = "wrong_tile"
    WRONG_ROOT = "wrong_root"
    ROLLBACK = "rollback"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a check found.

    checkpoint:  None where it cannot be believed
    entry_count: of those that were to be read
    faults:      each with the place, for example the path of a tile
    """

    checkpoint: Checkpoint | None
    entry_count: int
    faults: tuple[tuple[LogFault, str], ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was wrong."""
        return self.checkpoint is not None and not self.faults


def check_log(
    note: str,
    fetch: Fetch,
    log_key: VerifierKey | LogKeys,
    *,
    witnesses: Sequence[VerifierKey] = (),
    seen: Checkpoint | None = None,
    is_whole: bool = True,
    progress: Callable[[float], None] = lambda fraction: None,
) -> LogReport:
    """Check a log.

    note:     its newest signed checkpoint
    log_key:  its key, or all that it has had
    seen:     a checkpoint that was believed earlier, whose tree must be the beginning of this one
    is_whole: whether every entry is read; else only those that came after `seen`, whose own were read then
    returns:  every fault that was found; entries are read once, one tile at a time
    """
    keys = log_key if isinstance(log_key, LogKeys) else LogKeys(log_key)
    try:
        checkpoint = keys.open(note, witnesses)
    except EcholessError as error:
        return LogReport(None, 0, ((LogFault.CHECKPOINT, error.public_description),))
    faults = _against_seen(checkpoint, seen, fetch)
    start = None if is_whole else seen
    if start is None or not faults:
        faults += _against_entries(checkpoint, start, fetch, progress)
    count = checkpoint.size - (0 if start is None else min(start.size, checkpoint.size))
    return LogReport(checkpoint, count, tuple(faults))


def check_growth(checkpoint: Checkpoint, seen: Checkpoint, fetch: Fetch) -> tuple[tuple[LogFault, str], ...]:
    """Check only that what was seen earlier is the beginning of the log; reads a few tiles."""
    return tuple(_against_seen(checkpoint, seen, fetch))


def _against_seen(checkpoint: Checkpoint, seen: Checkpoint | None, fetch: Fetch) -> list[tuple[LogFault, str]]:
    if seen is None:
        return []
    if seen.origin != checkpoint.origin:
        return [(LogFault.FORK, "the saved checkpoint is of another log")]
    if seen.size > checkpoint.size:
        return [(LogFault.ROLLBACK, f"the log had {seen.size} entries and has {checkpoint.size}")]
    return _against_beginning(checkpoint, seen, fetch)


def _against_beginning(checkpoint: Checkpoint, seen: Checkpoint, fetch: Fetch) -> list[tuple[LogFault, str]]:
    try:
        reader = HashReader(checkpoint.size, fetch)
        proof = consistency_proof(seen.size, checkpoint.size, reader.hash_at) if seen.size else []
    except EcholessError as error:
        return [(fault_of(error), error.public_description)]
    if verify_consistency(seen.size, checkpoint.size, proof, seen.root, checkpoint.root):
        return []
    if _shows_another(seen.size, checkpoint, proof, reader):
        return [(LogFault.FORK, f"the first {seen.size} entries are not those that were seen")]
    return [(LogFault.WRONG_TILE, "the tiles of hashes do not give the root that was signed")]


def _shows_another(size: int, checkpoint: Checkpoint, proof: Sequence[bytes], reader: HashReader) -> bool:
    """Whether the tiles prove that the signed tree begins with something else than was seen. Only that is the log's
    own word against itself; tiles that do not even lead to the signed root may have been broken by anybody.
    """
    try:
        beginning = root_of(size, reader.hash_at)
    except EcholessError:
        return False
    is_same_size = size == checkpoint.size
    return is_same_size or verify_consistency(size, checkpoint.size, proof, beginning, checkpoint.root)


def _against_entries(
    checkpoint: Checkpoint, start: Checkpoint | None, fetch: Fetch, progress: Callable[[float], None]
) -> list[tuple[LogFault, str]]:
    size, first = checkpoint.size, 0
    edge = _Edge(size, fetch)
    if start is not None:
        first = start.size
        fault = edge.resume(start)
        if fault is not None:
            return [fault]
    for index in range(first // TILE_WIDTH, -(-size // TILE_WIDTH)):
        try:
            entries = read_entries(index, size, fetch)
        except EcholessError as error:
            # Nothing above entries that are unknown can be computed.
            place = Tile(ENTRIES_LEVEL, index).path
            return [*edge.faults, (fault_of(error), f"{place}: {error.public_description}")]
        for entry in entries[max(0, first - index * TILE_WIDTH) :]:
            edge.add(0, leaf_hash(entry))
        progress(min(1.0, (index + 1) * TILE_WIDTH / size))
    edge.compare_rest()
    if root_of(size, edge.hash_at) != checkpoint.root:
        edge.faults.append((LogFault.WRONG_ROOT, "the entries do not give the root that was signed"))
    return edge.faults


class _Edge:
    """The tree as its entries give it, of which only the unfinished tile of each level is in memory."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        self._size = size
        self._fetch = fetch
        self._open: list[list[bytes]] = []
        self._done_count: list[int] = []
        self.faults: list[tuple[LogFault, str]] = []

    def resume(self, start: Checkpoint) -> tuple[LogFault, str] | None:
        """Go on from a state that was believed, with the hashes at its edge; they are believed as far as they give
        its root.

        returns: what is wrong with the log's files, or None
        """
        reader = HashReader(self._size, self._fetch)
        level = 0
        while count := start.size >> (TILE_HEIGHT * level):
            done, width = divmod(count, TILE_WIDTH)
            try:
                self._open.append(reader.tile(level, done)[:width] if width else [])
            except EcholessError as error:
                return fault_of(error), f"{Tile(level, done).path}: {error.public_description}"
            self._done_count.append(done)
            level += 1
        if root_of(start.size, self.hash_at) != start.root:
            return LogFault.WRONG_TILE, "the tiles of hashes do not give the root that was seen"
        return None

    def add(self, level: int, digest: bytes) -> None:
        """Add the next hash of a level of tiles; a tile that is whole is compared and let go."""
        if level == len(self._open):
            self._open.append([])
            self._done_count.append(0)
        hashes = self._open[level]
        hashes.append(digest)
        if len(hashes) == TILE_WIDTH:
            self._compare(level)
            self._open[level] = []
            self._done_count[level] += 1
            self.add(level + 1, _joined(hashes))

    def compare_rest(self) -> None:
        """Compare the tiles at the right edge, which stay partial."""
        for level, hashes in enumerate(self._open):
            if hashes:
                self._compare(level)

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of a subtree at the right edge."""
        tile_level, rest = divmod(level, TILE_HEIGHT)
        place = (index << rest) - self._done_count[tile_level] * TILE_WIDTH
        return _joined(self._open[tile_level][place : place + (1 << rest)])

    def _compare(self, level: int) -> None:
        tile = Tile(level, self._done_count[level], len(self._open[level]))
        try:
            stored = read_hashes(level, tile.index, self._size, self._fetch)
        except EcholessError as error:
            self.faults.append((fault_of(error), f"{tile.path}: {error.public_description}"))
            return
        if stored != self._open[level]:
            self.faults.append((LogFault.WRONG_TILE, tile.path))


def _joined(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[pair], hashes[pair + 1]) for pair in range(0, len(hashes), 2)]
    return hashes[0]


def fault_of(error: EcholessError) -> LogFault:
    """Return what is wrong with a log of which this was raised when a file of it was read."""
    return LogFault.MISSING_FILE if error.code is ErrorCode.NOT_FOUND else LogFault.BROKEN_FILE
