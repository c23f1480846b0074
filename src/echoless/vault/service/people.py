"""Identity as the vault serves it: its questions, the operator's acts, and what time takes away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError
from echoless.core.journal import Event, Journal
from echoless.crossing.courier_client import CourierLink
from echoless.crossing.records import Record
from echoless.vault.erasure.items import Eraser
from echoless.vault.identity.identity import Identity
from echoless.vault.notices.outbox import Outbox
from echoless.vault.queries.desk import Question
from echoless.vault.queries.logins import LoginQueries
from echoless.vault.queries.member_questions import member_questions
from echoless.vault.queries.members import MemberQueries
from echoless.vault.queries.operator_members import OperatorMembers
from echoless.vault.service.codes import OutboxCodes
from echoless.vault.service.provider_way import CourierWay
from echoless.vault.stores.storage import Storage

_TIDY_S: Final = 3600.0


class PeopleDesk:
    """Puts identity together with whoever sends its codes and reaches its providers.

    logins: answers whoever has no credential yet
    """

    def __init__(
        self, storage: Storage, clock: Clock, journal: Journal, *, eraser: Eraser, outbox: Outbox,
        courier: CourierLink, session_hours: int,
    ) -> None:  # fmt: skip
        self._journal = journal
        self.identity = Identity(
            storage, clock, erase=eraser.erase, sender=OutboxCodes(outbox), session_life_s=session_hours * 3600
        )
        self.identity.sign_ons.way = CourierWay(courier)
        outbox.addresses = self.identity.people
        self.logins = LoginQueries(self.identity.logins, self.identity.sign_ons)

    def questions(self) -> Mapping[type[Record], Question]:
        """Return what members and keys may ask."""
        return member_questions(MemberQueries(self.identity))

    def acts(self) -> Mapping[type[Record], Callable[[Any], Awaitable[Record]]]:
        """Return what the operator may do."""
        return OperatorMembers(self.identity).acts()

    async def tidy_for_ever(self) -> None:
        """Destroy sessions and codes that time has closed, every hour; a failure is said, and tried again."""
        while True:
            try:
                await self.identity.tidy()
            except EcholessError as error:
                self._journal.say(Event.UNEXPECTED_ERROR, error=error.code.value, module="vault.identity")
            await asyncio.sleep(_TIDY_S)
