"""Facts of the host that decide whether memory can reach a disk or another process.

Reads small kernel files; a file that is missing means that the property is not proved.
source: proc(5), cgroups(7), core(5)
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from echoless.confinement.allocator import libc_version

_UNKNOWN: Final = -1
# Agents that read a process from within.
_AGENT_VARIABLES: Final = (
    "LD_PRELOAD",
    "LD_AUDIT",
    "NEW_RELIC_LICENSE_KEY",
    "DD_SERVICE",
    "DD_API_KEY",
    "SENTRY_DSN",
    "OTEL_PYTHON_CONFIGURATOR",
    "ELASTIC_APM_SERVER_URL",
    "PYTHONASYNCIODEBUG",
    "PYTHONINSPECT",
    "COVERAGE_PROCESS_START",
)


class SwapState(StrEnum):
    """Why memory cannot be swapped, or that it can."""

    PAGES_LOCKED = "pages_locked"
    NO_SWAP = "no_swap"
    CGROUP_FORBIDS = "cgroup_forbids"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The host in numbers and codes.

    core_pattern_is_pipe: a crash handler is set; the limit of 0 keeps it away from us all the same
    init_on_free:         1 on, 0 off, -1 unreadable
    yama_scope:           0 to 3, -1 where the kernel has no Yama
    agents:               names of environment variables that put foreign code or debugging into a process
    """

    machine: str
    kernel_release: str
    libc: str
    core_pattern_is_pipe: bool
    init_on_free: int
    yama_scope: int
    agents: tuple[str, ...]


def read_host() -> HostFacts:
    """Read the facts. Must run before Landlock takes /proc/sys away."""
    pattern = _text("/proc/sys/kernel/core_pattern")
    return HostFacts(
        machine=platform.machine(),
        kernel_release=platform.release(),
        libc=(libc_version() or "unknown").replace(" ", "-"),
        core_pattern_is_pipe=pattern.startswith("|"),
        init_on_free=_init_on_free(),
        yama_scope=_number("/proc/sys/kernel/yama/ptrace_scope"),
        agents=tuple(name for name in _AGENT_VARIABLES if name in os.environ),
    )


def read_swap(*, pages_locked: bool) -> SwapState:
    """Return the state of swapping for this process; ask again every few seconds, an operator may add swap.

    pages_locked: what `apply_limits` reported
    """
    if pages_locked:
        return SwapState.PAGES_LOCKED
    if swap_total_kib(_text("/proc/meminfo")) == 0:
        return SwapState.NO_SWAP
    if _cgroup_forbids_swap():
        return SwapState.CGROUP_FORBIDS
    return SwapState.POSSIBLE


def swap_total_kib(meminfo: str) -> int:
    """Return SwapTotal from the text of /proc/meminfo, -1 where it does not say."""
    for line in meminfo.splitlines():
        if line.startswith("SwapTotal:"):
            return int(line.split()[1])
    return _UNKNOWN


def _cgroup_forbids_swap() -> bool:
    unified = [line[3:] for line in _text("/proc/self/cgroup").splitlines() if line.startswith("0::")]
    if not unified:
        return False
    root = Path("/sys/fs/cgroup")
    own = root / unified[0].lstrip("/")
    levels = [own, *(parent for parent in own.parents if root in parent.parents)]
    return any(_text(str(level / "memory.swap.max")) == "0" for level in levels)


def _init_on_free() -> int:
    words = _text("/proc/cmdline").split()
    return next((int(word.endswith("=1")) for word in words if word.startswith("init_on_free=")), _UNKNOWN)


def _number(path: str) -> int:
    text = _text(path)
    return int(text) if text.isdigit() else _UNKNOWN


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
