"""(3)-(5) One recognition: from a recording to a transcript, and into the sink what a kept request keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.media_records import (
    InputKnown,
    SpeakerNames,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
    TranscriptWord,
)
from echoless.crossing.records import ReserveUnits
from echoless.crossing.sinks import RetainingSink, ZeroSink, sink_for
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.feeding import Recording, fed
from echoless.volatile.gateway.media_jobs import recognition
from echoless.volatile.gateway.media_problems import media_error
from echoless.volatile.gateway.ports import MediaSource
from echoless.volatile.gateway.traces import ENGINE_FAILURE
from echoless.volatile.gateway.transcript_wire import PlacedWord, Transcript, text_of
from echoless.volatile.speech.moderation_rules import Read

_LANGUAGE_UNKNOWN: Final = "No engine here understands this language; leave it out or install a model for it."

Sink = ZeroSink | RetainingSink


class FetchedRecording:
    """A recording that is fetched from elsewhere, as a job takes it."""

    def __init__(self, pieces: AsyncIterator[AudioContent]) -> None:
        self._pieces = pieces

    async def read(self) -> None:
        """Read nothing: each piece is asked for when it is taken."""

    async def next_piece(self) -> AudioContent | None:
        """Return the next bytes, None at the end."""
        return await anext(self._pieces, None)


async def reserved_sink(call: Call, model_id: str) -> Sink:
    """Reserve units; from here on the mode is an object. (2)

    raises: RequestRefusedError, EcholessError(ENGINE_UNAVAILABLE)
    """
    await call.reserve(ReserveUnits(model_id=model_id, output_format="", characters=0))
    return sink_for(call.open_ticket)


async def transcribed(
    call: Call,
    recording: Recording,
    order: Transcribe,
    sink: Sink,
    *,
    model_id: str,
    param: str,
    on_whole: Callable[[], Awaitable[None]],
    language_param: str = "language_code",
) -> Transcript:
    """Recognise a recording.

    model_id:       as a remote is told it
    param:          the field that it came in
    on_whole:       awaited once all of the request has been read, before the job hears of the end
    language_param: the field that names the language
    raises:         EcholessError, ClientLeftError; what `on_whole` raises
    """
    with recognition(call, order, model_id, sink) as job:
        async with fed(call, recording, job, sink, on_whole):
            transcript = await _collected(call, job, order, sink)
    ended = transcript.ended
    if ended.error_code == ErrorCode.INVALID_PARAMETERS.value:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, _LANGUAGE_UNKNOWN, param=language_param)
    if ended.error_code:
        raise media_error(ended.error_code, param)
    call.outcome.audio_ms = ended.audio_ms
    review = call.services.moderation.review(call.open_ticket, Read.TRANSCRIPTS)
    for words in transcript.channels:
        review.note(TextContent(text_of(words)))
        review.end()
    return transcript


async def keep(call: Call, sink: Sink, body: bytes, *, status: int) -> None:
    """Keep a transcript where the request is kept: only then may it be answered whole.

    status: that the answer has or will have
    raises: EcholessError when it was not kept
    """
    if isinstance(sink, RetainingSink):
        sink.keep_transcript(TextContent(body.decode()))
    outcome = call.outcome
    was_complete, outcome.is_complete, outcome.http_status = outcome.is_complete, True, status
    try:
        call.is_ticket_closed = await sink.seal(call.closing())
    finally:
        outcome.is_complete = was_complete


async def _collected(call: Call, job: MediaSource, order: Transcribe, sink: Sink) -> Transcript:
    """Take parts until the last."""
    channels: list[list[TranscriptWord]] = []
    places: list[tuple[int, int]] = []
    speakers: list[int | None] = []
    while not isinstance(part := await job.next(), TranscriptEnded):
        if isinstance(part, InputKnown):
            if isinstance(sink, RetainingSink):
                sink.keep_input_type(part.media_type)
        elif isinstance(part, TranscriptPart):
            _add(channels, places, part)
        elif isinstance(part, SpeakerNames):
            speakers = part.speakers
        elif isinstance(part, JobDiagnosis):
            call.traces.note(ENGINE_FAILURE, part)
        else:
            raise EcholessError(ErrorCode.INTERNAL_ERROR, "a recognition answered with something else")
    while len(channels) < part.channel_count:
        channels.append([])
    if speakers and len(speakers) != len(places):
        raise EcholessError(ErrorCode.INTERNAL_ERROR, "a recognition named speakers of other words")
    who = dict(zip(places, speakers, strict=False))
    placed = [
        [
            PlacedWord(word, who.get((channel, index)), channel if order.is_multichannel else None)
            for index, word in enumerate(words)
        ]
        for channel, words in enumerate(channels)
    ]
    return Transcript(placed, part)


def _add(channels: list[list[TranscriptWord]], places: list[tuple[int, int]], part: TranscriptPart) -> None:
    """Add words, and remember where each stands: speakers are named later in the order of sending."""
    while len(channels) <= part.channel:
        channels.append([])
    words = channels[part.channel]
    places.extend((part.channel, len(words) + index) for index in range(len(part.words)))
    words.extend(part.words)
