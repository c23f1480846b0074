"""The state of a C library as a value: saved, put back, and nothing of what happened between is left.

A library that keeps text and samples in static memory is rolled back after each use: its writable segments are
written back from a copy. That alone would leak or free twice whatever the library allocated or freed meanwhile,
so its calls to the allocator go through a ledger: blocks made since the copy are freed at the roll-back, and
blocks that belong to a copy are never freed before the copy itself is released. So one library can hold many
saved states (voices) side by side and change between them at the price of one memory copy.

What C++ code makes by `new` happens hundreds of times in one call and stays outside the ledger. Objects of that
kind that outlive a call are found once, by watching one call, and the words that point at them are left out of
every copy: they stay with the library and are replaced by it alone.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.tts.elf_image import ElfImage, Region

# Larger blocks are dictionaries and phoneme tables, which the library only reads.
COPIED_BLOCK_BYTES_MAX: Final = 64 * 1024
_POINTER: Final = ctypes.c_void_p
_SIZE: Final = ctypes.c_size_t
_DL_INFO_BYTES: Final = 64
_PROTOTYPES: Final[dict[str, tuple[Any, ...]]] = {
    "malloc": (_POINTER, _SIZE),
    "calloc": (_POINTER, _SIZE, _SIZE),
    "realloc": (_POINTER, _POINTER, _SIZE),
    "strdup": (_POINTER, _POINTER),
    "free": (None, _POINTER),
}
# operator new(size_t), delete(void*), delete(void*, size_t)
_CPP_PROTOTYPES: Final[dict[str, tuple[Any, ...]]] = {
    "_Znwm": (_POINTER, _SIZE),
    "_ZdlPv": (None, _POINTER),
    "_ZdlPvm": (None, _POINTER, _SIZE),
}
_WORD_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class SavedState:
    """A library's memory at one moment. It holds no content: it is taken before any is spoken.

    pieces: addresses with the bytes that belong there
    blocks: heap blocks that this state owns, address and size
    """

    pieces: tuple[tuple[int, bytes], ...] = field(repr=False)
    blocks: dict[int, int] = field(repr=False)

    @property
    def held_bytes(self) -> int:
        """Memory that lives as long as this state."""
        return sum(len(data) for _address, data in self.pieces) + sum(self.blocks.values())


class LibraryState:
    """Rolls one loaded library back. One instance per library and process; the library must be idle."""

    def __init__(self, image: ElfImage) -> None:
        self._image = image
        self._fresh: dict[int, int] = {}
        self._libc = ctypes.PyDLL(None)
        self._libc.memmove.argtypes = (_POINTER, _POINTER, _SIZE)
        self._libc.malloc_usable_size.argtypes = (_POINTER,)
        self._libc.malloc_usable_size.restype = _SIZE
        self._real = {name: self._bind(name) for name in _PROTOTYPES}
        self._hooks: list[object] = []
        self._spots = self._image.writable
        self._pristine = self.save()
        self._install()

    @property
    def regions(self) -> tuple[Region, ...]:
        """The library's writable segments."""
        return self._image.writable

    def save(self, *, copies_blocks: bool = True) -> SavedState:
        """Take the present state as a value; blocks made since the last save or roll-back become its own.

        copies_blocks: whether the contents of its smaller blocks are part of it too
        """
        blocks, self._fresh = self._fresh, {}
        spots = [(region.address, region.size_bytes) for region in self._spots]
        if copies_blocks:
            spots += [(at, size) for at, size in blocks.items() if 0 < size <= COPIED_BLOCK_BYTES_MAX]
        return SavedState(tuple((at, ctypes.string_at(at, size)) for at, size in spots), blocks)

    def roll_back(self, state: SavedState) -> None:
        """Put a saved state back and free every block made since."""
        for address, data in state.pieces:
            self._libc.memmove(address, data, len(data))
        if self._fresh:
            self._free_all(self._fresh)

    def release(self, state: SavedState) -> None:
        """Free what a state owns; it must not be put back afterwards, nor be the present one."""
        self._free_all(state.blocks)

    def leave_out_outliving(self, call: Callable[[], object]) -> int:
        """Watch one call of the library and leave out of all copies what points at objects that outlive it.

        call:    must use whatever of the library later calls will use
        returns: how many words are left out
        """
        live: set[int] = set()
        real = {name: self._bind(name, _CPP_PROTOTYPES) for name in _CPP_PROTOTYPES}

        def make(size: int) -> int:
            block = int(real["_Znwm"](size))
            live.add(block)
            return block

        def unmake(block: int | None, *size: int) -> None:
            live.discard(block or 0)
            real["_ZdlPvm" if size else "_ZdlPv"](block, *size)

        watchers: dict[str, Callable[..., Any]] = {"_Znwm": make, "_ZdlPv": unmake, "_ZdlPvm": unmake}
        hooks = [self._hook(name, watchers[name], _CPP_PROTOTYPES) for name in watchers]
        try:
            call()
        finally:
            for name, function in real.items():
                self._point(name, ctypes.cast(function, _POINTER).value or 0)
            hooks.clear()
        roots = [at for region in self._image.writable for at in _words_in(region, live)]
        self._spots = tuple(part for region in self._image.writable for part in _without(region, roots))
        return len(roots)

    def close(self, terminate: Callable[[], object]) -> None:
        """Let the library call the allocator itself again and end, then make it as it was before its first use.

        terminate: ends the library; it must have been rolled back to its first state
        """
        for name in _PROTOTYPES:
            self._point(name, ctypes.cast(self._real[name], _POINTER).value or 0)
        terminate()
        self.roll_back(self._pristine)
        self._hooks.clear()

    def _free_all(self, blocks: dict[int, int]) -> None:
        free = self._real["free"]
        while blocks:
            free(blocks.popitem()[0])

    def _bind(self, name: str, prototypes: dict[str, tuple[Any, ...]] = _PROTOTYPES) -> Any:
        """Return the allocator's function as the library calls it now."""
        result, *arguments = prototypes[name]
        slots = self._image.import_slots.get(name, ())
        if not slots and name in _CPP_PROTOTYPES:
            return ctypes.PYFUNCTYPE(result, *arguments)()
        if not slots:
            return ctypes.PYFUNCTYPE(result, *arguments)((name, self._libc))
        address = ctypes.c_uint64.from_address(slots[0]).value
        # A function of a loaded object has an entry there; a hook of another instance of ours has none.
        if not self._libc.dladdr(_POINTER(address), ctypes.create_string_buffer(_DL_INFO_BYTES)):
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the speech library is in use already")
        return ctypes.PYFUNCTYPE(result, *arguments)(address)

    def _install(self) -> None:
        ledger: dict[str, Callable[..., Any]] = {
            "malloc": self._malloc,
            "calloc": self._calloc,
            "realloc": self._realloc,
            "strdup": self._strdup,
            "free": self._free,
        }
        self._hooks += [self._hook(name, function, _PROTOTYPES) for name, function in ledger.items()]

    def _hook(self, name: str, function: Callable[..., Any], prototypes: dict[str, tuple[Any, ...]]) -> object:
        result, *arguments = prototypes[name]
        hook = ctypes.PYFUNCTYPE(result, *arguments)(function)
        self._point(name, ctypes.cast(hook, _POINTER).value or 0)
        return hook

    def _point(self, name: str, address: int) -> None:
        for slot in self._image.import_slots.get(name, ()):
            assert address, "a function without an address"
            if not any(r.address <= slot < r.address + r.size_bytes for r in self._image.writable):
                raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the speech library's imports are sealed")
            ctypes.c_uint64.from_address(slot).value = address

    # What the library calls instead of the allocator. These run inside the library and must not raise.

    def _malloc(self, size: int) -> int | None:
        return self._note(self._real["malloc"](size), size)

    def _calloc(self, count: int, size: int) -> int | None:
        return self._note(self._real["calloc"](count, size), count * size)

    def _strdup(self, text: int | None) -> int | None:
        copy: int | None = self._real["strdup"](text)
        return self._note(copy, self._libc.malloc_usable_size(copy))

    def _realloc(self, block: int | None, size: int) -> int | None:
        if block is None:
            return self._malloc(size)
        if block in self._fresh:
            moved: int | None = self._real["realloc"](block, size)
            if moved is not None:
                del self._fresh[block]
            return self._note(moved, size)
        # The block belongs to a saved state and must stay as it is.
        copy = self._malloc(size)
        if copy is not None:
            self._libc.memmove(copy, block, min(size, self._libc.malloc_usable_size(block)))
        return copy

    def _free(self, block: int | None) -> None:
        if block is not None and self._fresh.pop(block, None) is not None:
            self._real["free"](block)

    def _note(self, block: int | None, size: int) -> int | None:
        if block is not None:
            self._fresh[block] = size
        return block


def _words_in(region: Region, values: set[int]) -> list[int]:
    """Return the addresses of the aligned words of a region that hold one of the values."""
    words = memoryview(ctypes.string_at(region.address, region.size_bytes // _WORD_BYTES * _WORD_BYTES)).cast("Q")
    return [region.address + _WORD_BYTES * index for index, word in enumerate(words) if word in values]


def _without(region: Region, words: list[int]) -> list[Region]:
    """Cut single words out of a region."""
    parts: list[Region] = []
    start, end = region.address, region.address + region.size_bytes
    for word in (word for word in words if start <= word < end):
        parts.append(Region(start, word - start))
        start = word + _WORD_BYTES
    return [*parts, Region(start, end - start)]
