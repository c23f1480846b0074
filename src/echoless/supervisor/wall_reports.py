"""Which process serves in which role: told to the vault, which looks for itself and says so in receipts."""

from __future__ import annotations

from echoless.confinement.observed import start_ticks
from echoless.crossing.control import ProcessReady
from echoless.crossing.receipt_records import ConfinementReport
from echoless.supervisor.children import Child

_LANDLOCK = "landlock"


def report_of(child: Child, ready: ProcessReady) -> ConfinementReport:
    """Return what the vault needs to find a process, and what only the process itself could tell."""
    return ConfinementReport(
        role=child.slot.role.value,
        name=child.slot.name,
        pid=child.pid,
        start_ticks=start_ticks(child.pid) or 0,
        self_reported={
            "landlock": any(_LANDLOCK in layers for layers in ready.layers.values()),
            "allocator_overwrites": not any(code.startswith("allocator") for code in ready.missing),
            "channels_closed": not any(code.startswith(("channel", "single_layer")) for code in ready.missing),
        },
    )


class WallReports:
    """The newest report of each place, and what the vault of today has been told of them."""

    def __init__(self) -> None:
        self._reports: dict[str, ConfinementReport] = {}
        self._told: dict[str, ConfinementReport] = {}
        self._vault: int | None = None

    def note(self, report: ConfinementReport) -> None:
        """Take note of a process that serves from now on, in the place of the one before."""
        self._reports[report.name] = report

    def due(self, vault: int | None) -> list[ConfinementReport]:
        """Return what this vault does not know yet; a new vault knows nothing."""
        if vault != self._vault:
            self._vault, self._told = vault, {}
        if vault is None:
            return []
        due = [report for name, report in self._reports.items() if self._told.get(name) != report]
        self._told |= {report.name: report for report in due}
        return due
