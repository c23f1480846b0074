"""Mail: one message, one connection to the one server that the operator named.

The connection goes to an address that the supervisor resolved; the certificate must be that of the name. What the
server says in words is never read on: it may repeat an address.
source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 5322 (the message)
"""

from __future__ import annotations

import asyncio
import email.policy
import email.utils
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.crossing.egress_control import MailAccess
from echoless.volatile.egress.addresses import parsed_address
from echoless.volatile.egress.connections import NameSource

_NAME: Final = "mail"
_CONNECT_S_MAX: Final = 10.0
_ANSWER_S_MAX: Final = 30.0
_ADDRESSES_TRIED_MAX: Final = 3
_PERMANENT_MIN: Final = 500
_TLS, _STARTTLS = "tls", "starttls"


class Mailer:
    """Sends messages.

    now_s: the time of day, for the date of a message
    """

    def __init__(
        self,
        access: MailAccess,
        names: NameSource,
        context: ssl.SSLContext,
        journal: Journal,
        now_s: Callable[[], float],
    ) -> None:
        self._access = access
        self._names = names
        self._context = context
        self._journal = journal
        self._now_s = now_s

    async def send(self, asked: SendMail) -> MailSent:
        """Hand one message over; what goes wrong is the answer, with the server's code in the journal."""
        message = self._message(asked)
        code, status, is_final = "", 0, False
        try:
            await self._hand_over(message, asked.address)
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPRecipientRefused) as error:
            status = _status_of(error)
            # An address that does not exist will not exist in an hour either.
            code, is_final = "recipient_refused", status >= _PERMANENT_MIN
        except aiosmtplib.SMTPAuthenticationError as error:
            code, status = "mail_login_refused", error.code
        except aiosmtplib.SMTPResponseException as error:
            code, status = "mail_refused", error.code
        except ssl.SSLCertVerificationError:
            code = "mail_certificate"
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, TimeoutError):
            code = "no_mail_server"
        if code:
            self._journal.say(Event.REMOTE_FAILED, name=_NAME, http_status=status)
        return MailSent(code, is_final)

    # --- inner ---

    async def _hand_over(self, message: EmailMessage, address: str) -> None:
        access = self._access
        is_tls = access.security == _TLS
        client = aiosmtplib.SMTP(
            hostname=access.host,
            sock=await self._connected(),
            local_hostname=access.sender.rpartition("@")[2],
            use_tls=is_tls,
            start_tls=access.security == _STARTTLS,
            tls_context=self._context,
            username=access.user or None,
            password=access.password or None,
            timeout=_ANSWER_S_MAX,
        )
        async with client:
            await client.send_message(message, sender=access.sender, recipients=[address])

    async def _connected(self) -> socket.socket:
        """Return a connection to the first address that takes one.

        raises: OSError where none does
        """
        host = self._access.host
        found = [host] if parsed_address(host) is not None else await self._names.addresses_of(host)
        for address in found[:_ADDRESSES_TRIED_MAX]:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.setblocking(False)
            try:
                async with asyncio.timeout(_CONNECT_S_MAX):
                    await asyncio.get_running_loop().sock_connect(connection, (address, self._access.port))
            except (OSError, TimeoutError):
                connection.close()
            else:
                return connection
        raise ConnectionRefusedError

    def _message(self, asked: SendMail) -> EmailMessage:
        """Return the message.

        raises: EcholessError(INVALID_PARAMETERS) for an address that is none: no header may be made that way
        """
        message = EmailMessage(policy=email.policy.SMTP)
        sender_domain = self._access.sender.rpartition("@")[2]
        try:
            message["From"] = f"Echoless <{self._access.sender}>"
            message["To"] = asked.address
            message["Subject"] = asked.subject
            message["Date"] = email.utils.formatdate(self._now_s(), usegmt=True)
            message["Message-ID"] = f"<{asked.message_id}@{sender_domain}>"
            message["Auto-Submitted"] = "auto-generated"
            message.set_content(asked.text)
            is_whole = [each.addr_spec for each in message["To"].addresses] == [
                asked.address
            ] and "@" in asked.address
        except (ValueError, IndexError):
            is_whole = False
        if not is_whole:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The address of a recipient is none.")
        return message


def _status_of(error: Exception) -> int:
    """Return the code that the server gave for a recipient, 0 where it gave none."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return max((each.code for each in error.recipients), default=0)
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else 0
