"""The vault's courier as the outbox knows it."""

from __future__ import annotations

from echoless.core.content import TextContent
from echoless.crossing.courier_client import CourierLink
from echoless.crossing.courier_records import SendMail
from echoless.vault.notices.ports import Hook, Mail, Outcome


class LinkedCourier:
    """Carries over the link to the courier's process, while there is one."""

    def __init__(self, link: CourierLink) -> None:
        self._link = link

    async def send_mail(self, mail: Mail) -> Outcome:
        """Hand one message to the mail server."""
        sent = await self._link.send_mail(SendMail(mail.address, mail.subject, mail.text, mail.message_id))
        return Outcome("no_mail_server") if sent is None else Outcome(sent.error_code, is_final=sent.is_final)

    async def post(self, hook: Hook, body: bytes) -> int:
        """Post to a webhook, signed; return the status, 0 where nobody answered."""
        return await self._link.post(TextContent(hook.url), TextContent(hook.secret), body)
