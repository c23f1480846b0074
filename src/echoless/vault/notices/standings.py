"""Where accounts stand with the automatic check: verdicts are counted, and too many or too grave ones flag.

The counts are all there is: which text led to them is known to nobody here. Lifting a restriction begins a new
round, in which nothing of the old ones counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.moderation import Action, Category, Severity
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.verdicts import (
    Standing,
    VerdictHour,
    read_standings,
    read_verdicts,
    standing_row,
    verdict_row,
)
from echoless.vault.stores.writing import Row, Write

_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class FlagRules:
    """When an account is flagged.

    flags_max:   so many findings that count, within the window; 0 for never
    severe_max:  so many grave ones; 0 for never
    window_days: how far back both are counted
    """

    flags_max: int
    severe_max: int
    window_days: int

    def flags(self, counts: Mapping[Severity, int]) -> bool:
        """Whether these findings of one window flag an account. A grave one counts as one that counts, too."""
        severe = counts.get(Severity.SEVERE, 0)
        flagged = counts.get(Severity.FLAGGED, 0) + severe
        return 0 < self.flags_max <= flagged or 0 < self.severe_max <= severe


@dataclass(slots=True)
class _Account:
    standing: Standing
    hours: dict[int, dict[Severity, int]] = field(default_factory=dict)


class Standings:
    """Counts in memory, written behind.

    rules: when an account is flagged
    """

    def __init__(self, storage: Storage, clock: Clock, rules: FlagRules) -> None:
        self._storage = storage
        self._clock = clock
        self.rules = rules
        self._accounts: dict[str, _Account] = {}

    async def load(self) -> None:
        """Take what is stored into memory."""
        self._accounts = {
            standing.workspace_id: _Account(standing) for standing in await self._storage.read(read_standings)
        }
        since_unix = self.since_unix
        for found in await self._storage.read(lambda reader: read_verdicts(reader, since_unix)):
            account = self._account(found.workspace_id)
            if found.round_number == account.standing.round_number:
                _add(account, found.hour_unix, found.severity, found.verdict_count)

    def note(self, workspace_id: str, category: Category, severity: Severity, action: Action, count: int) -> bool:
        """Count a verdict; return whether the account is to be flagged now."""
        account = self._account(workspace_id)
        now_unix = self._clock.unix_ms() // 1000
        hour_unix = now_unix - now_unix % _HOUR_S
        found = VerdictHour(
            workspace_id, hour_unix, account.standing.round_number, category, severity, action, count
        )  # fmt: skip
        self._storage.writer.later(Write.VERDICT, verdict_row(found))
        _add(account, hour_unix, severity, count)
        return self.is_due(workspace_id)

    def is_due(self, workspace_id: str) -> bool:
        """Whether an account has what flags it, and is not flagged yet."""
        account = self._accounts.get(workspace_id)
        if account is None or account.standing.flagged_unix:
            return False
        since_unix = self.since_unix
        counts: dict[Severity, int] = {}
        for hour_unix, found in tuple(account.hours.items()):
            if hour_unix < since_unix:
                del account.hours[hour_unix]
                continue
            for severity, count in found.items():
                counts[severity] = counts.get(severity, 0) + count
        return self.rules.flags(counts)

    def of(self, workspace_id: str) -> Standing:
        """Return where an account stands."""
        account = self._accounts.get(workspace_id)
        return Standing(workspace_id) if account is None else account.standing

    def due(self) -> list[str]:
        """Return the accounts that are to be flagged: a process that died may have left some."""
        return [workspace_id for workspace_id in self._accounts if self.is_due(workspace_id)]

    def flagged(self, workspace_id: str) -> tuple[Write, Row]:
        """Return the row that flags an account, to be committed with what follows from it; then `accept` it."""
        now_unix = self._clock.unix_ms() // 1000
        changed = replace(self._account(workspace_id).standing, flagged_unix=now_unix)
        return Write.MODERATION_STANDING, standing_row(changed)

    def renewed(self, workspace_id: str) -> tuple[Write, Row]:
        """Return the row that begins a new round, otherwise as `flagged`."""
        standing = self._account(workspace_id).standing
        return Write.MODERATION_STANDING, standing_row(Standing(workspace_id, standing.round_number + 1))

    def accept(self, committed: tuple[Write, Row]) -> None:
        """Take a committed row into force."""
        standing = Standing(**committed[1])
        account = self._account(standing.workspace_id)
        if standing.round_number != account.standing.round_number:
            account.hours.clear()
        account.standing = standing

    def forget_workspace(self, workspace_id: str) -> None:
        """Forget an account that is deleted."""
        self._accounts.pop(workspace_id, None)

    # --- inner ---

    def _account(self, workspace_id: str) -> _Account:
        return self._accounts.setdefault(workspace_id, _Account(Standing(workspace_id)))

    @property
    def since_unix(self) -> int:
        """Where the window begins now."""
        return self._clock.unix_ms() // 1000 - self.rules.window_days * _DAY_S


def _add(account: _Account, hour_unix: int, severity: Severity, count: int) -> None:
    found = account.hours.setdefault(hour_unix, {})
    found[severity] = found.get(severity, 0) + count
