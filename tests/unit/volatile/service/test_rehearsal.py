"""The rehearsal: the whole script over real links, before anybody is served."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import Event, FieldValue, MemoryJournal
from echoless.volatile.service import rehearsal
from echoless.volatile.service.rehearsed_sockets import NORMAL_CLOSE, text_frame
from tests.fakes.gateway import gateway_config

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_rehearsal_serves_its_whole_script_and_leaves_no_line_in_the_access_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: list[Event] = []
    say = MemoryJournal.say

    def counted(journal: MemoryJournal, event: Event, **fields: FieldValue) -> None:
        noted.append(event)
        say(journal, event, **fields)

    monkeypatch.setattr(MemoryJournal, "say", counted)
    journal = MemoryJournal()
    async with asyncio.timeout(20):
        await rehearsal.rehearse(gateway_config(has_access_log=True), journal, None)
    assert journal.events == []
    # They were made all the same, the sockets' too: what the first line needs must not come behind the wall.
    assert noted == [Event.REQUEST_CLOSED] * (
        len(rehearsal._SCRIPT) + len(rehearsal.UPLOADS) + len(rehearsal.SOCKETS)
    )


async def test_rehearsal_with_another_answer_keeps_the_process_from_serving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rehearsal, "_SCRIPT", (("GET /nothing/here", b"", 200),))
    async with asyncio.timeout(20):
        with pytest.raises(EcholessError, match="404 in place of 200"):
            await rehearsal.rehearse(gateway_config(), MemoryJournal(), None)


async def test_a_socket_that_says_something_else_keeps_the_process_from_serving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = rehearsal.SOCKETS[-1]
    wrong = type(script)(script.line, ((text_frame(b"no message"), NORMAL_CLOSE),))
    monkeypatch.setattr(rehearsal, "SOCKETS", (wrong,))
    async with asyncio.timeout(20):
        with pytest.raises(EcholessError, match="0 in place of 101"):
            await rehearsal.rehearse(gateway_config(), MemoryJournal(), None)


async def test_what_goes_wrong_in_a_rehearsal_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError

    journal = MemoryJournal()
    monkeypatch.setattr(rehearsal.EnginePool, "speak", broken)
    async with asyncio.timeout(20):
        with pytest.raises(EcholessError, match="500 in place of 200"):
            await rehearsal.rehearse(gateway_config(), journal, None)
    ((event, fields),) = journal.events
    assert (event, fields["error"]) == (Event.UNEXPECTED_ERROR, "ValueError")
