"""Every way out of a process that we know, as data.

Each call's arguments reach the filter but can do nothing: a NULL path, descriptor -1, an unknown flag. The
kernel answers them with an error of its own (EFAULT, EBADF, EINVAL ...), the wall with another.
Each channel also says from which Landlock ABI on that layer refuses it too; the tests of the wall prove this
column by acting for real with Landlock alone.
source: syscalls(2) up to Linux 6.18, landlock(7)
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Final

from echoless.confinement.profile import Role

_NULL: Final = 0
_BAD_FD: Final = -1
_CWD: Final = -100
_NO_SUCH_PID: Final = 0x7FFF_FFFE
_NO_SUCH_KEY: Final = 0x0BAD_0BAD
_UNKNOWN_FLAG: Final = 0x4000_0000
_UNKNOWN_SOCKET_FLAG: Final = 0x0010_0000
_FAST_OPEN: Final = 0x2000_0000
_TMPFILE: Final = 0o20200000
_WRITE, _READ_WRITE, _CREATE, _TRUNCATE, _APPEND = 1, 2, 0o100, 0o1000, 0o2000
_EVERY_ROLE: Final = frozenset({Role.ENGINE, Role.GATEWAY, Role.EGRESS, Role.VAULT, Role.CONNECTED_VAULT})
_VOLATILE: Final = frozenset({Role.ENGINE, Role.GATEWAY, Role.EGRESS})
_CONNECTING: Final = frozenset(role for role in _EVERY_ROLE if role.connects)
_ALL_BUT_CONNECTING: Final = _EVERY_ROLE - _CONNECTING
_EGRESS: Final = frozenset({Role.EGRESS})


@dataclass(frozen=True, slots=True)
class Call:
    """One harmless attempt.

    has_control: it is also made before the wall stands, to show that it reaches the kernel; false for a call
                 that would act there
    """

    name: str
    arguments: tuple[int, ...] = ()
    has_control: bool = True


@dataclass(frozen=True, slots=True)
class Channel:
    """One way out, closed when each of its calls is refused.

    landlock_abi:    from which ABI Landlock closes it too; 0 where it never does, or only in part
    must_close_for:  the roles that may not have it
    needs_two:       writing to files: two layers where the kernel has Landlock
    """

    name: str
    calls: tuple[Call, ...]
    landlock_abi: int = 0
    must_close_for: frozenset[Role] = _VOLATILE
    needs_two: bool = False


def _opens(*flags: int) -> tuple[Call, ...]:
    return tuple(
        call for each in flags for call in (Call("openat", (_CWD, _NULL, each, 0)), Call("open", (_NULL, each, 0)))
    )


def _socket(
    name: str, family: int, kind: int, protocol: int = 0, *, must_close_for: frozenset[Role] = _EVERY_ROLE
) -> Channel:
    calls = (Call("socket", (family, kind | _UNKNOWN_SOCKET_FLAG, protocol)),)
    return Channel(f"socket_{name}", calls, must_close_for=must_close_for)


_FILES: Final = (
    Channel("file_write", _opens(_WRITE, _READ_WRITE, _WRITE | _APPEND), 1, needs_two=True),
    Channel("file_create", (*_opens(_CREATE, _WRITE | _CREATE), Call("creat", (_NULL, 0))), 1, needs_two=True),
    Channel("file_truncate", _opens(_TRUNCATE), 3),
    Channel("unnamed_file", _opens(_TMPFILE | _WRITE, _TMPFILE | _READ_WRITE), 1, needs_two=True),
    Channel("openat2", (Call("openat2", (_CWD, _NULL, _NULL, 0)),), 1, _EVERY_ROLE),
    Channel("mkdir", (Call("mkdirat", (_CWD, _NULL, 0)), Call("mkdir", (_NULL, 0))), 1),
    Channel("unlink", (Call("unlinkat", (_CWD, _NULL, 0)), Call("unlink", (_NULL,)), Call("rmdir", (_NULL,))), 1),
    Channel(
        "rename",
        (
            Call("renameat2", (_BAD_FD, _NULL, _BAD_FD, _NULL, 0)),
            Call("renameat", (_BAD_FD, _NULL, _BAD_FD, _NULL)),
            Call("rename", (_NULL, _NULL)),
        ),
        1,
    ),
    Channel("link", (Call("linkat", (_BAD_FD, _NULL, _BAD_FD, _NULL, 0)), Call("link", (_NULL, _NULL))), 1),
    Channel(
        "symlink",
        (Call("symlinkat", (_NULL, _BAD_FD, _NULL)), Call("symlink", (_NULL, _NULL))),
        1,
        _EVERY_ROLE,
    ),
    Channel(
        "mknod",
        (Call("mknodat", (_CWD, _NULL, 0o100600, 0)), Call("mknod", (_NULL, 0o100600, 0))),
        1,
        _EVERY_ROLE,
    ),
    Channel("truncate", (Call("truncate", (_NULL, 0)),), 3, _EVERY_ROLE),
    Channel("ftruncate", (Call("ftruncate", (_BAD_FD, 0)), Call("fallocate", (_BAD_FD, 0, 0, 1)))),
    Channel(
        "chmod",
        (Call("fchmodat", (_CWD, _NULL, 0)), Call("fchmod", (_BAD_FD, 0)), Call("chmod", (_NULL, 0))),
    ),
    Channel("fchmodat2", (Call("fchmodat2", (_CWD, _NULL, 0, 0)),)),
    Channel(
        "chown",
        (
            Call("fchownat", (_CWD, _NULL, -1, -1, 0)),
            Call("fchown", (_BAD_FD, -1, -1)),
            Call("chown", (_NULL, -1, -1)),
            Call("lchown", (_NULL, -1, -1)),
        ),
    ),
    Channel(
        "utime",
        (
            Call("utimensat", (_BAD_FD, _NULL, _NULL, 0)),
            Call("futimesat", (_BAD_FD, _NULL, _NULL)),
            Call("utimes", (_NULL, _NULL)),
            Call("utime", (_NULL, _NULL)),
        ),
    ),
    Channel(
        "xattr",
        (
            Call("setxattr", (_NULL, _NULL, _NULL, 0, 0)),
            Call("lsetxattr", (_NULL, _NULL, _NULL, 0, 0)),
            Call("fsetxattr", (_BAD_FD, _NULL, _NULL, 0, 0)),
            Call("removexattr", (_NULL, _NULL)),
            Call("lremovexattr", (_NULL, _NULL)),
            Call("fremovexattr", (_BAD_FD, _NULL)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "xattrat",
        (
            Call("setxattrat", (_CWD, _NULL, 0, _NULL, _NULL, 0)),
            Call("removexattrat", (_CWD, _NULL, 0, _NULL)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel("file_setattr", (Call("file_setattr", (_CWD, _NULL, _NULL, 0, 0)),), must_close_for=_EVERY_ROLE),
    Channel(
        "positioned_write",
        (
            Call("pwrite64", (_BAD_FD, _NULL, 0, 0)),
            Call("pwritev", (_BAD_FD, _NULL, 0, 0, 0)),
            Call("pwritev2", (_BAD_FD, _NULL, 0, 0, 0, 0)),
        ),
    ),
    Channel(
        "splice",
        (
            Call("splice", (_BAD_FD, _NULL, _BAD_FD, _NULL, 1, 0)),
            Call("tee", (_BAD_FD, _BAD_FD, 1, 0)),
            Call("vmsplice", (_BAD_FD, _NULL, 0, 0)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "kernel_copy",
        (
            Call("copy_file_range", (_BAD_FD, _NULL, _BAD_FD, _NULL, 1, 0)),
            Call("sendfile", (_BAD_FD, _BAD_FD, _NULL, 1)),
        ),
    ),
    Channel("file_lock", (Call("flock", (_BAD_FD, 1)),)),
    Channel("file_handle", (Call("open_by_handle_at", (_BAD_FD, _NULL, 0)),), must_close_for=_EVERY_ROLE),
    # PROT_READ, MAP_SHARED, no descriptor.
    Channel("shared_mapping", (Call("mmap", (_NULL, 4096, 1, 1, _BAD_FD, 0)),)),
)

_MEMORY: Final = (
    Channel(
        "sysv_memory",
        (Call("shmget", (_NO_SUCH_KEY, 0, 0)), Call("shmat", (-1, _NULL, 0))),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "sysv_messages",
        (Call("msgget", (_NO_SUCH_KEY, 0)), Call("msgsnd", (-1, _NULL, 0, 0))),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "sysv_semaphores",
        (
            Call("semget", (_NO_SUCH_KEY, 0, 0)),
            Call("semop", (-1, _NULL, 0)),
            Call("semtimedop", (-1, _NULL, 0, _NULL)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "message_queue",
        (
            Call("mq_open", (_NULL, 0, 0, _NULL)),
            Call("mq_timedsend", (_BAD_FD, _NULL, 0, 0, _NULL)),
            Call("mq_unlink", (_NULL,)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "keyring",
        (
            Call("add_key", (_NULL, _NULL, _NULL, 0, 0)),
            Call("request_key", (_NULL, _NULL, _NULL, 0)),
            Call("keyctl", (_UNKNOWN_FLAG, 0, 0, 0, 0)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "io_uring",
        (
            Call("io_uring_setup", (0, _NULL)),
            Call("io_uring_enter", (_BAD_FD, 0, 0, 0, _NULL, 0)),
            Call("io_uring_register", (_BAD_FD, 0, _NULL, 0)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel("aio", (Call("io_setup", (0, _NULL)), Call("io_submit", (0, 0, _NULL))), must_close_for=_EVERY_ROLE),
    Channel("memfd", (Call("memfd_create", (_NULL, 0)),), must_close_for=_EVERY_ROLE),
    Channel("memfd_secret", (Call("memfd_secret", (_UNKNOWN_FLAG,)),), must_close_for=_EVERY_ROLE),
    # PROT_READ, PROT_WRITE and PROT_EXEC at once; private, no descriptor.
    Channel(
        "writable_code",
        (
            Call("mmap", (_NULL, 4096, 7, 2, _BAD_FD, 0)),
            Call("mprotect", (1, 4096, 4)),
            Call("pkey_mprotect", (1, 4096, 4, -1)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
)

_NETWORK: Final = (
    _socket("unix_stream", 1, 1),
    _socket("unix_datagram", 1, 2),
    _socket("inet_stream", 2, 1, must_close_for=_ALL_BUT_CONNECTING),
    _socket("inet_datagram", 2, 2),
    _socket("inet6_stream", 10, 1, must_close_for=_ALL_BUT_CONNECTING),
    _socket("inet6_datagram", 10, 2),
    _socket("mptcp", 2, 1, 262),
    _socket("netlink", 16, 3),
    _socket("packet", 17, 3),
    _socket("vsock", 40, 1),
    Channel("socketpair_datagram", (Call("socketpair", (1, 2 | _UNKNOWN_SOCKET_FLAG, 0, _NULL)),), 0, _EVERY_ROLE),
    Channel("connect", (Call("connect", (_BAD_FD, _NULL, 0)),), 0, _ALL_BUT_CONNECTING),
    Channel("bind", (Call("bind", (_BAD_FD, _NULL, 0)),), 0, _EVERY_ROLE),
    # A server's calls. A gateway has them for what it inherited; whoever connects out never lets anybody in.
    Channel(
        "listen",
        (
            Call("listen", (_BAD_FD, 0)),
            Call("accept4", (_BAD_FD, _NULL, _NULL, 0)),
            Call("accept", (_BAD_FD, _NULL, _NULL)),
        ),
        must_close_for=_EGRESS,
    ),
    # SOL_SOCKET with SO_BINDTODEVICE, IPPROTO_TCP with TCP_FASTOPEN_CONNECT, TCP_ULP and TCP_REPAIR.
    Channel(
        "socket_options",
        (
            Call("setsockopt", (_BAD_FD, 1, 25, _NULL, 0)),
            Call("setsockopt", (_BAD_FD, 6, 30, _NULL, 0)),
            Call("setsockopt", (_BAD_FD, 6, 31, _NULL, 0)),
            Call("setsockopt", (_BAD_FD, 6, 19, _NULL, 0)),
        ),
        must_close_for=_CONNECTING,
    ),
    Channel(
        "tcp_fast_open",
        (
            Call("sendto", (_BAD_FD, _NULL, 0, _FAST_OPEN, _NULL, 0)),
            Call("sendmsg", (_BAD_FD, _NULL, _FAST_OPEN)),
            Call("sendmmsg", (_BAD_FD, _NULL, 0, _FAST_OPEN)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel("send_to_address", (Call("sendto", (_BAD_FD, _NULL, 0, 0, 1, 16)),), must_close_for=_EVERY_ROLE),
)

_PROCESSES: Final = (
    Channel("ptrace", (Call("ptrace", (_UNKNOWN_FLAG, -1, 0, 0)),), 1, _EVERY_ROLE),
    Channel(
        "process_memory",
        (
            Call("process_vm_writev", (_NO_SUCH_PID, _NULL, 0, _NULL, 0, 1)),
            Call("process_vm_readv", (_NO_SUCH_PID, _NULL, 0, _NULL, 0, 1)),
        ),
        1,
        must_close_for=_EVERY_ROLE,
    ),
    Channel("bpf", (Call("bpf", (-1, _NULL, 0)),), must_close_for=_EVERY_ROLE),
    Channel("userfaultfd", (Call("userfaultfd", (_UNKNOWN_FLAG,)),), must_close_for=_EVERY_ROLE),
    Channel("perf_events", (Call("perf_event_open", (_NULL, -1, -1, -1, -1)),), must_close_for=_EVERY_ROLE),
    Channel(
        "execve",
        (Call("execve", (_NULL, _NULL, _NULL)), Call("execveat", (_BAD_FD, _NULL, _NULL, _NULL, 0))),
        1,
        _EVERY_ROLE,
    ),
    # CLONE_SIGHAND without CLONE_VM is refused by the kernel; fork takes no arguments, so it has no control.
    Channel(
        "fork",
        (Call("clone", (0x800 | signal.SIGCHLD, 0, 0, 0, 0)), Call("fork", (), has_control=False)),
        must_close_for=_EVERY_ROLE,
    ),
    Channel("clone3", (Call("clone3", (_NULL, 0)),), must_close_for=_EVERY_ROLE),
    Channel(
        "mount",
        (
            Call("mount", (_NULL, _NULL, _NULL, 0, _NULL)),
            Call("umount2", (_NULL, _UNKNOWN_FLAG)),
            Call("pivot_root", (_NULL, _NULL)),
            Call("open_tree", (_BAD_FD, _NULL, _UNKNOWN_FLAG)),
            Call("move_mount", (_BAD_FD, _NULL, _BAD_FD, _NULL, _UNKNOWN_FLAG)),
            Call("fsopen", (_NULL, _UNKNOWN_FLAG)),
            Call("fsconfig", (_BAD_FD, 0, _NULL, _NULL, 0)),
            Call("fsmount", (_BAD_FD, _UNKNOWN_FLAG, 0)),
            Call("fspick", (_BAD_FD, _NULL, _UNKNOWN_FLAG)),
            Call("mount_setattr", (_BAD_FD, _NULL, _UNKNOWN_FLAG, _NULL, 0)),
        ),
        1,
        _EVERY_ROLE,
    ),
    Channel(
        "namespaces",
        (Call("unshare", (1,)), Call("setns", (_BAD_FD, 0)), Call("chroot", (_NULL,))),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "pidfd",
        (
            Call("pidfd_getfd", (_BAD_FD, -1, 1)),
            Call("pidfd_open", (_NO_SUCH_PID, 1)),
            Call("pidfd_send_signal", (_BAD_FD, 0, _NULL, 0)),
        ),
        must_close_for=_EVERY_ROLE,
    ),
    Channel(
        "signal_to_others",
        (
            Call("kill", (_NO_SUCH_PID, 0)),
            Call("tkill", (_NO_SUCH_PID, 0)),
            Call("tgkill", (_NO_SUCH_PID, _NO_SUCH_PID, 0)),
            Call("rt_sigqueueinfo", (_NO_SUCH_PID, 0, _NULL)),
            Call("rt_tgsigqueueinfo", (_NO_SUCH_PID, _NO_SUCH_PID, 0, _NULL)),
        ),
        6,
        _EVERY_ROLE,
    ),
    Channel("dumpable", (Call("prctl", (4, 7, 0, 0, 0)),), must_close_for=_EVERY_ROLE),
    Channel(
        "raise_limit",
        (Call("prlimit64", (0, 1, 1, _NULL)), Call("setrlimit", (1, _NULL))),
        must_close_for=_EVERY_ROLE,
    ),
    Channel("terminal_input", (Call("ioctl", (_BAD_FD, 0x5412, _NULL)),), must_close_for=_EVERY_ROLE),
    # A call of the kernel that no list of ours names.
    Channel("unreviewed_call", (Call("sethostname", (_NULL, -1)),), must_close_for=_EVERY_ROLE),
)

CHANNELS: Final = (*_FILES, *_MEMORY, *_NETWORK, *_PROCESSES)
