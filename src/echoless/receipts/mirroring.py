"""Copying a log so that the copy proves itself: entries are fetched, everything else is computed from them.

A copy goes on from what is there. Only once the entries give the root that the log signed does its checkpoint come
into the copy, last of all; so a copy is whole at every moment, and what a lying log had left in it is overwritten.
Pure: files come and go through functions.
source: C2SP tlog-tiles
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from echoless.core.errors import EcholessError
from echoless.receipts.checkpoint import Checkpoint, VerifierKey
from echoless.receipts.growing import Fetch, append_entries, read_entries
from echoless.receipts.log_check import LogFault, check_growth, fault_of
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import empty_root
from echoless.receipts.tiles import ENTRIES_LEVEL, TILE_WIDTH, Tile, finished_tiles

CHECKPOINT: Final = "checkpoint"
# Steps end where a tile of the second level is whole, so that hardly any partial ones are left on the way.
_TILES_A_STEP: Final = 256
# A log that is not honest may have entries as long as there can be, and would else fill the memory.
_STEP_BYTES_MAX: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to.

    checkpoint: the state that the copy has now; None where it has none
    new_count:  entries that came with this copy
    faults:     of the log, each with its place; the copy stays as it was then
    finished:   partial tiles that whole ones have replaced, which may go
    """

    checkpoint: Checkpoint | None
    new_count: int
    faults: tuple[tuple[LogFault, str], ...] = ()
    finished: tuple[str, ...] = ()


def copy_log(
    note: str,
    fetch: Fetch,
    keys: LogKeys,
    own: Fetch,
    put: Callable[[str, bytes], None],
    *,
    witnesses: Sequence[VerifierKey] = (),
    progress: Callable[[float], None] = lambda fraction: None,
) -> Copied:
    """Bring a copy up to the state of a note.

    fetch: reads the log's files
    own:   reads the copy's
    put:   writes one file of the copy, whole
    raises: EcholessError where the copy's own files are not this log's or are damaged; what `own` and `put` raise
    """
    seen = _seen(own, keys)
    try:
        wanted = keys.open(note, witnesses)
    except EcholessError as error:
        return Copied(seen, 0, ((LogFault.CHECKPOINT, error.public_description),))
    faults = () if seen is None else check_growth(wanted, seen, fetch)
    if faults:
        return Copied(seen, 0, faults)
    size, root, fault = 0 if seen is None else seen.size, empty_root() if seen is None else seen.root, None
    if wanted.size > size:
        root, fault = _grow(size, wanted.size, fetch, own, put=put, progress=progress)
    if fault is None and root != wanted.root:
        fault = (LogFault.WRONG_ROOT, "the entries do not give the root that was signed")
    if fault is not None:
        return Copied(seen, 0, (fault,))
    put(CHECKPOINT, note.encode("utf-8"))
    finished = tuple(f"{tile.path}.p" for tile in finished_tiles(size, wanted.size))
    return Copied(wanted, wanted.size - size, (), finished)


def _seen(own: Fetch, keys: LogKeys) -> Checkpoint | None:
    note = own(CHECKPOINT)
    return None if note is None else keys.open(note.decode("utf-8", "replace"))


def _grow(
    size: int, wanted_size: int, fetch: Fetch, own: Fetch, *, put: Callable[[str, bytes], None],
    progress: Callable[[float], None],
) -> tuple[bytes, tuple[LogFault, str] | None]:  # fmt: skip
    """Append the entries from `size` on to the copy; return its root, or what was wrong with the log's files."""
    root, written = empty_root(), dict[str, bytes]()

    def newest(path: str) -> bytes | None:
        return written[path] if path in written else own(path)

    while size < wanted_size:
        index, entries, length = size // TILE_WIDTH, list[bytes](), 0
        for tile_index in range(index, min(_next_step(index), -(-wanted_size // TILE_WIDTH))):
            if length > _STEP_BYTES_MAX:
                break
            try:
                entries += (more := read_entries(tile_index, wanted_size, fetch))
                length += sum(map(len, more))
            except EcholessError as error:
                place = Tile(ENTRIES_LEVEL, tile_index).path
                return root, (fault_of(error), f"{place}: {error.public_description}")
        growth = append_entries(size, entries[size - index * TILE_WIDTH :], newest)
        # What was left by a copy that came to nothing must not be read back as ours.
        written = dict(growth.files)
        for path, data in growth.files.items():
            put(path, data)
        size, root = growth.size, growth.root
        progress(size / wanted_size)
    return root, None


def _next_step(index: int) -> int:
    return (index // _TILES_A_STEP + 1) * _TILES_A_STEP
