"""What tells people, and what it tells them of: outbox and courier, verdicts and restrictions, put together."""

from __future__ import annotations

from dataclasses import dataclass

from echoless.core.clock import Clock
from echoless.core.journal import Journal
from echoless.crossing.control import VaultConfig
from echoless.crossing.courier_client import CourierLink
from echoless.vault.intake.moderating import Moderating
from echoless.vault.notices.outbox import Outbox
from echoless.vault.notices.ports import HookBook
from echoless.vault.notices.restrictions import ChangeWorkspace, Restrictions
from echoless.vault.notices.standings import FlagRules, Standings
from echoless.vault.queries.notices import NoticeQueries
from echoless.vault.service.carrying import LinkedCourier
from echoless.vault.stores.storage import Storage


@dataclass(frozen=True, slots=True)
class Telling:
    """The parts."""

    courier: CourierLink
    outbox: Outbox
    standings: Standings
    restrictions: Restrictions
    moderating: Moderating
    notices: NoticeQueries

    @classmethod
    def of(
        cls, storage: Storage, config: VaultConfig, clock: Clock, journal: Journal, *,
        hooks: HookBook, change: ChangeWorkspace,
    ) -> Telling:  # fmt: skip
        """Put them together.

        hooks:  who knows the webhooks
        change: who changes workspaces
        """
        courier = CourierLink()
        outbox = Outbox(storage, clock, journal, hooks)
        outbox.courier = LinkedCourier(courier)
        rules = FlagRules(config.moderation_flags_max, config.moderation_severe_max, config.moderation_window_days)
        standings = Standings(storage, clock, rules)
        restrictions = Restrictions(storage.accounts, change, outbox, standings, clock)
        outbox.on_delivered = restrictions.note_delivered
        moderating = Moderating(standings, restrictions, journal)
        return cls(
            courier, outbox, standings, restrictions, moderating, NoticeQueries(storage, outbox, standings)
        )  # fmt: skip

    async def load(self) -> None:
        """Take what is stored into memory, and go on with what a process that died did not come to."""
        await self.standings.load()
        self.moderating.resume()
