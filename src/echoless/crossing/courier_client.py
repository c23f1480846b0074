"""The vault's side of its link to the courier, which has the way out that the vault has not."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.crossing.egress_client import egress_registry
from echoless.crossing.egress_records import KIND_WEBHOOK_BODY, Deliver, Delivered
from echoless.crossing.link import Link
from echoless.crossing.provider_records import AskProvider, ProviderSaid
from echoless.crossing.records import Record

_ANSWER_S_MAX: Final = 120.0


class CourierLink:
    """The courier, while there is one; the newest link is the one in use."""

    def __init__(self) -> None:
        self._registry = egress_registry()
        self._link: Link | None = None

    async def add_link(self, end: socket.socket) -> None:
        """Take the courier, or the successor of the one before."""
        before, self._link = self._link, await Link.open(end, self._registry)
        if before is not None:
            before.abort()

    def close(self) -> None:
        """Close the link."""
        if self._link is not None:
            self._link.close()

    async def send_mail(self, mail: SendMail) -> MailSent | None:
        """Hand over a message; None where there is no courier, or it does not answer."""
        answer = await self._ask(mail)
        return answer if isinstance(answer, MailSent) else None

    async def post(self, url: TextContent, secret: TextContent, body: bytes) -> int:
        """Post a signed body once; return the status, 0 where nobody answered."""
        answer = await self._ask(Deliver(url.reveal(), secret.reveal(), len(body), False, False), body)
        return answer.http_status if isinstance(answer, Delivered) else 0

    async def ask_provider(self, question: AskProvider) -> ProviderSaid | None:
        """Ask an identity provider; None where there is no courier, or it does not answer."""
        answer = await self._ask(question)
        return answer if isinstance(answer, ProviderSaid) else None

    async def _ask(self, question: Record, body: bytes = b"") -> Record | None:
        link = self._link
        if link is None or link.is_closed:
            return None
        try:
            async with asyncio.timeout(_ANSWER_S_MAX):
                with link.exchange() as exchange:
                    exchange.post(question)
                    if body:
                        exchange.post_content(KIND_WEBHOOK_BODY, body)
                    return link.registry.decode(await exchange.receive())
        except (EcholessError, TimeoutError):
            return None
