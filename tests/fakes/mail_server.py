"""A real mail server on loopback, which can be told to fail; what it took can be read."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "echoless", "correct horse"


@dataclass
class MailServer:
    """One server.

    answers: what it says to the next messages in place of taking them
    refused: recipients that it does not know
    """

    port: int = 0
    answers: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    taken: list[tuple[list[str], Message]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a message, or say what was to be said."""
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        self.was_encrypted.append(session.ssl is not None)
        self.taken.append((list(envelope.rcpt_tos), BytesParser().parsebytes(envelope.content)))
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        """Let in who knows the password."""
        assert isinstance(data, LoginPassword)
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append("right" if is_right else "wrong")
        return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def mail_server(
    *, port: int = 0, certificate: tuple[str, str] | None = None, is_tls: bool = False, wants_login: bool = False
) -> AsyncIterator[MailServer]:
    """Serve.

    certificate: for STARTTLS, which is then demanded; or with `is_tls` for TLS from the first byte on
    """
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    server = MailServer()
    starttls = None if is_tls else context

    connections: list[SMTP] = []

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It warns of a login in the clear, which is what some tests are about.
            warnings.simplefilter("ignore")
            connection = SMTP(
                server, hostname="mail.example", tls_context=starttls, require_starttls=starttls is not None,
                authenticator=server.authenticate, auth_required=wants_login, auth_require_tls=False,
                enable_SMTPUTF8=True,
            )  # fmt: skip
        connections.append(connection)
        return connection

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(protocol, "127.0.0.1", port, ssl=context if is_tls else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for connection in connections:
            if connection.transport is not None:
                connection.transport.close()
        await listening.wait_closed()
        await asyncio.sleep(0.02)


@contextmanager
def mail_server_in_thread(*, port: int = 0, certificate: tuple[str, str] | None = None) -> Iterator[MailServer]:
    """Serve from a thread of its own, for tests that run a real server beside it; with a certificate, and then by
    STARTTLS and with a login only.
    """
    ready, done = threading.Event(), threading.Event()
    found: list[MailServer] = []

    async def main() -> None:
        async with mail_server(port=port, certificate=certificate, wants_login=certificate is not None) as server:
            found.append(server)
            ready.set()
            while not done.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield found[0]
    finally:
        done.set()
        thread.join(10)
