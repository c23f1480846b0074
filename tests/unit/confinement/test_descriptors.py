"""Old descriptors that could reach further than the wall allows are counted."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from echoless.confinement.descriptors import count_descriptors

pytestmark = pytest.mark.unit


def test_datagram_socket_is_counted_and_stream_sockets_are_not() -> None:
    before = count_descriptors().addressable_sockets
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(), socket.create_server(("127.0.0.1", 0)):
        assert count_descriptors().addressable_sockets == before + 1


def test_file_open_for_writing_is_counted(tmp_path: Path) -> None:
    before = count_descriptors().writable_files
    with (tmp_path / "file").open("wb"):
        assert count_descriptors().writable_files == before + 1
    with (tmp_path / "file").open("rb"):
        assert count_descriptors().writable_files == before
