"""The tree is that of RFC 6962: published roots and proofs, and every small tree against its definition (C9)."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError
from echoless.receipts.merkle import (
    consistency_proof,
    empty_root,
    inclusion_proof,
    leaf_hash,
    new_hashes,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z32")]

# The leaves and roots that certificate-transparency's own tests publish.
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# leaf of 8, tree of 8: the audit path that the same tests publish for entry 5 of 8.
PATH_5_OF_8 = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
)
# Proofs between trees of these leaves, from the same tests: older size, newer size, path.
CONSISTENCY = (
    (1, 8, (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    )),
    (6, 8, (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    )),
    (2, 5, (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    )),
)  # fmt: skip


class Tree:
    """Hashes of complete subtrees, kept as a log keeps them."""

    def __init__(self, entries: list[bytes]) -> None:
        self.stored: dict[tuple[int, int], bytes] = {}
        self.size = 0
        self.append(entries)

    def append(self, entries: list[bytes]) -> None:
        for level, index, digest in list(new_hashes(self.size, [leaf_hash(e) for e in entries], self.at)):
            self.stored[level, index] = digest
        self.size += len(entries)

    def at(self, level: int, index: int) -> bytes:
        return self.stored[level, index]


def defined_root(entries: list[bytes]) -> bytes:
    """The definition of RFC 6962, word by word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return leaf_hash(entries[0])
    middle = 1
    while middle * 2 < len(entries):
        middle *= 2
    return node_hash(defined_root(entries[:middle]), defined_root(entries[middle:]))


def numbered(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


def test_the_published_roots_come_out() -> None:
    tree = Tree(LEAVES)
    assert empty_root().hex() == EMPTY_ROOT
    assert [root_of(size, tree.at).hex() for size in range(1, 9)] == list(ROOTS)


def test_the_published_path_comes_out() -> None:
    tree = Tree(LEAVES)
    assert [part.hex() for part in inclusion_proof(5, 8, tree.at)] == list(PATH_5_OF_8)


@pytest.mark.parametrize(("older", "newer", "path"), CONSISTENCY)
def test_the_published_proofs_of_consistency_come_out(older: int, newer: int, path: tuple[str, ...]) -> None:
    proof = [bytes.fromhex(part) for part in path]
    assert consistency_proof(older, newer, Tree(LEAVES).at) == proof
    roots = [bytes.fromhex(ROOTS[size - 1]) for size in (older, newer)]
    assert verify_consistency(older, newer, proof, *roots)


@pytest.mark.parametrize("size", [*range(1, 40), 255, 256, 257, 1000])
def test_the_root_is_as_defined_however_entries_came(size: int) -> None:
    entries = numbered(size)
    tree = Tree(entries[: size // 3])
    tree.append(entries[size // 3 :])
    assert root_of(size, tree.at) == defined_root(entries)


def test_every_entry_of_every_small_tree_is_shown_to_be_in_it_and_nowhere_else() -> None:
    tree = Tree(numbered(33))
    for size in range(1, 34):
        root = root_of(size, tree.at)
        for index in range(size):
            proof, leaf = inclusion_proof(index, size, tree.at), leaf_hash(str(index).encode())
            assert verify_inclusion(leaf, index, size, proof, root)
            assert not verify_inclusion(leaf_hash(b"other"), index, size, proof, root)
            assert not verify_inclusion(leaf, index, size, [*proof, root], root)
            assert size == 1 or not verify_inclusion(leaf, (index + 1) % size, size, proof, root)
            assert not proof or not verify_inclusion(leaf, index, size, proof[:-1], root)


def test_every_small_tree_is_shown_to_begin_every_larger_one() -> None:
    tree = Tree(numbered(33))
    roots = [empty_root(), *(root_of(size, tree.at) for size in range(1, 34))]
    for old in range(1, 34):
        for size in range(old, 34):
            proof = consistency_proof(old, size, tree.at)
            assert verify_consistency(old, size, proof, roots[old], roots[size])
            assert not verify_consistency(old, size, proof, roots[old - 1], roots[size])
            assert old == size or not verify_consistency(old, size, proof, roots[old], roots[old])
            assert not verify_consistency(old, size, [*proof, roots[1]], roots[old], roots[size])


def test_an_edited_deleted_or_reordered_entry_breaks_consistency() -> None:
    entries = numbered(20)
    old = root_of(20, Tree(entries).at)
    changed = ([b"edited", *entries[1:]], entries[1:], [entries[1], entries[0], *entries[2:]])
    for forged in changed:
        tree = Tree([*forged, *numbered(30)[20:], b"more"])
        size = tree.size
        assert not verify_consistency(20, size, consistency_proof(20, size, tree.at), old, root_of(size, tree.at))


def test_the_empty_tree_begins_every_tree_and_needs_no_proof() -> None:
    root = root_of(5, Tree(numbered(5)).at)
    assert verify_consistency(0, 5, [], empty_root(), root)
    assert not verify_consistency(0, 5, [root], empty_root(), root)
    assert not verify_consistency(0, 5, [], root, root)
    assert not verify_consistency(6, 5, [], root, root)


@given(st.lists(st.binary(min_size=31, max_size=33), max_size=6), st.integers(-1, 40), st.integers(-1, 40))
def test_no_invented_proof_is_believed(proof: list[bytes], index: int, size: int) -> None:
    root = root_of(9, Tree(numbered(9)).at)
    assert not verify_inclusion(leaf_hash(b"never there"), index, size, proof, root)
    assert not verify_consistency(index, size, proof, leaf_hash(b"never a root"), root)


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_a_proof_of_what_is_not_there_is_refused(index: int, size: int) -> None:
    with pytest.raises(EcholessError):
        inclusion_proof(index, size, Tree(numbered(5)).at)
    with pytest.raises(EcholessError):
        consistency_proof(size + 1, size, Tree(numbered(5)).at)
