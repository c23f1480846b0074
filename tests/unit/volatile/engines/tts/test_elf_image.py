"""What is read of a loaded library agrees with what the system says."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.volatile.engines.tts.elf_image import loaded_image
from echoless.volatile.engines.tts.espeak_library import library_path

pytestmark = pytest.mark.unit


def test_writable_regions_lie_in_writable_mappings() -> None:
    ctypes.PyDLL(library_path())
    mappings = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        ends, permissions = line.split()[:2]
        start, end = (int(number, 16) for number in ends.split("-"))
        if permissions.startswith("rw"):
            mappings.append((start, end))
    regions = loaded_image(library_path()).writable
    assert sum(region.size_bytes for region in regions) > 50_000
    for region in regions:
        # A region may run over neighbouring mappings: file-backed data, then anonymous memory.
        address = region.address
        while address < region.address + region.size_bytes:
            address = next(end for start, end in mappings if start <= address < end)


def test_import_slots_hold_the_functions_that_the_library_calls() -> None:
    ctypes.PyDLL(library_path())
    slots = loaded_image(library_path()).import_slots
    libm = ctypes.CDLL("libm.so.6")
    assert {"malloc", "free", "calloc", "realloc", "strdup", "cos"} <= set(slots)
    expected = ctypes.cast(libm.ldexp, ctypes.c_void_p).value
    assert ctypes.c_uint64.from_address(slots["ldexp"][0]).value == expected


def test_a_library_that_is_not_loaded_is_an_error() -> None:
    with pytest.raises(EcholessError):
        loaded_image("/nowhere/libnothing.so")
