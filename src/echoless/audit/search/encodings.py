"""The forms that a text takes in memory and on disk.

Each form maps a word to the bytes that every occurrence of it contains, wherever the word stands in a longer text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

Encode = Callable[[str], bytes]


def _utf_16_little(word: str) -> bytes:
    # The last zero belongs to little endian only; without it the bytes occur in both orders.
    return word.encode("utf-16-le").rstrip(b"\0")


def _utf_16_big(word: str) -> bytes:
    return word.encode("utf-16-be").lstrip(b"\0")


def _utf_32_little(word: str) -> bytes:
    return word.encode("utf-32-le").rstrip(b"\0")


def _utf_32_big(word: str) -> bytes:
    return word.encode("utf-32-be").lstrip(b"\0")


def base64_at(phase: int, data: bytes) -> bytes:
    """Return the part of the base64 text that depends on `data` alone when it begins `phase` bytes into a group.

    phase: 0, 1 or 2
    """
    text = base64.b64encode(bytes(phase) + data)
    whole = (phase + len(data)) * 8 // 6
    return text[(0, 2, 3)[phase] : whole]


def _packed_characters(word: str) -> bytes:
    """Return a list of single characters as msgpack writes it."""
    parts = [character.encode() for character in word]
    return b"".join(bytes([0xA0 + len(part)]) + part for part in parts)


TEXT_FORMS: Final = MappingProxyType[str, Encode](
    {
        "utf-8": lambda word: word.encode(),
        "utf-16": _utf_16_little,
        "utf-16-be": _utf_16_big,
        "utf-32": _utf_32_little,
        "utf-32-be": _utf_32_big,
        "json": lambda word: json.dumps(word)[1:-1].encode(),
        "url": lambda word: quote(word).encode(),
        "base64-0": lambda word: base64_at(0, word.encode()),
        "base64-1": lambda word: base64_at(1, word.encode()),
        "base64-2": lambda word: base64_at(2, word.encode()),
        "hex": lambda word: word.encode().hex().encode(),
        "character list": _packed_characters,
        "json list": lambda word: '","'.join(word).encode(),
        "json list, spaced": lambda word: '", "'.join(word).encode(),
    }
)
