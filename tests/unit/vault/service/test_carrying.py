"""The outbox's courier over its link: answers become outcomes."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.content import TextContent
from echoless.crossing.courier_client import CourierLink
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.vault.notices.ports import Hook, Mail, Outcome
from echoless.vault.service.carrying import LinkedCourier

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

MAIL = Mail("ann@example.org", "subject", "text", "m1")


class Link:
    """Answers as told."""

    def __init__(self, sent: MailSent | None) -> None:
        self.sent = sent
        self.asked: list[Any] = []

    async def send_mail(self, mail: SendMail) -> MailSent | None:
        self.asked.append(mail)
        return self.sent

    async def post(self, url: TextContent, secret: TextContent, body: bytes) -> int:
        self.asked.append((url.reveal(), secret.reveal(), body))
        return 204


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (MailSent(""), Outcome("")), (None, Outcome("no_mail_server")),
        (MailSent("recipient_refused", is_final=True), Outcome("recipient_refused", is_final=True)),
    ],
)  # fmt: skip
async def test_an_answer_is_an_outcome(sent: MailSent | None, outcome: Outcome) -> None:
    link: Any = Link(sent)
    assert await LinkedCourier(link).send_mail(MAIL) == outcome
    assert link.asked == [SendMail("ann@example.org", "subject", "text", "m1")]


async def test_a_webhook_is_posted_with_its_secret() -> None:
    link: Any = Link(None)
    assert await LinkedCourier(link).post(Hook("h", "https://hooks.example/", "wsec_1"), b"{}") == 204
    assert link.asked == [("https://hooks.example/", "wsec_1", b"{}")]


async def test_where_there_is_no_process_it_is_tried_again_later() -> None:
    assert await LinkedCourier(CourierLink()).send_mail(MAIL) == Outcome("no_mail_server", is_final=False)
