"""Libraries are counted and never quoted."""

from __future__ import annotations

import pytest

from echoless.core.journal import Event, MemoryJournal
from echoless.volatile.gateway.muffler import Muffler

pytestmark = [pytest.mark.unit, pytest.mark.claim("Z10")]


def test_errors_with_an_exception_are_counted_and_everything_else_is_nothing() -> None:
    journal = MemoryJournal()
    muffler = Muffler(journal)
    for say in (muffler.debug, muffler.info, muffler.warning, muffler.error):
        say("secret %s", "words")
    muffler.log(40, "secret")
    assert journal.events == []
    muffler.error("secret", exc_info=ValueError("secret"))
    muffler.exception("secret")
    assert [event for event, _fields in journal.events] == [Event.LIBRARY_SPOKE] * 2
    assert "secret" not in repr(journal.events)
    assert not muffler.isEnabledFor(50)
