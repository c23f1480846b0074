"""Searches what the kernel keeps for programs outside files and processes: shared memory and message queues of
System V, message queues of POSIX, keys, and the names of Unix sockets.

Nothing is changed for good: segments are attached read only, messages are copied or put back in their order. What
was there before is not opened where looking inside needs more than reading.
source: sysvipc(7), proc(5), mq_overview(7), keyrings(7), unix(7)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.audit.search.kernel_calls import (
    attached_segment,
    key_description,
    key_payload,
    message_copies,
    mounted_queues,
    queue_messages,
)
from echoless.audit.search.places import PlaceScan, Sieve, Sought, reason_of

_SYSTEM_V: Final = Path("/proc/sysvipc")
_KEYS: Final = Path("/proc/keys")
_QUEUE_LIMIT: Final = Path("/proc/sys/fs/mqueue/msgsize_max")
_QUEUE_LIMIT_DEFAULT: Final = 8_192
# /proc/sysvipc: key, number, permissions, and for segments the size.
_NUMBER, _SIZE = 1, 3
# /proc/keys: number, flags, count of uses, time left, permissions, owner, group, type, description.
_KEY_NUMBER, _KEY_PERMISSIONS, _KEY_TYPE = 0, 4, 7
# Types whose payload is somebody's bytes, and whose readers cannot do harm.
_KEYS_OF_BYTES: Final = frozenset({"user", "big_key"})


@dataclass(frozen=True, slots=True)
class KernelObjects:
    """Which objects there were at a moment, so that later ones can be told from them."""

    keys: frozenset[int]
    queues: frozenset[bytes]


def kernel_objects_now() -> KernelObjects:
    """Return the keys and queues that there are."""
    keys = frozenset(int(row[_KEY_NUMBER], 16) for row in _rows(_KEYS))
    try:
        queues = frozenset(_queue_names())
    except OSError:
        # The search says so where it would have mattered.
        queues = frozenset()
    return KernelObjects(keys, queues)


def scan_kernel_objects(
    needles: Sought, before: KernelObjects, unix_table: Path = Path("/proc/net/unix")
) -> PlaceScan:
    """Search all of them.

    before:     what was there before anything was planted
    unix_table: the table of Unix sockets in the network namespace of who is searched
    """
    sieve = Sieve.of(needles)
    _segments(sieve)
    _messages(sieve)
    _queues(sieve, before.queues)
    _keys(sieve, before.keys)
    _socket_names(sieve, unix_table)
    return sieve.result("kernel objects", "kernel objects")


def _segments(sieve: Sieve) -> None:
    for row in _rows(_SYSTEM_V / "shm", skipped=1):
        where = f"System V shared memory {row[_NUMBER]}"
        try:
            with attached_segment(int(row[_NUMBER]), int(row[_SIZE])) as data:
                sieve.look(where, data)
        except OSError as error:
            sieve.pass_over(where, reason_of(error))


def _messages(sieve: Sieve) -> None:
    for row in _rows(_SYSTEM_V / "msg", skipped=1):
        where = f"System V message queue {row[_NUMBER]}"
        try:
            for data in message_copies(int(row[_NUMBER])):
                sieve.look(where, data)
        except OSError as error:
            sieve.pass_over(where, reason_of(error))


def _queues(sieve: Sieve, before: frozenset[bytes]) -> None:
    """Search names of all queues, and messages of those that are new."""
    try:
        names = _queue_names()
        size_bytes = int(_QUEUE_LIMIT.read_text()) if _QUEUE_LIMIT.exists() else _QUEUE_LIMIT_DEFAULT
    except OSError as error:
        sieve.pass_over("POSIX message queues", reason_of(error))
        return
    for number, name in enumerate(sorted(names)):
        sieve.look("name of a POSIX message queue", name)
        if name in before:
            continue
        where = f"POSIX message queue, number {number}"
        try:
            for data in queue_messages(name, size_bytes):
                sieve.look(where, data)
        except OSError as error:
            sieve.pass_over(where, reason_of(error))


def _queue_names() -> set[bytes]:
    """Return the names of all queues; none where they cannot be listed.

    raises: OSError without the right to mount
    """
    with mounted_queues() as directory:
        return {os.fsencode(name) for name in os.listdir(directory)}  # noqa: PTH208  # a descriptor, not a path


def _keys(sieve: Sieve, before: frozenset[int]) -> None:
    """Search descriptions of all keys, and payloads of those that are new and hold bytes."""
    for row in _rows(_KEYS):
        key_id, where = int(row[_KEY_NUMBER], 16), f"key {row[_KEY_NUMBER]}"
        try:
            sieve.look(f"{where}: description", key_description(key_id))
            if key_id not in before and row[_KEY_TYPE] in _KEYS_OF_BYTES:
                sieve.look(f"{where}: payload", key_payload(key_id, int(row[_KEY_PERMISSIONS], 16)))
        except OSError as error:
            sieve.pass_over(where, reason_of(error))


def _socket_names(sieve: Sieve, table: Path) -> None:
    try:
        lines = table.read_bytes().splitlines()[1:]
    except OSError as error:
        sieve.pass_over("names of Unix sockets", reason_of(error))
        return
    for line in lines:
        name = line.split(maxsplit=7)[7:]
        if name:
            is_abstract = name[0].startswith(b"@")
            sieve.look("name of an abstract socket" if is_abstract else "path of a Unix socket", name[0])


def _rows(table: Path, skipped: int = 0) -> list[list[str]]:
    """Return the columns of a table of the kernel's; none where it has no such table."""
    try:
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line.split() for line in lines[skipped:]]
