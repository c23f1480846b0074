"""One recognition, from parts to a transcript; what is kept is kept before it is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import CloseStatus, CloseTicket
from echoless.crossing.sinks import ZeroSink
from echoless.volatile.gateway.transcribing import FetchedRecording, keep
from tests.fakes.fake_media import FakeMedia, word
from tests.fakes.form_body import HEADERS, form, part
from tests.fakes.gateway import running_gateway
from tests.unit.volatile.gateway.test_calls import new_call

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
FORM = form(part("model_id", "scribe_v1"), part("diarize", "true"), part("file", bytes(1000), "f"))


async def test_speakers_are_told_in_the_order_of_sending_and_for_all_words() -> None:
    media = FakeMedia()
    media.channels = [[word("a", 0, 1), word("b", 1, 2), word("c", 2, 3)]]
    for speakers, status in (([0, 1, 0], 200), ([0, 1], 500)):
        media.speakers = list(speakers)
        async with running_gateway(media=media) as gateway:
            reply = await gateway.ask("POST", "/v1/speech-to-text", FORM, headers=HEADERS)
            assert reply.status == status
            if status == 200:
                found = [one["speaker_id"] for one in reply.json["words"]]
                assert found == ["speaker_0", "speaker_1", "speaker_0"]


async def test_a_fetched_recording_is_taken_piece_by_piece() -> None:
    async def pieces() -> AsyncIterator[AudioContent]:
        yield AudioContent(b"one")
        yield AudioContent(b"two")

    recording = FetchedRecording(pieces())
    await recording.read()
    taken = [await recording.next_piece() for _ in range(3)]
    assert [piece and piece.reveal() for piece in taken] == [b"one", b"two", None]


class _FailingSink(ZeroSink):
    """Stands for a vault that has gone."""

    closed: CloseTicket | None = None

    def __init__(self) -> None:
        pass

    async def seal(self, close: CloseTicket) -> bool:
        type(self).closed = close
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "not kept")


async def test_what_was_not_kept_is_not_complete() -> None:
    call, sink = new_call([]), _FailingSink()
    with pytest.raises(EcholessError):
        await keep(call, sink, b"{}", status=200)
    assert _FailingSink.closed is not None
    assert _FailingSink.closed.status is CloseStatus.DONE
    assert not call.outcome.is_complete
    assert not call.is_ticket_closed
