"""What rules requests, as workspaces and the operator see and change it: policy, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from echoless.core.clock import Clock
from echoless.crossing.control import VaultConfig
from echoless.crossing.records import Record
from echoless.vault.erasure.schedule import Schedule
from echoless.vault.notices.outbox import Outbox
from echoless.vault.notices.policy_changes import PolicyChanges
from echoless.vault.queries.administration import Administration
from echoless.vault.queries.operator_policy import OperatorPolicy
from echoless.vault.queries.policy import Foresight, PolicyQueries, told_lives


@dataclass(frozen=True, slots=True)
class Ruling:
    """The parts."""

    queries: PolicyQueries
    operator: OperatorPolicy

    @classmethod
    def of(
        cls, config: VaultConfig, clock: Clock, *, administration: Administration, outbox: Outbox,
        schedule: Schedule, foresee: Foresight,
    ) -> Ruling:  # fmt: skip
        """Put them together.

        outbox:   where changes are told
        schedule: who knows how long what is kept
        foresee:  who says what a request would be granted
        """
        changes = PolicyChanges(administration.accounts, administration.change_workspace, outbox)
        told = told_lives(schedule.lives, config.backups)
        queries = PolicyQueries(administration.accounts, changes, clock, foresee, told)
        operator = OperatorPolicy(
            administration, changes, queries, foresee, told, concurrency_max=config.concurrent_requests_max
        )
        return cls(queries, operator)

    def acts(self) -> Mapping[type[Record], Callable[[Any], Awaitable[Record]]]:
        """Return what the operator may ask and change."""
        return self.operator.acts
