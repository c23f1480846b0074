"""Keys wrap keys, and a sealed piece belongs to one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.keyring import ItemSealer, Keyring

pytestmark = pytest.mark.unit


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.make()
    return directory


@pytest.mark.claim("Z13")
def test_an_item_key_opens_only_through_its_workspace_and_for_its_item(directory: DataDirectory) -> None:
    ring = Keyring.open(directory)
    ring.new_workspace_key("w1")
    ring.new_workspace_key("w2")
    sealer = ItemSealer.new("item")
    sealed = sealer.seal(b"content", "audio", 0)
    wrapped = ring.wrap_item_key("w1", "item", sealer.key)
    assert sealer.key not in wrapped
    assert ring.unwrap_item_key("w1", "item", wrapped).open(sealed, "audio", 0) == b"content"
    for workspace, item in (("w2", "item"), ("w1", "other")):
        with pytest.raises(EcholessError, match="item key is damaged"):
            ring.unwrap_item_key(workspace, item, wrapped)


@pytest.mark.claim("Z13")
@pytest.mark.parametrize(("item", "kind", "index"), [("b", "audio", 0), ("a", "head", 0), ("a", "audio", 1)])
def test_a_sealed_piece_cannot_be_moved(item: str, kind: str, index: int) -> None:
    sealer = ItemSealer.new("a")
    sealed = sealer.seal(b"content", "audio", 0)
    with pytest.raises(EcholessError, match="damaged"):
        ItemSealer(item, sealer.key).open(sealed, kind, index)


def test_each_byte_of_a_sealed_piece_is_authenticated() -> None:
    sealer = ItemSealer.new("a")
    sealed = sealer.seal(b"content", "audio", 0)
    for index in range(len(sealed)):
        changed = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(EcholessError):
            sealer.open(changed, "audio", 0)
    with pytest.raises(EcholessError):
        sealer.open(b"", "audio", 0)


def test_a_workspace_key_survives_only_with_its_master_key(directory: DataDirectory) -> None:
    wrapped = Keyring.open(directory).new_workspace_key("w")
    Keyring.open(directory).add_workspace_key("w", wrapped)
    (directory.keys / "master.key").write_bytes(b"x" * 32)
    with pytest.raises(EcholessError, match="master key does not open"):
        Keyring.open(directory).add_workspace_key("w", wrapped)


@pytest.mark.parametrize("name", ["master.key", "api_key_pepper.key"])
def test_a_key_file_that_is_gone_or_short_is_never_made_anew_beside_data(
    directory: DataDirectory, name: str
) -> None:
    Keyring.open(directory)
    directory.set_version(1)
    (directory.keys / name).write_bytes(b"short")
    with pytest.raises(EcholessError, match=name):
        Keyring.open(directory)
    (directory.keys / name).unlink()
    with pytest.raises(EcholessError, match=name):
        Keyring.open(directory)


def test_api_keys_are_known_by_a_peppered_digest_only(directory: DataDirectory) -> None:
    ring = Keyring.open(directory)
    digest = ring.digest("sk_one")
    assert len(digest) == 32
    assert digest == Keyring.open(directory).digest("sk_one") != ring.digest("sk_two")
    assert digest != Keyring(b"m" * 32, b"p" * 32).digest("sk_one")


def test_key_files_are_for_their_owner_only(directory: DataDirectory) -> None:
    Keyring.open(directory)
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.keys.iterdir()}
    assert modes == {"master.key": 0o600, "api_key_pepper.key": 0o600}
