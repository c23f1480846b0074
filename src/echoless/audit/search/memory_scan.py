"""Searches the whole readable memory of processes, as their ancestor, as root, or in an audit view.

Every readable mapping is read: heap, stacks, data of libraries, anonymous and shared memory. Nothing is written
and no process is stopped; a copy that moves while it is searched for may be seen twice or, rarely, not at all.
source: proc(5), /proc/PID/maps and /proc/PID/mem
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from echoless.audit.search.finder import Finder
from echoless.audit.search.needles import MASK_BYTE, Needle
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.processes import ProcessIdentity

BLOCK_BYTES: Final = 4 * 1024 * 1024
COVERAGE_MIN: Final = 0.95
_PIECE_BYTES: Final = 64 * 1024
_PAGE_BYTES: Final = 4096
# Mappings of the kernel's own, which /proc/PID/mem does not give out; they hold clocks, never our data.
_KERNEL_MAPPINGS: Final = ("[vvar]", "[vvar_vclock]", "[vsyscall]")
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Region:
    """One readable mapping.

    name: the file's base name, `[heap]`, `[stack]` or `anonymous`
    """

    start: int
    end: int
    permissions: str
    name: str

    @property
    def size_bytes(self) -> int:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Hit:
    """One copy: where it was and of what; never the copy itself."""

    pid: int
    role: str
    region: str
    kind: str
    owner: str
    address: int


@dataclass(frozen=True, slots=True)
class ProcessScan:
    """What was read of one process."""

    process: ProcessIdentity
    region_count: int
    readable_bytes: int
    read_bytes: int

    @property
    def coverage(self) -> float:
        """The part of the readable bytes that was read."""
        return self.read_bytes / self.readable_bytes if self.readable_bytes else 0.0


@dataclass(frozen=True, slots=True)
class MemoryScan:
    """The result for all processes."""

    processes: tuple[ProcessScan, ...]
    hits: tuple[Hit, ...]
    needle_count: int

    @property
    def read_bytes(self) -> int:
        """All bytes read."""
        return sum(scan.read_bytes for scan in self.processes)

    @property
    def is_complete(self) -> bool:
        """Whether at least 95 % of the readable bytes of every process were read."""
        return bool(self.processes) and all(scan.coverage >= COVERAGE_MIN for scan in self.processes)

    def copies(self) -> Counter[str]:
        """Return how many copies each owner has."""
        return Counter(hit.owner for hit in self.hits)

    def owners(self) -> set[str]:
        """Return whose copies were found."""
        return {hit.owner for hit in self.hits}


@dataclass(slots=True)
class _Target:
    process: ProcessIdentity
    descriptor: int
    regions: list[Region] = field(default_factory=list)
    read_bytes: int = 0
    hits: list[Hit] = field(default_factory=list)

    @property
    def readable_bytes(self) -> int:
        return sum(region.size_bytes for region in self.regions)


def scan_memory(
    family: Iterable[ProcessIdentity], needles: Sequence[Needle], progress: Progress | None = None
) -> MemoryScan:
    """Search all readable memory of some processes.

    family:   the processes, as `family_of` returns them
    needles:  what to search for
    progress: called with the fraction that is done
    raises:   EcholessError(NOT_FOUND) when a process has gone, EcholessError(MISSING_PERMISSIONS) when its memory
              may not be read by this user
    """
    finder = Finder(needles)
    targets: list[_Target] = []
    try:
        for process in family:
            targets.append(_opened(process))
        total = sum(target.readable_bytes for target in targets) or 1
        buffer = np.zeros(BLOCK_BYTES + _PAGE_BYTES, dtype=np.uint8)
        assert finder.longest_bytes <= _PAGE_BYTES, "a needle is longer than the overlap of two blocks"
        done = 0
        for target in targets:
            for block_bytes in _search(target, finder, buffer):
                done += block_bytes
                if progress is not None:
                    progress(done / total)
        buffer[:] = 0
    finally:
        for target in targets:
            os.close(target.descriptor)
    scans = tuple(
        ProcessScan(target.process, len(target.regions), target.readable_bytes, target.read_bytes)
        for target in targets
    )
    hits = tuple(hit for target in targets for hit in target.hits)
    return MemoryScan(scans, hits, finder.needle_count)


def readable_regions(pid: int) -> list[Region]:
    """Return the readable mappings of a process, the kernel's own pages left out.

    raises: EcholessError(NOT_FOUND) when it is gone
    """
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except PermissionError:
        raise_code = ErrorCode.MISSING_PERMISSIONS
    except OSError:
        raise_code = ErrorCode.NOT_FOUND
    else:
        return [region for region in map(_parsed, lines) if _is_searchable(region)]
    raise EcholessError(raise_code, f"the memory map of process {pid} cannot be read")


def _parsed(line: str) -> Region:
    addresses, permissions, _offset, _device, _inode, *rest = line.split(maxsplit=5)
    start, end = (int(part, 16) for part in addresses.split("-"))
    path = rest[0] if rest else ""
    name = Path(path).name if path.startswith("/") else path or "anonymous"
    return Region(start, end, permissions, name)


def _is_searchable(region: Region) -> bool:
    return region.permissions.startswith("r") and region.name not in _KERNEL_MAPPINGS


def _opened(process: ProcessIdentity) -> _Target:
    """Open a process's memory; the kernel decides here whether we may."""
    try:
        descriptor = os.open(f"/proc/{process.pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError:
        code = ErrorCode.MISSING_PERMISSIONS
    except OSError:
        code = ErrorCode.NOT_FOUND
    else:
        return _Target(process, descriptor, readable_regions(process.pid))
    raise EcholessError(code, f"the memory of process {process.pid} ({process.role}) cannot be read")


def _search(target: _Target, finder: Finder, buffer: NDArray[np.uint8]) -> Iterator[int]:
    """Search one process block by block; yields how many bytes of its regions were passed."""
    overlap = finder.longest_bytes - 1
    process = target.process
    for region in target.regions:
        for start in range(region.start, region.end, BLOCK_BYTES):
            end = min(start + BLOCK_BYTES, region.end)
            block = buffer[: min(end + overlap, region.end) - start]
            unread = _read(target.descriptor, block.data, start)
            target.read_bytes += max(0, end - start - unread)
            for place, needle in _find(block, end - start, finder):
                target.hits.append(
                    Hit(process.pid, process.role, region.name, needle.kind, needle.owner, start + place)
                )
            yield end - start


def _read(descriptor: int, view: memoryview, address: int) -> int:
    """Fill the view from an address.

    returns: how many bytes could not be read; they are zero in the view
    """
    place = unread = 0
    while place < len(view):
        try:
            count = os.preadv(descriptor, [view[place:]], address + place)
        except OSError:
            count = 0
        if count == 0:
            # A page behind the end of a mapped file, or one that was unmapped meanwhile.
            count = min(_PAGE_BYTES - (address + place) % _PAGE_BYTES, len(view) - place)
            view[place : place + count] = bytes(count)
            unread += count
        place += count
    return unread


def _find(block: NDArray[np.uint8], end: int, finder: Finder) -> Iterator[tuple[int, Needle]]:
    """Yield what begins before `end` in a block; long runs of zeros are not searched.

    The block is put under the mask where it stands, so that no second copy of what was read is made.
    """
    runs = list(_runs(block))
    overlap = finder.longest_bytes - 1
    np.bitwise_xor(block, np.uint8(MASK_BYTE), out=block)
    for first, last in runs:
        limit = min(last, end) - first
        for place, needle in finder.find(block[first : last + overlap], limit):
            yield first + place, needle


def _runs(block: NDArray[np.uint8]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of 64 KiB pieces that are not all zero."""
    begin: int | None = None
    for start in range(0, len(block), _PIECE_BYTES):
        if not block[start : start + _PIECE_BYTES].any():
            if begin is not None:
                yield begin, start
            begin = None
        elif begin is None:
            begin = start
    if begin is not None:
        yield begin, len(block)
