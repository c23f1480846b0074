"""The vault's link to its courier: whatever goes wrong is an answer, and the newest link is the one in use."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl

import pytest

from echoless.core.content import TextContent
from echoless.core.journal import MemoryJournal
from echoless.crossing.courier_client import CourierLink
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.crossing.egress_control import MailAccess
from echoless.volatile.egress.courier import CourierWork
from echoless.volatile.egress.host import EgressHost
from echoless.volatile.egress.mail import Mailer
from echoless.volatile.egress.outbound import Outbound, signature
from tests.fakes.egress_pair import FixedNames, reach_of
from tests.fakes.mail_server import mail_server
from tests.fakes.outside import Outside, Said

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

MAIL = SendMail("ann@example.org", "Subject", "Text.\n", "m1")
SECRET = TextContent("wsec_1")


def work(*, mail_port: int = 0, posts: bool = True) -> CourierWork:
    mailer = None
    if mail_port:
        access = MailAccess("mail.example", mail_port, "plain", "", "", "server@echoless.example")
        mailer = Mailer(access, FixedNames(), ssl.create_default_context(), MemoryJournal(), lambda: 1.8e9)
    return CourierWork(mailer, Outbound(reach_of(), lambda: 1.8e9) if posts else None)


async def tie(link: CourierLink, performer: CourierWork) -> EgressHost:
    host = EgressHost(performer, MemoryJournal())
    one, other = socket.socketpair()
    await host.add_link(one)
    await link.add_link(other)
    return host


async def test_a_message_and_a_webhook_are_carried_out() -> None:
    link = CourierLink()
    async with mail_server() as mails, Outside(lambda _asked: Said(202)).serving() as hooks:
        host = await tie(link, work(mail_port=mails.port))
        assert await link.send_mail(MAIL) == MailSent("")
        url = TextContent(f"http://hooks.example:{hooks.port}/told")
        body = json.dumps({"a": 1}).encode()
        assert await link.post(url, SECRET, body) == 202
        link.close()
        await host.stop(1)
    assert [to for to, _ in mails.taken] == [["ann@example.org"]]
    (asked,) = hooks.asked
    assert asked.body == body
    assert asked.headers["elevenlabs-signature"] == signature("wsec_1", 1_800_000_000, body)


async def test_a_webhook_is_posted_once_only_the_outbox_tries_again() -> None:
    link = CourierLink()
    async with Outside(lambda _asked: Said(503)).serving() as hooks:
        host = await tie(link, work())
        assert await link.post(TextContent(f"http://hooks.example:{hooks.port}/"), SECRET, b"{}") == 503
        link.close()
        await host.stop(1)
    assert len(hooks.asked) == 1


async def test_without_a_courier_nothing_is_carried_and_nothing_is_raised() -> None:
    link = CourierLink()
    assert await link.send_mail(MAIL) is None
    assert await link.post(TextContent("https://hooks.example/"), SECRET, b"{}") == 0


async def test_what_the_operator_did_not_allow_is_not_done() -> None:
    link = CourierLink()
    host = await tie(link, work(posts=False))
    assert await link.send_mail(MAIL) == MailSent("no_mail_server")
    assert await link.post(TextContent("https://hooks.example/"), SECRET, b"{}") == 0
    link.close()
    await host.stop(1)


async def test_a_courier_that_dies_is_an_answer_and_its_successor_serves() -> None:
    link = CourierLink()
    one, other = socket.socketpair()
    await link.add_link(other)
    waiting = asyncio.ensure_future(link.send_mail(MAIL))
    await asyncio.sleep(0)
    one.close()
    assert await asyncio.wait_for(waiting, 5) is None
    async with mail_server() as mails:
        host = await tie(link, work(mail_port=mails.port))
        assert await link.send_mail(MAIL) == MailSent("")
        link.close()
        await host.stop(1)


async def test_an_address_that_is_none_is_final() -> None:
    link = CourierLink()
    async with mail_server() as mails:
        host = await tie(link, work(mail_port=mails.port))
        sent = await link.send_mail(SendMail("nobody", "s", "t", "m"))
        assert sent is not None
        assert sent.is_final
        link.close()
        await host.stop(1)
    assert mails.taken == []
