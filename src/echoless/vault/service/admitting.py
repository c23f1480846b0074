"""What lets requests in: keys and tokens, voices, and the desk that takes what they bring. Put together here."""

from __future__ import annotations

from dataclasses import dataclass

from echoless.core.clock import Clock
from echoless.core.journal import Journal
from echoless.crossing.control import VaultConfig
from echoless.vault.intake.desk import IntakeDesk
from echoless.vault.intake.granting import Gatekeeper, HostStanding
from echoless.vault.intake.keeping import Keeper
from echoless.vault.intake.moderating import Moderating
from echoless.vault.intake.receipting import Receipting
from echoless.vault.intake.tokens import SingleUseTokens
from echoless.vault.stores.log_entries import LogBook
from echoless.vault.stores.recent import RecentRequests
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.voices import VoiceBook


@dataclass(frozen=True, slots=True)
class Admitting:
    """The parts."""

    gatekeeper: Gatekeeper
    tokens: SingleUseTokens
    voices: VoiceBook
    intake: IntakeDesk

    @classmethod
    def of(
        cls, storage: Storage, config: VaultConfig, clock: Clock, journal: Journal, *, host: HostStanding,
        recent: RecentRequests, log_book: LogBook, moderating: Moderating, receipting: Receipting,
    ) -> Admitting:  # fmt: skip
        """Put them together.

        host:       what this host can prove of itself
        recent:     whose requests may be continued
        log_book:   where entries of logs go
        moderating: who takes verdicts
        receipting: who proves what happened
        """
        voices = VoiceBook(storage.accounts, config.voice_aliases, config.unknown_voice)
        tokens = SingleUseTokens(storage.keyring, clock)
        gatekeeper = Gatekeeper(
            storage.accounts, storage.keyring, clock, host, tokens,
            requests_per_minute_max=config.requests_per_minute_max,
        )  # fmt: skip
        intake = IntakeDesk(
            gatekeeper=gatekeeper,
            keeper=Keeper(storage.accounts, storage.writer, recent, clock, log_book),
            moderating=moderating, receipting=receipting,
            accounts=storage.accounts, writer=storage.writer, voices=voices, clock=clock, journal=journal,
            concurrency_max=config.concurrent_requests_max, wait_s=config.queue_deadline_s,
        )  # fmt: skip
        return cls(gatekeeper, tokens, voices, intake)
