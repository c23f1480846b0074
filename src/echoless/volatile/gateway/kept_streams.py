"""Kept bytes on their way to a client: audio of an item, the recording that it was made from, a transcript's JSON.

The vault sends a window ahead and more as the client takes it, so nothing is in memory whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from echoless.core.content import AudioContent
from echoless.crossing.kept_records import (
    InputAudio,
    KeptTranscript,
    ReadInputAudio,
    ReadTranscript,
    ReadTranscriptAudio,
)
from echoless.crossing.records import Credit
from echoless.volatile.gateway.calls import Call, Header
from echoless.volatile.gateway.ports import AnswersPort
from echoless.volatile.gateway.speaking import CREDIT_BYTES, WINDOW_BYTES
from echoless.volatile.gateway.watching import watched

_JSON: Final = "application/json"
_UNKNOWN: Final = "application/octet-stream"
RECORDING_MEDIA_TYPES: Final = (_UNKNOWN, "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/flac")
"""What a recording usually is; it is sent as whatever it was found to be."""
# A recording is whatever a client once uploaded: no browser may take it for a page.
_AS_FILE: Final[tuple[Header, ...]] = (
    (b"content-disposition", b"attachment"),
    (b"x-content-type-options", b"nosniff"),
)


async def send_recording(call: Call, item_id: str) -> None:
    """Answer with the recording that a voice changer's item was made from.

    raises: RequestRefusedError(history_item_not_found), also where the item has none
    """
    await _send(call, ReadInputAudio(item_id=item_id, window_bytes=WINDOW_BYTES))


async def send_transcript_recording(call: Call, transcript_id: str) -> None:
    """Answer with the recording that a transcript was made from.

    raises: RequestRefusedError(transcript_not_found), also where there is none
    """
    await _send(call, ReadTranscriptAudio(transcript_id=transcript_id, window_bytes=WINDOW_BYTES))


async def send_transcript(call: Call, transcript_id: str) -> None:
    """Answer with a kept transcript: the JSON text that was kept, byte for byte.

    raises: RequestRefusedError(transcript_not_found)
    """
    await _send(call, ReadTranscript(transcript_id=transcript_id, window_bytes=WINDOW_BYTES))


async def kept_pieces(answers: AnswersPort, size_bytes: int) -> AsyncIterator[AudioContent]:
    """Yield what follows a head; the vault sends more as it is taken.

    raises: RequestRefusedError where it cannot be read to its end
    """
    left_bytes, uncredited_bytes = size_bytes, 0
    while left_bytes > 0:
        piece = await answers.next()
        assert isinstance(piece, AudioContent)
        left_bytes -= len(piece)
        yield piece
        uncredited_bytes += len(piece)
        if uncredited_bytes >= CREDIT_BYTES and left_bytes > 0:
            answers.post(Credit(uncredited_bytes))
            uncredited_bytes = 0


async def _send(call: Call, question: ReadInputAudio | ReadTranscriptAudio | ReadTranscript) -> None:
    with call.open_ticket.read() as answers:
        answers.post(question)
        head = await answers.next()
        assert isinstance(head, (InputAudio, KeptTranscript))
        if isinstance(head, InputAudio):
            media_type, size_bytes, more = _sent_as(head.media_type), head.audio_bytes, _AS_FILE
        else:
            media_type, size_bytes, more = _JSON, head.json_bytes, ()
        length: Header = (b"content-length", b"%d" % size_bytes)
        await call.start(200, media_type.encode("ascii"), more=[length, *more])
        async with watched(call):
            async for piece in kept_pieces(answers, size_bytes):
                await call.write(piece.reveal())
    await call.finish()


def _sent_as(media_type: str) -> str:
    return media_type if media_type.startswith(("audio/", "video/")) else _UNKNOWN
