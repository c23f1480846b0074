"""Finds many needles in one pass, at the speed of memory.

Of each needle four telling bytes are looked at: two by two in a table of what may stand there, for every place of
the haystack at once, then all four in a table of hashes, since samples of sound fill the small tables; only the few
places that pass are compared whole. So a thousand needles cost what one costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from echoless.audit.search.needles import MASK_BYTE, Needle

_KEY_BYTES: Final = 4
_PAIRS: Final = 65_536
_HASH_BITS: Final = 22
# The odd number next to 2**32 divided by the golden ratio: neighbouring keys land far apart.
_HASH_FACTOR: Final = np.uint32(2_654_435_769)
# Bytes that are everywhere in memory tell little.
_COMMON: Final = frozenset(value ^ MASK_BYTE for value in (0, 1, 255))


class Finder:
    """Some needles, ready to be found.

    needles: at least one, each of at least 5 bytes
    """

    def __init__(self, needles: Sequence[Needle]) -> None:
        assert needles, "a search for nothing would always succeed"
        self.needle_count = len(needles)
        self.longest_bytes = max(len(needle.masked) for needle in needles)
        # By key, then by the key's place in the needle and the needle's length.
        self._by_key: dict[bytes, dict[tuple[int, int], dict[bytes, Needle]]] = defaultdict(dict)
        self._first = np.zeros(_PAIRS, dtype=np.bool_)
        self._second = np.zeros(_PAIRS, dtype=np.bool_)
        self._whole = np.zeros(1 << _HASH_BITS, dtype=np.bool_)
        for needle in needles:
            self._enter(needle)

    def _enter(self, needle: Needle) -> None:
        """Enter one key for each parity: wherever a needle stands, one of them begins at an even place."""
        for parity in range(2):
            place = self._key_place(needle.masked, parity)
            key = needle.masked[place : place + _KEY_BYTES]
            self._by_key[key].setdefault((place, len(needle.masked)), {})[needle.masked] = needle
            first, second = np.frombuffer(key, dtype=np.uint16)
            self._first[first] = True
            self._second[second] = True
            self._whole[_hashed(np.frombuffer(key, dtype=np.uint32))] = True

    def _key_place(self, masked: bytes, parity: int) -> int:
        """Return where the four bytes begin by which a needle is found, at an even or an odd place of it.

        Those that find other needles already cost nothing more: words share their beginning. Else the most telling.
        """
        assert len(masked) > _KEY_BYTES, "a needle is too short to be told from chance"
        places = range(parity, len(masked) - _KEY_BYTES + 1, 2)
        for place in places:
            if masked[place : place + _KEY_BYTES] in self._by_key:
                return place
        return max(places, key=lambda place: _worth(masked[place : place + _KEY_BYTES]))

    def find(self, masked: NDArray[np.uint8], end: int) -> Iterator[tuple[int, Needle]]:
        """Yield each needle that begins before a place, with where it begins.

        masked: the haystack under the mask, one dimension
        end:    what begins there or later is left to the next piece
        """
        for key_place in self._candidates(masked):
            shapes = self._by_key.get(masked[key_place : key_place + _KEY_BYTES].tobytes(), {})
            for (offset, length), needles in shapes.items():
                start = key_place - offset
                if 0 <= start < end:
                    needle = needles.get(masked[start : start + length].tobytes())
                    if needle is not None:
                        yield start, needle

    def _candidates(self, masked: NDArray[np.uint8]) -> list[int]:
        """Return the even places whose next four bytes may be those of a needle."""
        pairs = masked[: len(masked) // 2 * 2].view(np.uint16)
        if len(pairs) < 2:
            return []
        places = np.flatnonzero(self._first[pairs[:-1]])
        following = pairs[places + 1]
        is_possible = self._second[following]
        places, following = places[is_possible], following[is_possible]
        keys = pairs[places].astype(np.uint32) | following.astype(np.uint32) << np.uint32(16)
        places = places[self._whole[_hashed(keys)]]
        found: list[int] = (2 * places).tolist()
        return found


def mask(data: bytes) -> NDArray[np.uint8]:
    """Return bytes under the mask, ready for `find`."""
    return np.frombuffer(data, dtype=np.uint8) ^ np.uint8(MASK_BYTE)


def _hashed(keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return where keys stand in the table of whole keys; Fibonacci hashing, which wraps around on purpose."""
    return keys * _HASH_FACTOR >> np.uint32(32 - _HASH_BITS)


def _worth(key: bytes) -> tuple[int, int]:
    """Return how much a key tells: rare and different bytes do, most of all in the pair that is tried first."""
    is_rare = [value not in _COMMON for value in key]
    return sum(is_rare[:2]), 4 * sum(is_rare) + len(set(key))
