"""The wall of the server as the vault sees it: what receipts say of confinement.

The vault reads the kernel's word about each serving process itself. What cannot be seen from outside is passed on
as that process's own word.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from echoless.confinement.host import HostFacts, swap_total_kib
from echoless.confinement.observed import ObservedProcess, observe, start_ticks
from echoless.core.clock import Clock
from echoless.crossing.receipt_records import ConfinementReport
from echoless.crossing.watch_records import WatchedProcess
from echoless.receipts.receipt import Confinement, ProcessFacts, SigningKeyFacts

_LIFE_S: Final = 5.0
_VAULT: Final = "vault"
_MEMINFO: Final = Path("/proc/meminfo")


class Walls:
    """Looks at the serving processes, at most once in five seconds.

    host: what was read before the vault's own wall closed; None where there is none
    signing_key: where the key lies that signs receipts
    """

    def __init__(
        self,
        assurance: str,
        clock: Clock,
        host: HostFacts | None = None,
        signing_key: SigningKeyFacts | None = None,
    ) -> None:
        self._assurance = assurance
        self._clock = clock
        self._host = host
        self._signing_key = signing_key
        self._reports: dict[str, ConfinementReport] = {}
        self._seen: tuple[float, Confinement] | None = None

    def note(self, report: ConfinementReport) -> None:
        """Take note of a process that serves."""
        self._reports[report.name] = report
        self._seen = None

    def confinement(self) -> Confinement:
        """Return the wall as it is, or was five seconds ago."""
        now_s = self._clock.monotonic_s()
        if self._seen is None or now_s - self._seen[0] > _LIFE_S:
            self._seen = (now_s, self._look())
        return self._seen[1]

    def processes(self) -> Iterator[WatchedProcess]:
        """Yield each serving process as it is seen now, this one among them."""
        own = os.getpid()
        yield _watched(_VAULT, _VAULT, own, observe(own, start_ticks(own) or 0), {})
        for name, report in sorted(self._reports.items()):
            if report.role == _VAULT:
                # It writes to disk, and says so of itself: what is asked of it is what receipts ask.
                continue
            seen = observe(report.pid, report.start_ticks)
            yield _watched(report.role, name, report.pid, seen, report.self_reported)

    def _look(self) -> Confinement:
        by_role: dict[str, list[tuple[ObservedProcess | None, dict[str, bool]]]] = {}
        for report in self._reports.values():
            seen = observe(report.pid, report.start_ticks)
            by_role.setdefault(report.role, []).append((seen, report.self_reported))
        own = os.getpid()
        by_role[_VAULT] = [(observe(own, start_ticks(own) or 0), {})]
        return Confinement(
            assurance=self._assurance,
            is_init_on_free={1: True, 0: False}.get(self._host.init_on_free) if self._host else None,
            swap_total_kib=_swap_total_kib(),
            processes=tuple(_weakest(role, found) for role, found in sorted(by_role.items())),
            signing_key=self._signing_key,
        )


def _watched(
    role: str, name: str, pid: int, seen: ObservedProcess | None, self_reported: dict[str, bool]
) -> WatchedProcess:
    if seen is None:
        return WatchedProcess(role, name, pid, False, None, None, None, self_reported)
    filter_mode, no_new_privs = seen.seccomp_mode, seen.has_no_new_privs
    return WatchedProcess(role, name, pid, True, filter_mode, no_new_privs, seen.swap_kib, self_reported)


def _swap_total_kib() -> int | None:
    try:
        total = swap_total_kib(_MEMINFO.read_text("ascii"))
    except OSError:
        return None
    return total if total >= 0 else None


def _weakest(role: str, found: Sequence[tuple[ObservedProcess | None, dict[str, bool]]]) -> ProcessFacts:
    """Return what holds for every process of a role; of one that cannot be seen nothing holds."""
    seen = [process for process, _ in found if process is not None]
    words = [said for _, said in found]
    names = sorted({name for each in words for name in each})
    said = {name: all(each.get(name, False) for each in words) for name in names}
    if len(seen) < len(found):
        return ProcessFacts(role, None, None, None, said)
    return ProcessFacts(
        role,
        seccomp_mode=min(process.seccomp_mode for process in seen),
        has_no_new_privs=all(process.has_no_new_privs for process in seen),
        swap_kib=max(process.swap_kib for process in seen),
        self_reported=said,
    )
