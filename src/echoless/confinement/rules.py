"""The seccomp allow-list as data: which calls a role may make, and with which arguments.

Three answers exist. Allowed calls pass. Reviewed calls that are refused get `EACCES`, which the kernel never
gives to a NULL path or to descriptor -1, so a probe can tell the wall from the kernel. Every other number,
those of the future included, gets `ENOSYS`, as if the kernel did not have it.
One filter cannot say both, since libseccomp gives the same default to a call whose arguments match no rule and
to a call without rules. So there are two, and both must allow a call: `allowed` by arguments, then `reviewed`
by number. Where both refuse, the kernel answers with the errno of the one loaded last.
A 32-bit argument is compared by its low half, as the kernel reads it: the upper half of a register is noise.
source: seccomp(2), seccomp_rule_add(3), open(2), clone(2), mmap(2), unix(7)
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from echoless.confinement.profile import Role

WALL_ERRNO: Final = errno.EACCES
UNREVIEWED_ERRNO: Final = errno.ENOSYS
_LOW: Final = 0xFFFF_FFFF
_ALL: Final = 0xFFFF_FFFF_FFFF_FFFF

# O_ACCMODE, O_CREAT, O_TRUNC, O_APPEND and the bit that only O_TMPFILE has; the same on x86-64 and arm64.
OPEN_WRITE_BITS: Final = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000
_CLONE_THREAD: Final = 0x10000
_MSG_FASTOPEN: Final = 0x2000_0000
_MAP_TYPE, _MAP_PRIVATE, _MAP_ANONYMOUS = 0x0F, 0x02, 0x20
_PROT_WRITE, _PROT_EXEC = 0x2, 0x4
_ACCESS: Final = (0, _PROT_WRITE, _PROT_EXEC)  # never both


@dataclass(frozen=True, slots=True)
class Condition:
    """`argument & mask == value`."""

    argument: int
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class Rule:
    """An allowed call with the conditions that must all hold; no condition means always."""

    call: str
    conditions: tuple[Condition, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MEMORY: Final = (
    "brk munmap mremap madvise mlock mlock2 munlock mlockall munlockall mincore membarrier get_mempolicy msync"
)
_THREADS: Final = (
    "futex futex_waitv set_robust_list get_robust_list rseq set_tid_address gettid exit exit_group sched_yield "
    "sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler sched_get_priority_max "
    "sched_get_priority_min sched_getattr sched_rr_get_interval getcpu restart_syscall"
)
_SIGNALS: Final = (
    "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack rt_sigtimedwait rt_sigpending rt_sigsuspend pause "
    "signalfd4"
)
_CLOCKS: Final = (
    "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times setitimer getitimer alarm "
    "timer_create timer_settime timer_gettime timer_getoverrun timer_delete "
    "timerfd_create timerfd_settime timerfd_gettime"
)
_READING: Final = (
    "read readv pread64 preadv preadv2 close close_range lseek fstat stat lstat newfstatat statx access faccessat "
    "faccessat2 getdents getdents64 readlink readlinkat getcwd dup dup2 dup3 statfs fstatfs fadvise64"
)
# write and writev reach pipes and sockets; regular files are closed by the file size limit.
_STREAMS: Final = (
    "write writev pipe pipe2 eventfd2 poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_wait epoll_pwait "
    "epoll_pwait2 recvfrom recvmsg recvmmsg shutdown getsockname getpeername getsockopt"
)
_IDENTITY: Final = (
    "getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp getpgid getsid getrlimit "
    "getrusage getpriority uname sysinfo getrandom capget wait4 waitid"
)
_EVERYWHERE: Final = _words(" ".join((_MEMORY, _THREADS, _SIGNALS, _CLOCKS, _READING, _STREAMS, _IDENTITY)))

# A server's calls, which asyncio needs on what was inherited. Egress connects and never listens.
_ACCEPTING: Final = _words("accept accept4 listen")

# What the vault may do besides: its database and its objects. Landlock keeps it below its data directory.
_VAULT_FILES: Final = _words(
    "open openat mkdir mkdirat unlink unlinkat rmdir rename renameat renameat2 link linkat ftruncate fallocate "
    "chmod fchmod fchmodat fchmodat2 fchown utimensat utimes utime pwrite64 pwritev pwritev2 fsync fdatasync "
    "sync_file_range flock copy_file_range sendfile fcntl readahead umask"
)

# Reviewed and refused, some of them only with certain arguments. clone3 and openat2 are left out on purpose:
# glibc and libraries fall back to the older call only on ENOSYS.
REFUSED: Final = _words(
    "open openat creat mkdir mkdirat unlink unlinkat rmdir rename renameat renameat2 link linkat symlink "
    "symlinkat mknod mknodat truncate ftruncate fallocate chmod fchmod fchmodat fchmodat2 chown fchown lchown "
    "fchownat utime utimes utimensat futimesat setxattr lsetxattr fsetxattr setxattrat removexattr "
    "lremovexattr fremovexattr removexattrat getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr "
    "flistxattr listxattrat file_getattr file_setattr open_tree_attr shmget shmat shmctl shmdt msgget msgsnd "
    "msgrcv msgctl semget semop semctl semtimedop mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify "
    "mq_getsetattr add_key request_key keyctl io_uring_setup io_uring_enter io_uring_register io_setup "
    "io_submit io_destroy io_cancel io_getevents memfd_create memfd_secret socket socketpair connect bind "
    "sendto sendmsg sendmmsg setsockopt ptrace process_vm_readv process_vm_writev process_madvise kcmp bpf "
    "userfaultfd perf_event_open execve execveat fork vfork clone mount umount2 pivot_root move_mount "
    "open_tree fsopen fsconfig fsmount fspick mount_setattr setns unshare chroot chdir fchdir pidfd_open "
    "pidfd_getfd pidfd_send_signal kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo splice tee vmsplice "
    "copy_file_range sendfile pwrite64 pwritev pwritev2 flock name_to_handle_at open_by_handle_at seccomp "
    "landlock_create_ruleset landlock_add_rule landlock_restrict_self prlimit64 setrlimit prctl ioctl fcntl "
    "mmap mprotect pkey_mprotect personality"
)

# FIOCLEX, FIONCLEX, FIONBIO, FIONREAD, TIOCOUTQ, TCGETS, TIOCGWINSZ: questions, and two descriptor flags.
_IOCTLS: Final = (0x5451, 0x5450, 0x5421, 0x541B, 0x5411, 0x5401, 0x5413)
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC.
_FCNTLS: Final = (0, 1, 2, 3, 4, 1030)
# PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS.
_PRCTLS: Final = (3, 15, 16, 21, 23, 39)
_PR_SET_DUMPABLE: Final = 4
_SOCKET_LEVELS: Final = (1, 6)  # SOL_SOCKET, IPPROTO_TCP
_TCP_LEVEL: Final = 6
# SO_REUSEADDR, SO_ERROR, SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE; TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT.
_EGRESS_SOCKET_OPTIONS: Final = (2, 4, 7, 8, 9)
_EGRESS_TCP_OPTIONS: Final = (1, 4, 5, 6)
_INET_FAMILIES: Final = (2, 10)
_TCP_PROTOCOLS: Final = (0, 6)
_PAIR_TYPES: Final = (1, 5)  # SOCK_STREAM, SOCK_SEQPACKET: a datagram pair could send to any address


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Both filters of a role.

    allowed:  what passes; a call with several rules passes when one of them holds
    reviewed: the numbers that get `EACCES` instead of `ENOSYS` when they are refused
    """

    allowed: tuple[Rule, ...]
    reviewed: tuple[str, ...]


def rules_for(role: Role, own_pid: int) -> RuleSet:
    """Return the whole list for a role.

    own_pid: signals may go to this process only
    """
    assert role is not Role.SUPERVISOR, "the supervisor starts processes and has no filter"
    free = dict.fromkeys((*_EVERYWHERE, *_unlimited(role)))
    conditional = [*_conditional(own_pid), *(_read_only_opens() if role.is_volatile else ())]
    conditional += _connecting() if role.connects else _one_of("setsockopt", 1, _SOCKET_LEVELS)
    conditional += _private_mappings() if role.is_volatile else _writable_or_executable("mmap", _ACCESS)
    limited = tuple(rule for rule in conditional if rule.call not in free)
    allowed = (*(Rule(call) for call in free), *limited)
    reviewed = dict.fromkeys((*free, *(rule.call for rule in limited), *_ACCEPTING, *REFUSED))
    return RuleSet(allowed, tuple(reviewed))


def _unlimited(role: Role) -> tuple[str, ...]:
    """Return what a role may do with any arguments, besides what all may."""
    if role is Role.EGRESS:
        return ()
    return _ACCEPTING if role.is_volatile else _ACCEPTING + _VAULT_FILES


def _connecting() -> list[Rule]:
    """Allow TCP sockets of both internet families, and connecting them. Nothing else makes a socket.

    No fast open (a socket option too), no kin of TCP such as MPTCP, and no address of its own: bind stays refused.
    """
    stream = _is(1, 1, 0x0F)
    sockets = [
        Rule("socket", (_is(0, family), stream, _is(2, protocol)))
        for family in _INET_FAMILIES
        for protocol in _TCP_PROTOCOLS
    ]
    options = [
        Rule("setsockopt", (_is(1, level), _is(2, option)))
        for level, allowed in ((1, _EGRESS_SOCKET_OPTIONS), (_TCP_LEVEL, _EGRESS_TCP_OPTIONS))
        for option in allowed
    ]
    return [*sockets, *options, Rule("connect")]


def _is(argument: int, value: int, mask: int = _LOW) -> Condition:
    return Condition(argument, mask, value)


def _one_of(call: str, argument: int, values: Iterable[int], *, mask: int = _LOW) -> list[Rule]:
    return [Rule(call, (_is(argument, value, mask),)) for value in values]


def _private_mappings() -> list[Rule]:
    """Allow private and anonymous mappings, never writable and executable at once.

    A shared mapping of an inherited file would write to it, past the file size limit.
    """
    kinds = (_is(3, _MAP_PRIVATE, _MAP_TYPE), _is(3, _MAP_ANONYMOUS, _MAP_ANONYMOUS))
    return [Rule("mmap", (_is(2, access, _PROT_WRITE | _PROT_EXEC), kind)) for access in _ACCESS for kind in kinds]


def _writable_or_executable(call: str, access: Iterable[int]) -> list[Rule]:
    return _one_of(call, 2, access, mask=_PROT_WRITE | _PROT_EXEC)


def _read_only_opens() -> list[Rule]:
    return [Rule(call, (_is(at, 0, OPEN_WRITE_BITS),)) for call, at in (("open", 1), ("openat", 2))]


def _conditional(own_pid: int) -> Iterable[Rule]:
    """Yield the rules that every filtered role shares and that depend on arguments."""
    yield Rule("clone", (_is(0, _CLONE_THREAD, _CLONE_THREAD),))
    yield Rule("kill", (_is(0, own_pid),))
    yield Rule("tgkill", (_is(0, own_pid),))
    yield Rule("prlimit64", (_is(2, 0, _ALL),))
    yield Rule("prctl", (_is(0, _PR_SET_DUMPABLE), _is(1, 0, _ALL)))
    # No destination and no fast open: data goes to the connected peer or nowhere.
    yield Rule("sendto", (_is(3, 0, _MSG_FASTOPEN), _is(4, 0, _ALL)))
    yield Rule("sendmsg", (_is(2, 0, _MSG_FASTOPEN),))
    yield from _one_of("prctl", 0, _PRCTLS)
    yield from _one_of("ioctl", 1, _IOCTLS)
    yield from _one_of("fcntl", 1, _FCNTLS)
    yield from _writable_or_executable("mprotect", (0, _PROT_WRITE))
    yield from (Rule("socketpair", (_is(0, 1), _is(1, kind, 0x0F))) for kind in _PAIR_TYPES)
