"""The vault's courier: notices by mail and by webhook, questions to identity providers, and nothing else."""

from __future__ import annotations

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.crossing.egress_records import Deliver
from echoless.crossing.provider_records import AskProvider
from echoless.crossing.records import Record
from echoless.volatile.egress.jobs import Job
from echoless.volatile.egress.mail import Mailer
from echoless.volatile.egress.outbound import Outbound
from echoless.volatile.egress.provider import ProviderWork


class CourierWork:
    """Does what the vault asks.

    mailer, outbound, provider: None where the operator has not allowed it
    """

    def __init__(
        self, mailer: Mailer | None, outbound: Outbound | None, provider: ProviderWork | None = None
    ) -> None:
        self._mailer = mailer
        self._outbound = outbound
        self._provider = provider

    async def perform(self, job: Job, asked: Record) -> None:
        """Do a job to its last record.

        raises: EcholessError for what cannot be done
        """
        match asked:
            case SendMail() if self._mailer is not None:
                job.post(await self._mailer.send(asked))
            case SendMail():
                job.post(MailSent("no_mail_server"))
            case AskProvider() if self._provider is not None:
                job.post(await self._provider.ask(asked))
            case Deliver() if self._outbound is not None:
                await self._outbound.perform(job, asked)
            case _:
                raise EcholessError(ErrorCode.INTERNAL_ERROR, "this process does nothing else than it is for")
