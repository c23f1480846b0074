"""Whether a remote gets zero-retention work."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, MemoryJournal
from echoless.volatile.egress.trust import ZeroRetentionTrust

pytestmark = pytest.mark.unit


@pytest.mark.claim("Z20")
def test_without_the_declaration_there_is_no_zero_retention_work() -> None:
    trust = ZeroRetentionTrust("one", MemoryJournal(), is_declared=False)
    trust.require(is_zero=False)
    with pytest.raises(EcholessError) as caught:
        trust.require(is_zero=True)
    assert caught.value.code is ErrorCode.ZERO_RETENTION_NOT_SUPPORTED


@pytest.mark.claim("Z20")
def test_a_remote_that_kept_something_gets_no_more_of_it_and_the_journal_says_so_once_each() -> None:
    journal = MemoryJournal()
    trust = ZeroRetentionTrust("one", journal, is_declared=True)
    trust.require(is_zero=True)
    trust.check_answer("", is_zero=True)
    trust.check_answer("history_item_id", is_zero=False)
    assert journal.events == []
    with pytest.raises(EcholessError):
        trust.check_answer("history_item_id", is_zero=True)
    with pytest.raises(EcholessError):
        trust.require(is_zero=True)
    trust.require(is_zero=False)
    assert journal.events == [(Event.REMOTE_KEPT, {"name": "one", "reason": "history_item_id"})]
