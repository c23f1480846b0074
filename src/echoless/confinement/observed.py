"""What another process can see of a process's wall, by the kernel's word: the vault looks at those that serve.

The Landlock domain and the allocator's profile cannot be seen from outside; a process tells them of itself.
source: proc(5), /proc/PID/status and /proc/PID/stat
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILTER_MODE: Final = 2
_PROC: Final = Path("/proc")
_START_FIELD: Final = 19


@dataclass(frozen=True, slots=True)
class ObservedProcess:
    """One process as the kernel shows it.

    seccomp_mode: 0 none, 1 strict, 2 a filter
    swap_kib:     how much of it lies in swap
    """

    pid: int
    seccomp_mode: int
    has_no_new_privs: bool
    swap_kib: int

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is in force that nothing the process starts can lose."""
        return self.seccomp_mode == FILTER_MODE and self.has_no_new_privs


def start_ticks(pid: int, proc: Path = _PROC) -> int | None:
    """Return when a process started, in clock ticks since the boot; with the pid it names one process for good."""
    try:
        # The name of the program may hold anything, brackets too: what follows the last one is numbers.
        fields = (proc / str(pid) / "stat").read_text("ascii", errors="replace").rpartition(")")[2].split()
        return int(fields[_START_FIELD])
    except (OSError, IndexError, ValueError):
        return None


def observe(pid: int, started_ticks: int, proc: Path = _PROC) -> ObservedProcess | None:
    """Return what is to be seen of a process, or None where it is another one now, or hidden, or gone."""
    try:
        lines = (proc / str(pid) / "status").read_text("ascii", errors="replace").splitlines()
        status = dict(line.partition(":")[::2] for line in lines)
        observed = ObservedProcess(
            pid,
            seccomp_mode=int(status["Seccomp"]),
            has_no_new_privs=int(status["NoNewPrivs"]) == 1,
            swap_kib=int(status["VmSwap"].split()[0]),
        )
    except (OSError, KeyError, ValueError, IndexError):
        return None
    # Asked last: had the pid gone to another process meanwhile, what was read would be of that one.
    return observed if start_ticks(pid, proc) == started_ticks else None
