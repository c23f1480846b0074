"""Forms that a text takes where somebody hides it, or a habit of programming does: turned round, shifted, packed.

Whoever encrypts, or adds to each byte what nobody knows, hides a text from any search; these are the ways that need
no key. Each maps a word to bytes that every occurrence contains, like the forms that are no disguise.
"""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Final

DISGUISE_BYTES_MIN: Final = 8
"""A shorter one of a short word is there by chance."""
_BASE32_PHASES: Final = 5
_BASE85_PHASES: Final = 4


def base32_at(phase: int, word: str) -> bytes:
    """Return the part of the base32 text that depends on the word alone when it begins `phase` bytes into a group.

    phase: 0 to 4
    """
    data = word.encode()
    text = base64.b32encode(bytes(phase) + data)
    return text[-(-phase * 8 // 5) : (phase + len(data)) * 8 // 5]


def base85_at(phase: int, word: str) -> bytes:
    """Return the whole groups of the base85 text, which depend on the word alone.

    phase: how many of its bytes belong to the group before, 0 to 3
    """
    data = word.encode()[phase:]
    return base64.b85encode(data[: len(data) // 4 * 4])


def ascii85_at(phase: int, word: str) -> bytes:
    """Return the same in the alphabet of Adobe and btoa."""
    data = word.encode()[phase:]
    return base64.a85encode(data[: len(data) // 4 * 4])


DISGUISES: Final = MappingProxyType[str, Callable[[str], bytes]](
    {
        "reversed": lambda word: word[::-1].encode(),
        "upper case": lambda word: word.upper().encode(),
        "rot13": lambda word: codecs.encode(word, "rot13").encode(),
        "complement": lambda word: bytes(value ^ 0xFF for value in word.encode()),
        "hex, upper case": lambda word: word.encode().hex().upper().encode(),
        "hex, spaced": lambda word: word.encode().hex(" ").encode(),
        "percent": lambda word: "".join(f"%{value:02X}" for value in word.encode()).encode(),
        "spelled with spaces": lambda word: " ".join(word).encode(),
        "decimal list": lambda word: ",".join(map(str, word.encode())).encode(),
        "decimal list, spaced": lambda word: ", ".join(map(str, word.encode())).encode(),
        "64-bit numbers": lambda word: b"".join(ord(each).to_bytes(8, "little") for each in word).rstrip(b"\0"),
        **{f"base32-{phase}": partial(base32_at, phase) for phase in range(_BASE32_PHASES)},
        **{f"base85-{phase}": partial(base85_at, phase) for phase in range(_BASE85_PHASES)},
        **{f"ascii85-{phase}": partial(ascii85_at, phase) for phase in range(_BASE85_PHASES)},
    }
)
