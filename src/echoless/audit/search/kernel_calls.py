"""The system calls by which the kernel's own objects are looked into, as Python does not have them.

source: shmat(2), msgop(2), mq_overview(7), keyctl(2), fsopen(2), fanotify(7); system calls have the
numbers of x86-64 or of the generic table
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_IS_X86: Final = platform.machine() == "x86_64"
_KEYCTL: Final = 250 if _IS_X86 else 219
_MQ_OPEN, _MQ_SEND, _MQ_RECEIVE = (240, 242, 243) if _IS_X86 else (180, 182, 183)
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_KEYCTL_SETPERM, _KEYCTL_DESCRIBE, _KEYCTL_READ = 5, 6, 11
_READABLE_BY_ALL: Final = 0x3F3F3F3F
_FSCONFIG_CREATE: Final = 6
_SHM_READ_ONLY: Final = 0o10000
_IPC_NOWAIT, _MSG_NOERROR, _MSG_COPY = 0o4000, 0o10000, 0o40000
_WORD_BYTES: Final = ctypes.sizeof(ctypes.c_long)
_MESSAGE_BYTES_MAX: Final = 65_536
_MESSAGES_MAX: Final = 4_096
_NO_MESSAGE: Final = 42
_FAN_CLOEXEC, _FAN_NONBLOCK, _FAN_MARK_ADD, _FAN_MARK_FILESYSTEM = 0x1, 0x2, 0x1, 0x100
_LARGE_FILE: Final = 0o100000
_WORKING_DIRECTORY: Final = -100


@contextlib.contextmanager
def attached_segment(segment_id: int, size_bytes: int) -> Iterator[bytes]:
    """Yield a copy of a System V segment, which is attached read only while it is made.

    raises: OSError where it may not be attached, or has gone
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    address = libc.shmat(segment_id, None, _SHM_READ_ONLY)
    if address is None or address == ctypes.c_void_p(-1).value:
        raise _error()
    try:
        yield ctypes.string_at(address, size_bytes)
    finally:
        libc.shmdt(ctypes.c_void_p(address))


def message_copies(queue_id: int) -> Iterator[bytes]:
    """Yield a copy of each message of a System V queue; they stay where they are.

    raises: OSError where it may not be read, or the kernel cannot copy (CONFIG_CHECKPOINT_RESTORE)
    """
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(_WORD_BYTES + _MESSAGE_BYTES_MAX)
    for index in range(_MESSAGES_MAX):
        flags = _IPC_NOWAIT | _MSG_NOERROR | _MSG_COPY
        count = libc.msgrcv(queue_id, buffer, ctypes.c_size_t(_MESSAGE_BYTES_MAX), ctypes.c_long(index), flags)
        if count < 0:
            error = _error()
            if index == 0 and not isinstance(error, BlockingIOError) and error.errno != _NO_MESSAGE:
                raise error
            return
        yield buffer.raw[_WORD_BYTES : _WORD_BYTES + count]


@contextlib.contextmanager
def mounted_queues() -> Iterator[int]:
    """Yield a descriptor of the directory of POSIX queues, mounted nowhere that anybody else sees.

    raises: OSError without the right to mount
    """
    with _closing(_call(_FSOPEN, b"mqueue", 0)) as context:
        _call(_FSCONFIG, context, _FSCONFIG_CREATE, None, None, 0)
        # The mount's own descriptor can be walked from, not read.
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        with (
            _closing(_call(_FSMOUNT, context, 0, 0)) as mount,
            _closing(os.open(".", flags, dir_fd=mount)) as directory,
        ):
            yield directory


def queue_messages(name: bytes, size_bytes: int) -> list[bytes]:
    """Return the messages of a POSIX queue; they are taken out and put back in their order.

    name:       without the slash
    size_bytes: the longest message that it takes
    raises:     OSError where it may not be opened
    """
    messages: list[tuple[bytes, int]] = []
    with _closing(_call(_MQ_OPEN, name, os.O_RDWR | os.O_NONBLOCK, 0, None)) as queue:
        buffer = ctypes.create_string_buffer(size_bytes)
        priority = ctypes.c_uint()
        with contextlib.suppress(BlockingIOError):
            while True:
                count = _call(_MQ_RECEIVE, queue, buffer, size_bytes, ctypes.byref(priority), None)
                messages.append((buffer.raw[:count], priority.value))
        for data, of_priority in messages:
            _call(_MQ_SEND, queue, data, len(data), of_priority, None)
    return [data for data, _ in messages]


def key_description(key_id: int) -> bytes:
    """Return type, owner, permissions and description of a key as the kernel writes them.

    raises: OSError where it may not be viewed
    """
    return _key_bytes(_KEYCTL_DESCRIBE, key_id).rstrip(b"\0")


def key_payload(key_id: int, permissions: int) -> bytes:
    """Return what a key holds; where reading it is not allowed, it is for a moment, by the right of its owner.

    permissions: the key's own, which it gets back
    raises:      OSError where its owner is another, or its type cannot be read
    """
    try:
        return _key_bytes(_KEYCTL_READ, key_id)
    except PermissionError:
        _call(_KEYCTL, _KEYCTL_SETPERM, key_id, _READABLE_BY_ALL)
    try:
        return _key_bytes(_KEYCTL_READ, key_id)
    finally:
        _call(_KEYCTL, _KEYCTL_SETPERM, key_id, permissions)


def _key_bytes(operation: int, key_id: int) -> bytes:
    size_bytes = _call(_KEYCTL, operation, key_id, None, 0)
    buffer = ctypes.create_string_buffer(max(1, size_bytes))
    count = _call(_KEYCTL, operation, key_id, buffer, size_bytes)
    return buffer.raw[: min(count, size_bytes)]


def flushed(descriptor: int) -> None:
    """Have everything written that waits to be, on the file system of an open file.

    raises: OSError where writing failed
    """
    if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) < 0:
        raise _error()


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    """Make a system call.

    raises: OSError with the kernel's reason
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    words = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    result = int(libc.syscall(ctypes.c_long(number), *words))
    if result < 0:
        raise _error()
    return result


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def fanotify_begun() -> int:
    """Return a descriptor on which the kernel tells of files, each with a descriptor of its own.

    raises: OSError without the right to it
    """
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.fanotify_init(_FAN_CLOEXEC | _FAN_NONBLOCK, os.O_RDONLY | os.O_CLOEXEC | _LARGE_FILE))
    if descriptor < 0:
        raise _error()
    return descriptor


def fanotify_marked(descriptor: int, events: int, place: Path) -> None:
    """Have the kernel tell of events anywhere on the file system of a place.

    raises: OSError where that file system cannot be watched
    """
    libc = ctypes.CDLL(None, use_errno=True)
    flags = ctypes.c_uint(_FAN_MARK_ADD | _FAN_MARK_FILESYSTEM)
    if libc.fanotify_mark(descriptor, flags, ctypes.c_uint64(events), _WORKING_DIRECTORY, os.fsencode(place)) < 0:
        raise _error()
