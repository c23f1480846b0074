"""Names of files, and the mark that only an installation itself can make."""

from __future__ import annotations

import secrets

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.vault.backups.manifest import FORMAT, STORE, KeysHead, SealedSet, Stem, origin_of
from echoless.vault.stores.keyring import Keyring

pytestmark = pytest.mark.unit


def keyring() -> Keyring:
    return Keyring(secrets.token_bytes(32), secrets.token_bytes(32))


def head_of(ours: Keyring) -> KeysHead:
    sealed = SealedSet("s" * 20, 1, 2, 3, "f" * 64, "AGE-SECRET-KEY-1X")
    return KeysHead(FORMAT, origin_of(ours), 1, STORE, 5, (sealed,))


@given(taken_unix=st.integers(0, 4_000_000_000), set_id=st.from_regex(r"[A-Za-z0-9]{20}", fullmatch=True))
def test_a_name_says_when_and_which(taken_unix: int, set_id: str) -> None:
    stem = Stem(taken_unix, set_id)
    assert Stem.of_file(f"{stem}.vault.age") == stem


@pytest.mark.parametrize("name", ["", "notes.txt", "20261399T000000Z-" + "a" * 20, "erasure-ledger", "x" * 40])
def test_files_of_others_are_not_ours(name: str) -> None:
    assert Stem.of_file(name) is None


def test_a_mark_is_of_one_installation_and_of_every_word() -> None:
    ours = keyring()
    marked = head_of(ours).marked(ours)
    assert marked.is_marked_by(ours)
    assert not marked.is_marked_by(keyring())
    assert not head_of(ours).is_marked_by(ours)
    for change in ({"taken_unix": 2}, {"sets": ()}, {"ledger_bytes": 0}, {"origin": "0" * 16}):
        assert not msgspec.structs.replace(marked, **change).is_marked_by(ours), change


def test_an_origin_is_steady_and_tells_installations_apart() -> None:
    ours = keyring()
    assert origin_of(ours) == origin_of(ours) != origin_of(keyring())


def test_what_has_a_secret_does_not_print_it() -> None:
    assert "AGE-SECRET" not in repr(head_of(keyring())) + repr(head_of(keyring()).sets[0])
