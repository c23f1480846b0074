"""What an item leaves is found in raw files, without a database."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pyrage
import pytest

from echoless.audit.sealed_places import (
    FORMS,
    ItemIds,
    object_files,
    opened_archives,
    places_of_items,
    sealed_item,
)
from echoless.audit.search.disk_scan import scan_files

pytestmark = pytest.mark.unit

CHANCE = random.Random(50)
IDS = ItemIds("i" * 20, "w" * 20, "r" * 20)
KEY, ROW, OBJECT = (CHANCE.randbytes(count) for count in (60, 400, 4_000))


def lay(place: Path) -> Path:
    """A data directory as the vault's stores write one: values of a row one after the other."""
    head = IDS.item_id + IDS.workspace_id
    (place / "objects/ii").mkdir(parents=True)
    (place / "keys.sqlite").write_bytes(b"page" * 100 + head.encode() + KEY)
    words = f"{head}{IDS.request_id}\x01\x02voiceNamemodelTTSmp3_44100_128"
    (place / "vault.sqlite-wal").write_bytes(words.encode() + bytes([1, 2, 3, 4]) + ROW)
    (place / "objects/ii/0").write_bytes(OBJECT)
    return place


def kinds_left(place: Path) -> set[str]:
    sealed = sealed_item(place, "kept/text", IDS, "mp3_44100_128", object_files(place))
    assert sealed.item_id == IDS.item_id
    return {hit.kind for hit in scan_files(places_of_items(place), sealed.needles).hits}


def test_key_row_and_ciphertext_of_an_item_are_found(tmp_path: Path) -> None:
    assert kinds_left(lay(tmp_path)) == FORMS


def test_what_is_gone_is_not_found_and_what_lies_elsewhere_in_a_file_is(tmp_path: Path) -> None:
    place = lay(tmp_path)
    sealed = sealed_item(place, "kept/text", IDS, "mp3_44100_128", object_files(place))
    (place / "keys.sqlite").write_bytes(b"\0" * 500)
    (place / "objects/ii/0").unlink()
    (place / "vault.sqlite-wal").write_bytes(b"slack" * 1_000 + ROW)
    left = {hit.kind for hit in scan_files(places_of_items(place), sealed.needles).hits}
    assert left == {"sealed row"}


def test_a_row_that_is_not_there_gives_no_needle(tmp_path: Path) -> None:
    place = lay(tmp_path)
    other = sealed_item(place, "other", ItemIds("x" * 20, "w" * 20, "r" * 20), "mp3_44100_128", frozenset())
    assert other.needles == ()


def archive(path: Path, files: dict[str, bytes], identity: pyrage.x25519.Identity) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    path.write_bytes(pyrage.encrypt(out.getvalue(), [identity.to_public()]))


def test_a_backup_is_opened_by_the_key_that_the_operator_has(tmp_path: Path) -> None:
    operator, inner = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    archive(tmp_path / "keys", {"head": f'{{"identity": "{inner}"}}'.encode()}, operator)
    archive(tmp_path / "vault", {"vault.database": b"rows"}, inner)
    files = opened_archives(tmp_path / "keys", tmp_path / "vault", str(operator))
    assert set(files) == {"head", "vault.database"}
    assert files["vault.database"] == b"rows"
    with pytest.raises(pyrage.DecryptError):
        opened_archives(tmp_path / "keys", tmp_path / "vault", str(inner))
