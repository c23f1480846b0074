"""`echoless notices`."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.notice_records import (
    ListAllNotices,
    NoticeDeliveryView,
    NoticePage,
    NoticeRetried,
    NoticeView,
    RetryNotice,
)
from echoless.crossing.records import Refused
from tests.fakes.operator_door import running_server
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit

PENDING = NoticeDeliveryView("email", "u1", "pending", 3, "no_mail_server", 1_800_000_300, 0)
SENT = NoticeDeliveryView("webhook", "h1", "sent", 1, "", 0, 1_800_000_001)
NOTICE = NoticeView("n1", "ws1", "zero_retention_restricted", 1_800_000_000, {"reason": "flagged"}, [PENDING, SENT])


def test_notices_are_listed_with_how_far_each_has_come(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {ListAllNotices: NoticePage([NOTICE], "")}) as door:
        result = run("notices", "list", "--undelivered", "--workspace", "ws1", "--count", "7")
    assert result.exit_code == 0
    assert door.asked == [ListAllNotices(7, "ws1", True)]
    for words in ("n1", "zero_retention_restricted", "pending", "no_mail_server", "u1", "webhook", "sent"):
        assert words in result.stdout


def test_a_notice_that_goes_out_on_no_way_is_shown_in_the_product(run: Run, tmp_path: Path) -> None:
    shown = NoticeView("n2", "", "zero_retention_lifted", 1_800_000_000, {}, [])
    with running_server(tmp_path, {ListAllNotices: NoticePage([shown], "")}):
        assert "in the product" in run("notices", "list").stdout


def test_what_has_not_arrived_is_tried_again(run: Run, tmp_path: Path) -> None:
    with running_server(tmp_path, {RetryNotice: NoticeRetried(2)}) as door:
        result = run("notices", "retry", "n1")
    assert door.asked == [RetryNotice("n1")]
    assert "2 deliveries" in result.stderr


def test_an_unknown_notice_is_refused(run: Run, tmp_path: Path) -> None:
    refusal = Refused(code=ErrorCode.NOT_FOUND.value, message="There is no notice with this id.")
    with running_server(tmp_path, {RetryNotice: refusal}):
        assert run("notices", "retry", "nx").exit_code == 1
