"""Mail to a real server on loopback: in the clear, by STARTTLS, by TLS, with a login; refused, and back again."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import Event, MemoryJournal
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.crossing.egress_control import MailAccess
from echoless.volatile.egress.mail import Mailer
from tests.fakes.egress_pair import FixedNames, certificate_for
from tests.fakes.mail_server import PASSWORD, USER, mail_server

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

HOST = "mail.example"
NOTICE = SendMail("ann@example.org", "Zero retention", "It was restricted.\n", "n1")


def mailer(
    port: int,
    *,
    security: str = "plain",
    login: tuple[str, str] = ("", ""),
    ca: str | None = None,
    journal: MemoryJournal | None = None,
) -> Mailer:
    access = MailAccess(HOST, port, security, *login, "noreply@echoless.example")
    context = ssl.create_default_context(cafile=ca)
    return Mailer(access, FixedNames(), context, journal or MemoryJournal(), lambda: 1_800_000_000.0)


async def test_a_message_arrives_whole() -> None:
    async with mail_server() as server:
        assert await mailer(server.port).send(NOTICE) == MailSent("")
    [(recipients, message)] = server.taken
    assert recipients == ["ann@example.org"]
    assert message["To"] == "ann@example.org"
    assert message["From"] == "Echoless <noreply@echoless.example>"
    assert message["Message-ID"] == "<n1@echoless.example>"
    assert message["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert message.get_payload().replace("\r\n", "\n").strip() == "It was restricted."


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_message_goes_encrypted_and_with_a_login(tmp_path: Path, security: str) -> None:
    certificate = certificate_for(tmp_path, HOST)
    async with mail_server(certificate=certificate, is_tls=security == "tls", wants_login=True) as server:
        sender = mailer(server.port, security=security, login=(USER, PASSWORD), ca=certificate[0])
        assert await sender.send(NOTICE) == MailSent("")
    if security == "starttls":
        assert server.was_encrypted == [True]
    assert server.logins == ["right"]
    assert len(server.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_that_cannot_prove_its_name_gets_neither_password_nor_message(
    tmp_path: Path, security: str
) -> None:
    certificate = certificate_for(tmp_path, "other.example")
    async with mail_server(certificate=certificate, is_tls=security == "tls", wants_login=True) as server:
        sender = mailer(server.port, security=security, login=(USER, PASSWORD), ca=certificate[0])
        answer = await sender.send(NOTICE)
    assert answer.error_code in {"mail_certificate", "no_mail_server"}
    assert (server.logins, server.taken) == ([], [])


async def test_a_server_without_starttls_gets_nothing_in_the_clear() -> None:
    async with mail_server(wants_login=True) as server:
        answer = await mailer(server.port, security="starttls", login=(USER, PASSWORD)).send(NOTICE)
    assert answer.error_code
    assert (server.logins, server.taken) == ([], [])


async def test_a_wrong_password_is_told_as_such_and_may_be_tried_again() -> None:
    async with mail_server(wants_login=True) as server:
        answer = await mailer(server.port, login=(USER, "wrong")).send(NOTICE)
    assert answer == MailSent("mail_login_refused")


async def test_a_server_that_fails_and_recovers_takes_the_message_at_last() -> None:
    journal = MemoryJournal()
    async with mail_server() as server:
        server.answers[:] = ["451 try again", "554 no"]
        sender = mailer(server.port, journal=journal)
        assert await sender.send(NOTICE) == MailSent("mail_refused")
        assert await sender.send(NOTICE) == MailSent("mail_refused")
        assert await sender.send(NOTICE) == MailSent("")
    said = [(event, fields["http_status"]) for event, fields in journal.events]
    assert said == [(Event.REMOTE_FAILED, 451), (Event.REMOTE_FAILED, 554)]


async def test_an_unknown_recipient_is_final() -> None:
    async with mail_server() as server:
        server.refused.add("ann@example.org")
        assert await mailer(server.port).send(NOTICE) == MailSent("recipient_refused", is_final=True)


async def test_nobody_there_is_an_answer_too() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert await mailer(port).send(NOTICE) == MailSent("no_mail_server")


@pytest.mark.parametrize(
    "address", ["ann@example.org\r\nBcc: eve@example.org", "nobody", "", "a@example.org, b@example.org"]
)
async def test_an_address_cannot_become_a_header_or_two_recipients(address: str) -> None:
    async with mail_server() as server:
        with pytest.raises(EcholessError):
            await mailer(server.port).send(SendMail(address, "s", "t", "m"))
    assert server.taken == []
