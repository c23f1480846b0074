"""Fetching one file: continued where it broke off, never another one, never more than it may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.model_fetch import TRIES_MAX, fetch, mirrored
from echoless.core.errors import EcholessError
from tests.fakes.model_server import ModelServer, model_server
from tests.fakes.models import file_of

pytestmark = pytest.mark.unit
DATA = bytes(range(256)) * 2000
FILE = file_of("model.bin", DATA)


def fetched(server: ModelServer, place: Path) -> list[float]:
    fractions: list[float] = []
    fetch(FILE, place, mirror=server.address, report=fractions.append)
    return fractions


def test_a_file_comes_whole_and_its_progress_is_told(tmp_path: Path) -> None:
    with model_server(**{"model.bin": DATA}) as server:
        fractions = fetched(server, tmp_path / "part")
    assert (tmp_path / "part").read_bytes() == DATA
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


def test_a_cut_connection_is_continued_in_the_same_call(tmp_path: Path) -> None:
    with model_server(**{"model.bin": DATA}) as server:
        server.breaks_after = [100_000, 50_000]
        fetched(server, tmp_path / "part")
        assert (tmp_path / "part").read_bytes() == DATA
        assert [wanted for _, wanted in server.asked] == ["", "bytes=100000-", "bytes=150000-"]


def test_what_arrived_is_kept_for_the_next_call(tmp_path: Path) -> None:
    place = tmp_path / "part"
    with model_server(**{"model.bin": DATA}) as server:
        server.breaks_after = [10_000] * TRIES_MAX
        with pytest.raises(EcholessError, match="install again to go on"):
            fetched(server, place)
        held = place.stat().st_size
        assert 0 < held < len(DATA)
        assert place.read_bytes() == DATA[:held]
        fetched(server, place)
        assert server.asked[-1][1] == f"bytes={held}-"
    assert place.read_bytes() == DATA


def test_a_file_that_changed_at_the_server_begins_anew(tmp_path: Path) -> None:
    place = tmp_path / "part"
    with model_server(**{"model.bin": bytes(len(DATA))}) as server:
        server.breaks_after = [10_000] * TRIES_MAX
        with pytest.raises(EcholessError):
            fetched(server, place)
        server.files["/model.bin"], server.etag = DATA, '"two"'
        fetched(server, place)
    assert place.read_bytes() == DATA


def test_a_server_without_ranges_begins_anew(tmp_path: Path) -> None:
    place = tmp_path / "part"
    place.write_bytes(DATA[:1000])
    with model_server(**{"model.bin": DATA}) as server:
        server.ignores_ranges = True
        fetched(server, place)
    assert place.read_bytes() == DATA


@pytest.mark.parametrize("served", [DATA[:-1], DATA + b"x"])
def test_another_size_leaves_nothing(tmp_path: Path, served: bytes) -> None:
    place = tmp_path / "part"
    with model_server(**{"model.bin": served}) as server, pytest.raises(EcholessError, match="bytes"):
        fetched(server, place)
    assert not place.exists()


def test_a_beginning_longer_than_the_servers_file_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "part"
    place.write_bytes(DATA[:5000])
    with model_server(**{"model.bin": DATA[:4000]}) as server, pytest.raises(EcholessError, match="bytes"):
        fetched(server, place)
    assert not place.exists()


def test_an_error_of_the_server_is_said_once(tmp_path: Path) -> None:
    with model_server() as server, pytest.raises(EcholessError, match="answered 404"):
        fetched(server, tmp_path / "part")
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with model_server() as server:
        gone = server.address
    with pytest.raises(EcholessError, match="ConnectError"):
        fetch(FILE, tmp_path / "part", mirror=gone, report=lambda _: None)


def test_a_mirror_stands_in_for_scheme_and_host() -> None:
    ours = "https://models.example/k2/v1/model.bin?x=1"
    assert mirrored(ours, "") == ours
    assert mirrored(ours, "http://mirror:81") == "http://mirror:81/k2/v1/model.bin?x=1"
    assert mirrored(ours, "https://mirror/all/") == "https://mirror/all/k2/v1/model.bin?x=1"


@pytest.mark.parametrize("mirror", ["mirror.example", "file:///srv", "https://", "https://m/?q=1", "ftp://m"])
def test_what_is_no_address_is_no_mirror(mirror: str) -> None:
    with pytest.raises(EcholessError, match="a mirror is an address"):
        mirrored("https://models.example/x", mirror)
