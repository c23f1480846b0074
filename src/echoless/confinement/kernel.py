"""System calls by number, with the kernel's answer as a value.

It reports the errno and never raises it: a refusal is what a probe looks for.
source: syscall(2); the x86-64 table and the generic table that arm64 uses.
"""

from __future__ import annotations

import ctypes
import errno
import platform
from dataclasses import dataclass
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

# name: (x86-64, arm64); None where the architecture has no such call. From 424 on, numbers are the same everywhere.
_NUMBERS: Final[dict[str, tuple[int | None, int | None]]] = {
    "write": (1, 64), "open": (2, None), "mmap": (9, 222), "mprotect": (10, 226), "ioctl": (16, 29),
    "pwrite64": (18, 68), "shmget": (29, 194), "shmat": (30, 196), "sendfile": (40, 71), "socket": (41, 198),
    "accept": (43, 202), "listen": (50, 201), "setsockopt": (54, 208), "accept4": (288, 242),
    "connect": (42, 203), "sendto": (44, 206), "sendmsg": (46, 211), "bind": (49, 200), "socketpair": (53, 199),
    "clone": (56, 220), "fork": (57, None), "execve": (59, 221), "kill": (62, 129), "semget": (64, 190),
    "semop": (65, 193), "msgget": (68, 186), "msgsnd": (69, 189), "fcntl": (72, 25), "flock": (73, 32),
    "truncate": (76, 45), "ftruncate": (77, 46), "rename": (82, None), "mkdir": (83, None), "rmdir": (84, None),
    "creat": (85, None), "link": (86, None), "unlink": (87, None), "symlink": (88, None), "chmod": (90, None),
    "fchmod": (91, 52), "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "ptrace": (101, 117),
    "rt_sigqueueinfo": (129, 138), "utime": (132, None), "mknod": (133, None), "pivot_root": (155, 41),
    "prctl": (157, 167), "setrlimit": (160, 164), "chroot": (161, 51), "mount": (165, 40), "umount2": (166, 39),
    "sethostname": (170, 161), "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "tkill": (200, 130),
    "io_setup": (206, 0), "io_submit": (209, 2), "semtimedop": (220, 192), "tgkill": (234, 131),
    "utimes": (235, None), "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "openat": (257, 56),
    "mkdirat": (258, 34), "mknodat": (259, 33), "fchownat": (260, 54), "futimesat": (261, None),
    "unlinkat": (263, 35), "renameat": (264, 38), "linkat": (265, 37), "symlinkat": (266, 36),
    "fchmodat": (268, 53), "unshare": (272, 97), "splice": (275, 76), "tee": (276, 77), "vmsplice": (278, 75),
    "utimensat": (280, 88), "fallocate": (285, 47), "pwritev": (296, 70), "rt_tgsigqueueinfo": (297, 240),
    "perf_event_open": (298, 241), "prlimit64": (302, 261), "open_by_handle_at": (304, 265),
    "sendmmsg": (307, 269), "setns": (308, 268), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "renameat2": (316, 276), "seccomp": (317, 277), "memfd_create": (319, 279), "bpf": (321, 280),
    "execveat": (322, 281), "userfaultfd": (323, 282), "copy_file_range": (326, 285), "pwritev2": (328, 287),
    "pkey_mprotect": (329, 288), "pidfd_send_signal": (424, 424), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "pidfd_open": (434, 434), "clone3": (435, 435), "openat2": (437, 437),
    "pidfd_getfd": (438, 438), "mount_setattr": (442, 442), "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446), "memfd_secret": (447, 447),
    "fchmodat2": (452, 452), "setxattrat": (463, 463), "getxattrat": (464, 464), "listxattrat": (465, 465),
    "removexattrat": (466, 466), "open_tree_attr": (467, 467), "file_getattr": (468, 468),
    "file_setattr": (469, 469),
}  # fmt: skip
_COLUMNS: Final = {"x86_64": 0, "aarch64": 1}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the kernel said: a value, or -1 with an errno (0 where the call succeeded)."""

    value: int
    errno: int


def number_of(name: str, machine: str | None = None) -> int | None:
    """Return a call's number on this architecture, or None where it has none.

    machine: as `platform.machine()` names it; this one where it is left out
    raises:  KeyError for a name outside the table, EcholessError on an architecture without a table
    """
    column = _COLUMNS.get(machine or platform.machine())
    if column is None:
        raise EcholessError(ErrorCode.CONFIGURATION, "this processor architecture has no reviewed call table")
    return _NUMBERS[name][column]


def names() -> tuple[str, ...]:
    """Return every name in the table."""
    return tuple(_NUMBERS)


class Kernel:
    """The raw door to the kernel of one process."""

    __slots__ = ("_libc",)

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long

    def call(self, name: str, *arguments: int) -> Answer:
        """Make one system call with integer arguments (pointers as addresses).

        returns: the answer; `ENOSYS` where this architecture has no such call
        """
        number = number_of(name)
        if number is None:
            return Answer(-1, errno.ENOSYS)
        return self.call_number(number, *arguments)

    def call_number(self, number: int, *arguments: int) -> Answer:
        """Make one system call by its number."""
        ctypes.set_errno(0)
        value = self._libc.syscall(ctypes.c_long(number), *(ctypes.c_long(each) for each in arguments))
        return Answer(value, ctypes.get_errno() if value == -1 else 0)
