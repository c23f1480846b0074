"""The courier does what the vault asks of it, and nothing that gateways ask of other processes."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.courier_records import MailSent, SendMail
from echoless.crossing.egress_records import Fetch
from echoless.crossing.moderation_records import RemoteModerate
from echoless.crossing.records import Record
from echoless.volatile.egress.courier import CourierWork
from echoless.volatile.egress.outbound import Outbound
from tests.fakes.egress_pair import reach_of

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


class Job:
    """Takes what is posted."""

    def __init__(self) -> None:
        self.posted: list[Record] = []

    def post(self, record: Record) -> None:
        self.posted.append(record)


@pytest.mark.parametrize("asked", [Fetch("https://files.example/", 1000, 1000), RemoteModerate("m", False, "text")])
async def test_it_fetches_nothing_and_asks_no_remote(asked: Record) -> None:
    job: Any = Job()
    with pytest.raises(EcholessError):
        await CourierWork(None, Outbound(reach_of(), lambda: 0.0)).perform(job, asked)
    assert job.posted == []


async def test_without_a_mail_server_it_says_so() -> None:
    job: Any = Job()
    await CourierWork(None, None).perform(job, SendMail("a@example.org", "s", "t", "m"))
    assert job.posted == [MailSent("no_mail_server")]
