"""Sealed audio as objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.segments import Part, Segments

pytestmark = pytest.mark.unit
AUDIO = b"audio that must not lie in clear " * 100


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    directory = DataDirectory(tmp_path)
    directory.make()
    return directory


@pytest.mark.claim("Z13")
@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_segment_is_read_back_and_never_lies_in_clear(directory: DataDirectory, durability: str) -> None:
    segments = Segments(directory, durability)
    sealer = ItemSealer.new("abcdef")
    segments.put(sealer, "abcdef", Part.AUDIO, 0, AUDIO)
    assert segments.get(sealer, "abcdef", Part.AUDIO, 0) == AUDIO
    files = [path for path in directory.objects.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert AUDIO[:16] not in files[0].read_bytes()


def test_a_segment_that_is_gone_or_exchanged_is_an_error(directory: DataDirectory) -> None:
    segments = Segments(directory, "process")
    sealer = ItemSealer.new("abcdef")
    with pytest.raises(EcholessError, match="could not be read"):
        segments.get(sealer, "abcdef", Part.AUDIO, 0)
    segments.put(sealer, "abcdef", Part.AUDIO, 0, AUDIO)
    folder = directory.objects / "ab" / "abcdef"
    (folder / "000000").rename(folder / "000001")
    with pytest.raises(EcholessError, match="damaged"):
        segments.get(sealer, "abcdef", Part.AUDIO, 1)


def test_a_store_that_takes_nothing_is_an_error(directory: DataDirectory) -> None:
    segments = Segments(directory, "process")
    (directory.objects / "ab").write_bytes(b"a file where a folder is needed")
    with pytest.raises(EcholessError, match="did not take"):
        segments.put(ItemSealer.new("abcdef"), "abcdef", Part.AUDIO, 0, AUDIO)


def test_deleting_an_item_takes_half_done_puts_too_and_leaves_others(directory: DataDirectory) -> None:
    segments = Segments(directory, "process")
    for item_id in ("abcdef", "abother"):
        segments.put(ItemSealer.new(item_id), item_id, Part.AUDIO, 0, AUDIO)
    (directory.objects / "ab" / "abcdef" / "000001#1").write_bytes(b"staging")
    segments.delete_item("abcdef")
    segments.delete_item("never")
    assert list(segments.item_ids()) == ["abother"]


@pytest.mark.claim("Z13")
def test_a_part_lies_by_itself_and_opens_as_nothing_else(directory: DataDirectory) -> None:
    """A recording that is moved to where the audio was is damaged, not heard."""
    segments = Segments(directory, "process")
    sealer = ItemSealer.new("abcdef")
    for part in Part:
        segments.put(sealer, "abcdef", part, 0, part.value.encode())
    folder = directory.objects / "ab" / "abcdef"
    assert sorted(path.name for path in folder.iterdir()) == ["000000", "input-000000", "transcript-000000"]
    assert {segments.get(sealer, "abcdef", part, 0).decode() for part in Part} == {part.value for part in Part}
    for part, name in ((Part.AUDIO, "000000"), (Part.TRANSCRIPT, "transcript-000000")):
        (folder / name).write_bytes((folder / "input-000000").read_bytes())
        with pytest.raises(EcholessError, match="damaged"):
            segments.get(sealer, "abcdef", part, 0)
    segments.delete_item("abcdef")
    assert not folder.exists()
