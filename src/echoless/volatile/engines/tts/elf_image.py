"""A loaded ELF library as it lies in this process: its writable memory and its table of imported functions.

It reads program headers and relocations of one library that is already loaded; it never opens a file.
source: System V ABI, chapter 5 (program loading, dynamic linking); relocation numbers of the x86-64 and AArch64
        processor supplements
"""

from __future__ import annotations

import ctypes
import platform
import struct
from dataclasses import dataclass
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

_PT_LOAD: Final = 1
_PT_DYNAMIC: Final = 2
_PT_GNU_RELRO: Final = 0x6474E552
_PF_W: Final = 2
_DT_PLTRELSZ, _DT_STRTAB, _DT_SYMTAB, _DT_RELA, _DT_RELASZ, _DT_JMPREL = 2, 5, 6, 7, 8, 23
_PROGRAM_HEADER: Final = struct.Struct("<IIQQQQQQ")
_DYNAMIC: Final = struct.Struct("<qQ")
_RELOCATION: Final = struct.Struct("<QQq")
_SYMBOL_BYTES: Final = 24
# R_*_GLOB_DAT and R_*_JUMP_SLOT: the two kinds that hold the address of an imported function.
_FUNCTION_RELOCATIONS: Final = {"x86_64": frozenset({6, 7}), "aarch64": frozenset({1025, 1026})}


class _LoadedObject(ctypes.Structure):
    """The head of `struct dl_phdr_info`."""

    _fields_ = (
        ("address", ctypes.c_uint64),
        ("name", ctypes.c_char_p),
        ("headers", ctypes.c_void_p),
        ("header_count", ctypes.c_uint16),
    )


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of this process's memory."""

    address: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ElfImage:
    """One loaded library.

    writable:     its `.data` and `.bss`, without what the loader made read-only again
    import_slots: for each imported symbol the addresses of the words through which the library calls it
    """

    writable: tuple[Region, ...]
    import_slots: dict[str, tuple[int, ...]]


def loaded_image(path: str) -> ElfImage:
    """Describe a library that is loaded in this process.

    path:   as it was given to dlopen
    raises: EcholessError(ENGINE_UNAVAILABLE) when no such library is loaded or this processor is unknown
    """
    kinds = _FUNCTION_RELOCATIONS.get(platform.machine())
    base, headers = _program_headers(path)
    if kinds is None or base == 0:
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the speech library's memory cannot be found here")
    dynamic = next(Region(base + va, size) for kind, _flags, va, size in headers if kind == _PT_DYNAMIC)
    return ElfImage(_writable(base, headers), _import_slots(base, dynamic, kinds))


def _program_headers(path: str) -> tuple[int, list[tuple[int, int, int, int]]]:
    """Return the load address and (type, flags, address, memory size) of each program header."""
    found: list[tuple[int, bytes]] = []
    wanted = path.encode()

    def visit(info: ctypes._Pointer[_LoadedObject], _size: int, _data: object) -> int:
        loaded = info.contents
        if loaded.name == wanted:
            found.append((loaded.address, ctypes.string_at(loaded.headers, 56 * loaded.header_count)))
        return 0

    callback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.POINTER(_LoadedObject), ctypes.c_size_t, ctypes.c_void_p)(
        visit
    )
    ctypes.PyDLL(None).dl_iterate_phdr(callback, None)
    if not found:
        return 0, []
    base, raw = found[0]
    return base, [
        (kind, flags, va, memory)
        for kind, flags, _offset, va, _pa, _file, memory, _align in _PROGRAM_HEADER.iter_unpack(raw)
    ]


def _writable(base: int, headers: list[tuple[int, int, int, int]]) -> tuple[Region, ...]:
    sealed_end = max((va + size for kind, _f, va, size in headers if kind == _PT_GNU_RELRO), default=0)
    regions: list[Region] = []
    for kind, flags, va, size in headers:
        if kind == _PT_LOAD and flags & _PF_W:
            start = max(va, sealed_end) if va <= sealed_end < va + size else va
            regions.append(Region(base + start, va + size - start))
    return tuple(regions)


def _import_slots(base: int, dynamic: Region, kinds: frozenset[int]) -> dict[str, tuple[int, ...]]:
    entries = dict(_DYNAMIC.iter_unpack(ctypes.string_at(dynamic.address, dynamic.size_bytes)))

    def address(tag: int) -> int:
        # glibc has relocated these in place; other loaders leave them relative to the base.
        value = int(entries[tag])
        return value if value > base else value + base

    slots: dict[str, tuple[int, ...]] = {}
    symbols, names = address(_DT_SYMTAB), address(_DT_STRTAB)
    for table, size in ((_DT_JMPREL, _DT_PLTRELSZ), (_DT_RELA, _DT_RELASZ)):
        if table not in entries:
            continue
        for offset, info, _addend in _RELOCATION.iter_unpack(ctypes.string_at(address(table), entries[size])):
            if info & 0xFFFFFFFF in kinds:
                entry = ctypes.string_at(symbols + _SYMBOL_BYTES * (info >> 32), 4)
                name = ctypes.string_at(names + int.from_bytes(entry, "little")).decode()
                slots[name] = (*slots.get(name, ()), base + offset)
    return slots
