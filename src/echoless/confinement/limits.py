"""Resource limits and process attributes: no core, no growth of files, nobody else may look.

Each setting is read back, since a setting that did not take is a missing property, not an error.
source: setrlimit(2), prctl(2), mlockall(2), proc(5)
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.confinement.kernel import Kernel
from echoless.confinement.profile import Role
from echoless.core.errors import EcholessError, ErrorCode

_PR_SET_PDEATHSIG: Final = 1
_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_GET_NO_NEW_PRIVS: Final = 39
_PR_SET_PTRACER: Final = 0x59616D61
_PTRACER_ANY: Final = -1
# Pages are locked as they are touched: locking untouched thread stacks would cost 8 MiB each.
_LOCK_CURRENT_FUTURE_ON_FAULT: Final = 1 | 2 | 4
_YAMA: Final = Path("/proc/sys/kernel/yama/ptrace_scope")


@dataclass(frozen=True, slots=True)
class LimitFacts:
    """What is in force, read back from the kernel.

    is_dumpable:       another process of the same user may look inside; wanted only in the audit view
    has_locked_pages:  mlockall succeeded: nothing of this process can be swapped
    """

    file_size_is_zero: bool
    core_size_is_zero: bool
    is_dumpable: bool
    has_no_new_privileges: bool
    has_locked_pages: bool


def apply_limits(kernel: Kernel, role: Role, *, audit_view: bool, sizes: bool = True) -> LimitFacts:
    """Set limits and attributes for a role and report what took.

    audit_view: the process stays readable to the user's own processes, so that the audit can search it
    sizes:      false leaves the file size alone, for tests of the other layers
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if role.is_volatile and sizes:
        # Over the limit the kernel sends SIGXFSZ, which would kill; ignored, the write fails with EFBIG.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    kernel.call("prctl", _PR_SET_DUMPABLE, int(audit_view), 0, 0, 0)
    if audit_view and _YAMA.exists():
        kernel.call("prctl", _PR_SET_PTRACER, _PTRACER_ANY, 0, 0, 0)
    if role is not Role.SUPERVISOR:
        kernel.call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return LimitFacts(
        file_size_is_zero=resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0),
        core_size_is_zero=resource.getrlimit(resource.RLIMIT_CORE) == (0, 0),
        is_dumpable=kernel.call("prctl", _PR_GET_DUMPABLE, 0, 0, 0, 0).value != 0,
        has_no_new_privileges=kernel.call("prctl", _PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0).value == 1,
        has_locked_pages=_lock_pages(),
    )


def _lock_pages() -> bool:
    """Lock memory where the limit is unlimited; under a small limit every later mmap would fail."""
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY:
        return False
    return bool(ctypes.CDLL(None).mlockall(_LOCK_CURRENT_FUTURE_ON_FAULT) == 0)


def die_with_parent(kernel: Kernel, parent_pid: int) -> None:
    """Ask for SIGKILL when the thread that started this process ends. Call it first of all.

    parent_pid: who started us; the request comes too late where that process is gone already
    raises:     EcholessError where the parent has died in between
    """
    kernel.call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        raise EcholessError(ErrorCode.CONFIGURATION, "the parent process ended before its child was ready")


def task_count() -> int:
    """Return how many threads this process has, as the kernel counts them."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())
