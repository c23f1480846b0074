"""What a process has open is seen: files for writing, and whom its sockets lead to (C17, C47, T9)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from echoless.audit.search.descriptor_watch import Connection, DescriptorWatch

pytestmark = pytest.mark.unit


@pytest.fixture
def watch() -> DescriptorWatch:
    return DescriptorWatch(lambda: {os.getpid(): "engine"})


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        yield door


def _new(watch: DescriptorWatch) -> set[str]:
    before = set(watch.writable)
    watch.look()
    return {item.what for item in watch.writable - before}


def test_files_open_for_writing_are_seen(watch: DescriptorWatch, tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb"):
        assert _new(watch) == {"a file"}


def test_memory_files_deleted_ones_and_shared_memory_are_seen(watch: DescriptorWatch, tmp_path: Path) -> None:
    opened = [os.memfd_create("a"), os.open(tmp_path, os.O_TMPFILE | os.O_RDWR)]
    opened.append(os.open("/dev/shm", os.O_TMPFILE | os.O_RDWR))
    shared = Path(f"/dev/shm/echoless-test-{os.getpid()}")
    with shared.open("wb"):
        assert _new(watch) == {"a memory file", "a deleted file", "a file in shared memory"}
    shared.unlink()
    for descriptor in opened:
        os.close(descriptor)


def test_what_is_only_read_and_pipes_are_not_noted(watch: DescriptorWatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ends = os.pipe()
    with (tmp_path / "file").open("rb"), Path("/dev/null").open("wb"), socket.socket(socket.AF_UNIX):
        assert _new(watch) == set()
    for end in ends:
        os.close(end)


def test_whom_a_socket_leads_to_is_seen(door: socket.socket) -> None:
    port = door.getsockname()[1]
    with socket.create_connection(door.getsockname()) as client:
        watch = DescriptorWatch(lambda: {os.getpid(): "engine"})
        local = client.getsockname()[1]
    assert Connection("engine", "tcp", local, "127.0.0.1", port) in watch.connections


def test_whom_datagrams_go_to_is_seen() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("127.0.0.1", 53))
        watch = DescriptorWatch(lambda: {os.getpid(): "engine"})
    assert ("udp", "127.0.0.1", 53) in {(c.protocol, c.remote, c.remote_port) for c in watch.connections}


def test_a_process_that_is_gone_has_nothing_open() -> None:
    watch = DescriptorWatch(lambda: {0x7FFF_FFF0: "engine"})
    assert (watch.writable, watch.connections) == (set(), set())
