"""What the kernel keeps for programs is searched (C20, T29): each is planted by this process and must be found."""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from echoless.audit.canary import Canary, CanaryMint
from echoless.audit.search.kernel_objects import KernelObjects, kernel_objects_now, scan_kernel_objects
from echoless.audit.search.needles import text_needles

pytestmark = pytest.mark.unit
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="queues of POSIX and keys of others are shown to root")
_IPC_REMOVE = 0
_SESSION = -3
_MQ_OPEN, _MQ_UNLINK, _MQ_SEND = 240, 241, 242


@contextmanager
def added_key(payload: bytes) -> Iterator[int]:
    """Hold a key in this process's session."""
    library = ctypes.CDLL(None, use_errno=True)
    key = library.syscall(248, b"user", b"echoless-test", payload, len(payload), _SESSION)
    assert key > 0
    yield key
    library.syscall(250, 9, key, _SESSION)


@pytest.fixture
def libc() -> ctypes.CDLL:
    library = ctypes.CDLL(None, use_errno=True)
    library.shmat.restype = ctypes.c_void_p
    library.syscall.restype = ctypes.c_long
    return library


@pytest.fixture
def canary() -> Canary:
    # Other runs on this machine leave objects of their own: a word must be new each time.
    return CanaryMint().plain("it", 300, is_kept=False)


@pytest.fixture
def before() -> KernelObjects:
    return kernel_objects_now()


def _found(canary: Canary, before: KernelObjects) -> set[str]:
    scan = scan_kernel_objects(text_needles([canary]), before)
    assert not any(word in hit.where for hit in scan.hits for word in canary.words)
    return {hit.where for hit in scan.hits}


def test_nothing_is_found_where_nothing_is(canary: Canary, before: KernelObjects) -> None:
    assert _found(canary, before) == set()


def test_shared_memory_of_system_v_is_searched(canary: Canary, before: KernelObjects, libc: ctypes.CDLL) -> None:
    segment = libc.shmget(0, 8192, 0o1600)
    try:
        address = libc.shmat(segment, None, 0)
        ctypes.memmove(address + 4000, canary.words[0].encode(), 12)
        libc.shmdt(ctypes.c_void_p(address))
        assert _found(canary, before) == {f"System V shared memory {segment}"}
    finally:
        libc.shmctl(segment, _IPC_REMOVE, None)


def test_messages_of_system_v_are_searched_and_stay(
    canary: Canary, before: KernelObjects, libc: ctypes.CDLL
) -> None:
    queue = libc.msgget(0, 0o1600)
    try:
        for word in canary.words[:2]:
            assert libc.msgsnd(queue, (1).to_bytes(8, "little") + word.encode(), 12, 0) == 0
        for _ in range(2):
            assert _found(canary, before) == {f"System V message queue {queue}"}
    finally:
        libc.msgctl(queue, _IPC_REMOVE, None)


@pytest.fixture
def queue_name(libc: ctypes.CDLL) -> Iterator[bytes]:
    name = f"echoless-test-{os.getpid()}".encode()
    yield name
    libc.syscall(_MQ_UNLINK, name)


@needs_root
def test_messages_of_posix_are_searched_and_stay(
    canary: Canary, before: KernelObjects, libc: ctypes.CDLL, queue_name: bytes
) -> None:
    queue = libc.syscall(_MQ_OPEN, queue_name, os.O_CREAT | os.O_RDWR, 0o600, None)
    assert queue >= 0
    assert libc.syscall(_MQ_SEND, queue, canary.words[0].encode(), 12, 0, None) == 0
    for _ in range(2):
        assert {where.partition(",")[0] for where in _found(canary, before)} == {"POSIX message queue"}
    os.close(queue)


@needs_root
def test_names_of_posix_queues_are_searched(canary: Canary, before: KernelObjects, libc: ctypes.CDLL) -> None:
    name = canary.words[0].encode()
    queue = libc.syscall(_MQ_OPEN, name, os.O_CREAT | os.O_RDWR, 0o600, None)
    os.close(queue)
    try:
        assert _found(canary, before) == {"name of a POSIX message queue"}
    finally:
        libc.syscall(_MQ_UNLINK, name)


@needs_root
def test_keys_are_searched_and_keep_their_permissions(
    canary: Canary, before: KernelObjects, libc: ctypes.CDLL
) -> None:
    payload, described = canary.words[:2]
    second = libc.syscall(248, b"user", described.encode(), b"1", 1, _SESSION)
    with added_key(payload.encode()) as first:
        assert _found(canary, before) == {f"key {first:08x}: payload", f"key {second:08x}: description"}
        with open("/proc/keys") as table:
            assert f"{first:08x} I--Q" in (lines := table.read())
        assert "3f010000" in next(line for line in lines.splitlines() if line.startswith(f"{first:08x}"))
    libc.syscall(250, 9, second, _SESSION)


def test_names_of_sockets_are_searched(canary: Canary, before: KernelObjects) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("\0a " + canary.words[0])
        assert _found(canary, before) == {"name of an abstract socket"}
