"""What a process holds open when it enters the wall, by kind.

The wall closes new channels; this looks at the old ones. A datagram socket may send to any address and a block
device has no file size limit, so neither may be there. Regular files are closed by the file size limit.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DescriptorFacts:
    """Counts of open descriptors.

    addressable_sockets: datagram, raw and netlink sockets: they can send to a destination of their choice
    writable_files:      regular files open for writing (closed by the file size limit)
    """

    addressable_sockets: int
    block_devices: int
    writable_files: int


def count_descriptors() -> DescriptorFacts:
    """Look at every open descriptor. Must run while the process may still list /proc/self/fd."""
    sockets = devices = files = 0
    for descriptor in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            continue  # the listing's own descriptor, closed by now
        sockets += stat.S_ISSOCK(mode) and _is_addressable(descriptor)
        devices += stat.S_ISBLK(mode)
        files += stat.S_ISREG(mode) and _is_writable(descriptor)
    return DescriptorFacts(addressable_sockets=sockets, block_devices=devices, writable_files=files)


def _is_addressable(descriptor: int) -> bool:
    with socket.socket(fileno=os.dup(descriptor)) as held:
        kind = held.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
    return kind not in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)


def _is_writable(descriptor: int) -> bool:
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & (os.O_WRONLY | os.O_RDWR) != 0
