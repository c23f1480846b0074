"""Puts together what ends accounts. Part of the composition of the vault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from echoless.core.clock import Clock
from echoless.core.journal import Journal
from echoless.crossing.control import VaultConfig
from echoless.crossing.records import Record
from echoless.receipts.certificate import CertificateSigner
from echoless.vault.erasure.account import AccountEraser
from echoless.vault.erasure.jobs import Jobs
from echoless.vault.identity.identity import Identity
from echoless.vault.intake.desk import IntakeDesk
from echoless.vault.intake.receipting import Receipting
from echoless.vault.intake.tokens import SingleUseTokens
from echoless.vault.queries.account import AccountQueries
from echoless.vault.queries.administration import Administration
from echoless.vault.queries.desk import Question
from echoless.vault.queries.ending import AccountEnding
from echoless.vault.service.entering import Entering
from echoless.vault.service.telling import Telling
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage


class Ending:
    """Deletes accounts: who asks, who erases, and who must forget."""

    def __init__(
        self, storage: Storage, config: VaultConfig, clock: Clock, journal: Journal, *, jobs: Jobs,
        administration: Administration, identity: Identity, telling: Telling, intake: IntakeDesk,
        tokens: SingleUseTokens, receipting: Receipting, recent: RecentRequests, entering: Entering,
        signer: CertificateSigner,
    ) -> None:  # fmt: skip
        self._storage = storage
        self._jobs = jobs
        self._administration = administration
        self._identity = identity
        self._standings = telling.standings
        self._intake = intake
        self._tokens = tokens
        self._receipting = receipting
        self._recent = recent
        self.eraser = AccountEraser(
            storage, jobs, clock, journal, signer=signer, retire=self._retire,
            wait_days=config.account_deletion_wait_days, enter=entering.enter_certificate,
        )  # fmt: skip
        self.desk = AccountEnding(storage, self.eraser, entering.queries.place_of)
        self._owned = AccountQueries(
            storage.accounts, self.eraser, identity.logins, telling.outbox, clock, has_mail=config.has_mail
        )

    def questions(self) -> Mapping[type[Record], Question]:
        """Return what an owner may ask."""
        return self._owned.questions()

    def acts(self) -> Mapping[type[Record], Any]:
        """Return what the operator may ask."""
        return self.desk.acts()

    async def open(self) -> None:
        """Take over what an earlier process left, and take away what a restored copy brought back.

        raises: EcholessError(INTERNAL_ERROR) when a step fails; the vault must not serve then
        """
        await self.eraser.load()
        await self.eraser.replay()

    async def _retire(self, workspace_id: str) -> None:
        """End whatever a workspace has running, and forget it: nobody of it is known from here on."""

        def end() -> None:
            self._tokens.forget_workspace(workspace_id)
            self._standings.forget_workspace(workspace_id)
            self._jobs.forget_workspace(workspace_id)
            self._intake.end_workspace(workspace_id)
            self._receipting.forget_workspace(workspace_id)
            self._identity.forget_workspace(workspace_id)

        await self._administration.end_workspace(workspace_id, end)
        await self._intake.commits_begun()
        self._recent.forget_workspace(workspace_id)
        self._storage.keyring.drop_workspace_key(workspace_id)
