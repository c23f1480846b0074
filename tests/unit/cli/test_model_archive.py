"""What an archive may hold, and that nothing leads out of its directory."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from echoless.cli import model_archive
from echoless.cli.model_archive import unpack
from echoless.core.errors import EcholessError
from tests.fakes.models import archive_of

pytestmark = pytest.mark.unit


def unpacked(tmp_path: Path, data: bytes) -> dict[str, bytes]:
    archive, target = tmp_path / "a.tar.bz2", tmp_path / "in" / "target"
    archive.write_bytes(data)
    target.mkdir(parents=True)
    unpack(archive, target)
    found = [path for path in target.rglob("*") if path.is_file()]
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in found}


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def test_files_come_out_without_the_topmost_directory(tmp_path: Path) -> None:
    data = archive_of({"./top/model.onnx": b"m", "top/data/x/y": b"y"}, special("top/empty", tarfile.DIRTYPE))
    assert unpacked(tmp_path, data) == {"model.onnx": b"m", "data/x/y": b"y"}


@pytest.mark.parametrize("name", ["../out", "top/../../out", "/etc/out", "top/../out", "top\\..\\out"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EcholessError, match="leads out"):
        unpacked(tmp_path, archive_of({name: b"x"}))
    assert not list(tmp_path.rglob("out"))


@pytest.mark.parametrize(
    ("kind", "target"),
    [(tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "top/a"), (tarfile.CHRTYPE, ""), (tarfile.FIFOTYPE, "")],
)
def test_links_devices_and_pipes_are_refused(tmp_path: Path, kind: bytes, target: str) -> None:
    with pytest.raises(EcholessError, match="a link, a device or a pipe"):
        unpacked(tmp_path, archive_of({"top/a": b"x"}, special("top/b", kind, target)))
    assert not (tmp_path / "in" / "target" / "b").exists()


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EcholessError, match="two files"):
        unpacked(tmp_path, archive_of({"one/a": b"x", "two/a": b"y"}))


def test_a_file_with_the_manifests_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EcholessError, match="manifest"):
        unpacked(tmp_path, archive_of({"top/echoless-model.json": b"{}"}))


def test_an_archive_that_swells_beyond_its_size_is_refused_before_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_archive, "_EXTRA_BYTES", 100_000)
    with pytest.raises(EcholessError, match="more than"):
        unpacked(tmp_path, archive_of({"top/zeros": bytes(2_000_000)}))
    assert not list((tmp_path / "in").rglob("zeros"))


def test_too_many_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_archive, "MEMBERS_MAX", 3)
    with pytest.raises(EcholessError, match="more than"):
        unpacked(tmp_path, archive_of({f"top/{number}": b"" for number in range(4)}))


@pytest.mark.parametrize("data", [b"", b"no archive", archive_of({"top/a": bytes(range(256)) * 99})[:-60]])
def test_what_is_no_whole_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(EcholessError, match="cannot be read"):
        unpacked(tmp_path, data)
