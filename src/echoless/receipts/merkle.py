"""The tree of the transparency log: hashes of leaves and nodes, roots, proofs and their verification. Pure.

A tree is named by its size alone. Complete subtrees never change, so a reader asks for hashes by place: level 0 are
leaves, a hash of level k at index i covers the leaves from i * 2**k to (i + 1) * 2**k.
source: RFC 6962 section 2.1 (hashes, proofs), RFC 9162 sections 2.1.3.2 and 2.1.4.2 (verification)
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

HASH_BYTES: Final = 32
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
HashAt = Callable[[int, int], bytes]
"""Returns the hash of a complete subtree by level and index."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry: 32 bytes."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees: 32 bytes."""
    return hashlib.sha256(_NODE + left + right).digest()


def empty_root() -> bytes:
    """Return the root of a tree without entries."""
    return hashlib.sha256(b"").digest()


def root_of(size: int, hash_at: HashAt) -> bytes:
    """Return the root of the first `size` entries."""
    return empty_root() if size == 0 else _range_hash(0, size, hash_at)


def new_hashes(first: int, leaves: Sequence[bytes], hash_at: HashAt) -> Iterator[tuple[int, int, bytes]]:
    """Yield level, index and hash of every subtree that becomes complete when leaves are appended.

    first:   how many entries the tree has already
    leaves:  hashes of the new ones
    hash_at: asked for complete subtrees of the older entries only
    """
    fresh: dict[tuple[int, int], bytes] = {}
    for place, leaf in enumerate(leaves, start=first):
        level, index, current = 0, place, leaf
        fresh[level, index] = current
        yield level, index, current
        while index & 1:
            left = fresh.get((level, index - 1)) or hash_at(level, index - 1)
            current = node_hash(left, current)
            level, index = level + 1, index >> 1
            fresh[level, index] = current
            yield level, index, current


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Return the path from the entry at `index` to the root of the first `size` entries.

    raises: EcholessError(INVALID_PARAMETERS) for an entry that is not among them
    """
    if not 0 <= index < size:
        raise _no_such_tree()
    return _path(index, 0, size, hash_at)


def consistency_proof(old_size: int, size: int, hash_at: HashAt) -> list[bytes]:
    """Return what shows that the first `old_size` entries of a tree of `size` are unchanged.

    raises: EcholessError(INVALID_PARAMETERS) for an old size that is 0 or larger
    """
    if not 0 < old_size <= size:
        raise _no_such_tree()
    return [] if old_size == size else _subproof(old_size, 0, size, hash_at, is_known=True)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a leaf is at `index` of the tree with this size and root."""
    if not 0 <= index < size or any(len(part) != HASH_BYTES for part in proof):
        return False
    place, last, current = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            current = node_hash(part, current)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            current = node_hash(current, part)
        place, last = place >> 1, last >> 1
    return last == 0 and current == root


def verify_consistency(old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Return whether the tree of `old_size` entries is the beginning of the tree of `size`.

    An empty old tree is the beginning of every tree and needs no proof.
    """
    if old_size in {0, size}:
        is_fitting = old_root == (root if old_size else empty_root())
        return 0 <= old_size <= size and not proof and is_fitting
    if not 0 < old_size < size or not proof or any(len(part) != HASH_BYTES for part in proof):
        return False
    parts = list(proof)
    if old_size & (old_size - 1) == 0:
        parts.insert(0, old_root)
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    older = newer = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node_hash(part, older), node_hash(part, newer)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, part)
        place, last = place >> 1, last >> 1
    return last == 0 and older == old_root and newer == root


def _split(width: int) -> int:
    """Return the largest power of two below a width of two or more."""
    return 1 << (width - 1).bit_length() - 1


def _range_hash(start: int, end: int, hash_at: HashAt) -> bytes:
    width = end - start
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return hash_at(level, start >> level)
    middle = start + _split(width)
    return node_hash(_range_hash(start, middle, hash_at), _range_hash(middle, end, hash_at))


def _path(index: int, start: int, end: int, hash_at: HashAt) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(index, start, middle, hash_at), _range_hash(middle, end, hash_at)]
    return [*_path(index, middle, end, hash_at), _range_hash(start, middle, hash_at)]


def _subproof(old_end: int, start: int, end: int, hash_at: HashAt, *, is_known: bool) -> list[bytes]:
    if old_end == end:
        return [] if is_known else [_range_hash(start, end, hash_at)]
    middle = start + _split(end - start)
    if old_end <= middle:
        return [
            *_subproof(old_end, start, middle, hash_at, is_known=is_known), _range_hash(middle, end, hash_at)
        ]  # fmt: skip
    return [*_subproof(old_end, middle, end, hash_at, is_known=False), _range_hash(start, middle, hash_at)]


def _no_such_tree() -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, "The log has no such entry or size.")
