"""A model is in place as a whole or not at all."""

from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest

from echoless.cli.model_install import PARTIAL_NAME, install, installed_models, remove
from echoless.core.errors import EcholessError
from echoless.core.model_catalogue import CatalogueModel, InstalledModel
from tests.fakes.model_server import model_server
from tests.fakes.models import archive_of, voice, whisper

pytestmark = pytest.mark.unit
ARCHIVE = archive_of({"top/model.onnx": b"weights", "top/tokens.txt": b"a 1\n"})


def put(model: CatalogueModel, directory: Path, mirror: str = "", from_path: Path | None = None) -> InstalledModel:
    return install(model, directory, mirror=mirror, from_path=from_path, report=lambda _name, _fraction: None)


def left(directory: Path) -> list[str]:
    """Return every file below a directory, but for what says which version a part is of."""
    return sorted(path.name for path in directory.rglob("*") if path.is_file() and path.suffix != ".tag")


def test_plain_files_are_installed_and_nothing_else_stays(tmp_path: Path) -> None:
    model = whisper(**{"model.bin": b"weights", "config.json": b"{}"})
    with model_server(**{"model.bin": b"weights", "config.json": b"{}"}) as server:
        made = put(model, tmp_path, server.address)
    assert made.sizes_bytes == {"config.json": 2, "model.bin": 7}
    assert made.missing_file() is None
    assert made.card == model.card
    assert left(tmp_path) == ["config.json", "echoless-model.json", "model.bin"]
    assert installed_models(tmp_path) == {"ours": made}


def test_an_archive_is_installed_unpacked(tmp_path: Path) -> None:
    with model_server(**{"voice.tar.bz2": ARCHIVE}) as server:
        made = put(voice(ARCHIVE), tmp_path, server.address)
    assert (made.directory / "model.onnx").read_bytes() == b"weights"
    assert left(tmp_path) == ["echoless-model.json", "model.onnx", "tokens.txt"]


def test_a_wrong_hash_leaves_nothing(tmp_path: Path) -> None:
    other = ARCHIVE[:-1] + bytes([ARCHIVE[-1] ^ 1])
    with model_server(**{"voice.tar.bz2": other}) as server:
        with pytest.raises(EcholessError, match="SHA-256"):
            put(voice(ARCHIVE), tmp_path, server.address)
        assert left(tmp_path) == []
        server.files["/voice.tar.bz2"] = ARCHIVE
        assert put(voice(ARCHIVE), tmp_path, server.address).missing_file() is None


def test_an_archive_without_its_parts_leaves_no_model(tmp_path: Path) -> None:
    poor = archive_of({"top/model.onnx": b"weights"})
    with model_server(**{"voice.tar.bz2": poor}) as server, pytest.raises(EcholessError, match=r"tokens\.txt"):
        put(voice(poor), tmp_path, server.address)
    assert installed_models(tmp_path) == {}
    assert [path.name for path in tmp_path.iterdir()] == [PARTIAL_NAME]


def test_an_archive_that_leads_out_leaves_no_model(tmp_path: Path) -> None:
    evil = archive_of({"top/model.onnx": b"w", "top/../../../out": b"x"})
    (tmp_path / "models").mkdir()
    with model_server(**{"voice.tar.bz2": evil}) as server, pytest.raises(EcholessError, match="leads out"):
        put(voice(evil), tmp_path / "models", server.address)
    assert not list(tmp_path.rglob("out"))
    assert installed_models(tmp_path / "models") == {}


def test_files_brought_by_hand_are_checked_and_stay_where_they_are(tmp_path: Path) -> None:
    brought, models = tmp_path / "brought.tar.bz2", tmp_path / "models"
    models.mkdir()
    brought.write_bytes(b"something else")
    with pytest.raises(EcholessError, match="bytes where the catalogue says"):
        put(voice(ARCHIVE), models, from_path=brought)
    brought.write_bytes(bytes(len(ARCHIVE)))
    with pytest.raises(EcholessError, match="SHA-256"):
        put(voice(ARCHIVE), models, from_path=brought)
    assert left(models) == []
    assert brought.exists()
    brought.write_bytes(ARCHIVE)
    put(voice(ARCHIVE), models, from_path=brought)
    assert brought.read_bytes() == ARCHIVE


def test_a_directory_of_files_is_taken_too(tmp_path: Path) -> None:
    model, models = whisper(**{"model.bin": b"w", "config.json": b"{}"}), tmp_path / "models"
    (tmp_path / "usb").mkdir()
    models.mkdir()
    (tmp_path / "usb" / "model.bin").write_bytes(b"w")
    with pytest.raises(EcholessError, match="is no file"):
        put(model, models, from_path=tmp_path / "usb")
    (tmp_path / "usb" / "config.json").write_bytes(b"{}")
    assert put(model, models, from_path=tmp_path / "usb").missing_file() is None


def test_a_second_install_of_a_name_is_refused(tmp_path: Path) -> None:
    model = whisper(**{"model.bin": b"w"})
    (tmp_path / "model.bin").write_bytes(b"w")
    put(model, tmp_path, from_path=tmp_path / "model.bin")
    with pytest.raises(EcholessError, match="installed already"):
        put(model, tmp_path, from_path=tmp_path / "model.bin")


def test_two_installs_of_a_name_at_once_are_refused(tmp_path: Path) -> None:
    partial = tmp_path / PARTIAL_NAME / "ours"
    partial.mkdir(parents=True)
    descriptor = os.open(partial, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(EcholessError, match="by another process"):
            put(whisper(**{"model.bin": b"w"}), tmp_path)
    finally:
        os.close(descriptor)


def test_a_model_whose_file_is_lost_or_short_is_seen(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    made = put(whisper(**{"model.bin": b"weights"}), tmp_path, from_path=tmp_path / "model.bin")
    (made.directory / "model.bin").write_bytes(b"short")
    assert made.missing_file() == "model.bin"
    (made.directory / "model.bin").unlink()
    assert made.missing_file() == "model.bin"


def test_removing_takes_all_of_a_model_and_only_models(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    put(whisper(**{"model.bin": b"weights"}), tmp_path, from_path=tmp_path / "model.bin")
    (tmp_path / "photos").mkdir()
    with pytest.raises(EcholessError, match="no model is installed"):
        remove("photos", tmp_path)
    remove("ours", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [PARTIAL_NAME, "model.bin", "photos"]


def test_a_name_that_leads_elsewhere_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    (tmp_path / "models").mkdir()
    put(whisper(**{"model.bin": b"weights"}), tmp_path, from_path=tmp_path / "model.bin")
    with pytest.raises(EcholessError, match="name"):
        remove("../ours", tmp_path / "models")
    assert (tmp_path / "ours" / "model.bin").exists()


def test_a_cut_fetch_is_continued_by_the_next_install(tmp_path: Path) -> None:
    weights = bytes(range(256)) * 400
    model = whisper(**{"model.bin": weights})
    with model_server(**{"model.bin": weights}) as server:
        server.breaks_after = [5_000] * 8
        with pytest.raises(EcholessError, match="install again"):
            put(model, tmp_path, server.address)
        server.breaks_after = []
        put(model, tmp_path, server.address)
        assert server.asked[-1][1] != ""
    assert replace(model).card.name in installed_models(tmp_path)
