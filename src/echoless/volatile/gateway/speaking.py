"""(3)-(5) One generation: from the engine's parts to the client, and into the sink as they pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from echoless.core.audio_formats import AudioFormat
from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET
from echoless.crossing.client import SpeechPart
from echoless.crossing.diagnosis_records import JobDiagnosis
from echoless.crossing.dialogue_records import DialogueSpeak, VoiceRun
from echoless.crossing.records import (
    AlignmentPart,
    KeepAlignment,
    KeepText,
    ReserveUnits,
    Speak,
    SpeechBegan,
    SpeechEnded,
)
from echoless.crossing.sinks import RetainingSink, ZeroSink, sink_for
from echoless.volatile.gateway.calls import Call, Header
from echoless.volatile.gateway.moderating import check_kept
from echoless.volatile.gateway.ports import SpeechSource
from echoless.volatile.gateway.renderings import Rendering
from echoless.volatile.gateway.speech_jobs import synthesis
from echoless.volatile.gateway.traces import ENGINE_FAILURE
from echoless.volatile.gateway.watching import watched

WINDOW_BYTES: Final = 192 * 1024
CREDIT_BYTES: Final = WINDOW_BYTES // 3
_ENGINE_CODES: Final = {
    code.value: code for code in (ErrorCode.ENGINE_UNAVAILABLE, ErrorCode.CONCURRENT_LIMIT_EXCEEDED)
}


@dataclass(frozen=True, slots=True)
class SpeechOrder:
    """Everything that one generation needs, checked.

    characters: as the client submitted them
    """

    job: Speak | DialogueSpeak
    kept: KeepText
    model_id: str
    audio_format: AudioFormat
    characters: int


class KeptSpeech:
    """Parts of speech, each given to the sink before it is passed on."""

    def __init__(self, source: SpeechSource, sink: RetainingSink) -> None:
        self._source = source
        self._sink = sink
        self.credit = source.credit
        self.abandon = source.abandon

    async def next(self) -> SpeechPart:
        """Return the next part once the sink has it."""
        part = await self._source.next()
        if isinstance(part, AudioContent):
            await self._sink.keep_audio(part)
        elif isinstance(part, AlignmentPart):
            for record in kept_times(part):
                self._sink.keep_alignment(record)
        return part


def kept_times(part: AlignmentPart) -> tuple[KeepAlignment, KeepAlignment]:
    """Return a run of times as it is kept: of the submitted and of the spoken characters."""
    source = KeepAlignment(is_normalized=False, characters=part.characters, start_s=part.start_s, end_s=part.end_s)
    spoken = KeepAlignment(
        is_normalized=True,
        characters=part.normalized_characters,
        start_s=part.normalized_start_s,
        end_s=part.normalized_end_s,
    )
    return source, spoken


def _passing(source: SpeechSource, sink: ZeroSink | RetainingSink, kept: KeepText) -> SpeechSource:
    """Let parts pass through a sink that takes content; past one that takes none."""
    if isinstance(sink, RetainingSink):
        sink.keep_text(kept)
        return KeptSpeech(source, sink)
    return source


def engine_error(code: str) -> EcholessError:
    """Return the error for a job that an engine ended with a code."""
    return EcholessError(_ENGINE_CODES.get(code, ErrorCode.INTERNAL_ERROR), "The engine could not do this.")


async def speak_order(call: Call, order: SpeechOrder, rendering: Rendering) -> None:
    """Check the text, reserve units, speak, and answer.

    raises: RequestRefusedError, EcholessError and ClientLeftError, before or after the first byte
    """
    ticket = call.open_ticket
    await check_kept(call.services.moderation, ticket, order.kept)
    reserved = await call.reserve(
        ReserveUnits(model_id=order.model_id, output_format=order.audio_format.name, characters=order.characters)
    )
    # (2) From here on the mode is an object.
    sink = sink_for(ticket)
    more: list[Header] = [
        (b"character-cost", b"%d" % reserved.cost),
        (b"x-character-count", b"%d" % order.characters),
    ]
    if call.grant.history_item_id:
        more.append((b"history-item-id", call.grant.history_item_id.encode("ascii")))
    with synthesis(call, order.job, order.model_id, sink) as engine:
        speech = _passing(engine, sink, order.kept)
        async with watched(call, speech.abandon):
            await SpeechAnswer(call, speech, rendering, more, sink).send()


async def speak_preview(call: Call, job: Speak, rendering: Rendering) -> None:
    """Speak a text of our own for anyone: no ticket, no sink."""
    with call.services.engines.speak(NO_TICKET, job) as speech:
        async with watched(call, speech.abandon):
            await SpeechAnswer(call, speech, rendering, (), None).send()


class SpeechAnswer:
    """Sends one generation.

    The response begins with the first audio, so that what goes wrong before it is a proper error. Its end waits
    for the sink: the terminator of a chunked body, or the last byte of one whose length was stated.

    problem: makes an error of the code that an engine ended the job with
    """

    def __init__(
        self,
        call: Call,
        speech: SpeechSource,
        rendering: Rendering,
        more: Sequence[Header],
        sink: ZeroSink | RetainingSink | None,
        *,
        problem: Callable[[str], EcholessError] = engine_error,
    ) -> None:
        self._call = call
        self._speech = speech
        self._problem = problem
        self._rendering = rendering
        self._more = list(more)
        self._sink = sink
        self._is_length_stated = False
        self._uncredited_bytes = 0
        self._last_byte = b""

    async def send(self) -> None:
        """Send parts until the last."""
        while not isinstance(part := await self._speech.next(), SpeechEnded):
            if isinstance(part, SpeechBegan):
                self._take_length(part)
            elif isinstance(part, AlignmentPart | VoiceRun):
                self._rendering.times(part)
            elif isinstance(part, AudioContent):
                await self._send_audio(part)
            elif isinstance(part, JobDiagnosis):
                self._call.traces.note(ENGINE_FAILURE, part)
            else:
                raise EcholessError(ErrorCode.INTERNAL_ERROR, "an engine spoke of texts that it was never given")
        await self._finish(part)

    def _take_length(self, began: SpeechBegan) -> None:
        if began.audio_bytes is not None and self._rendering.is_plain:
            self._is_length_stated = True
            self._more.append((b"content-length", b"%d" % began.audio_bytes))

    async def _send_audio(self, audio: AudioContent) -> None:
        data = self._rendering.audio(audio)
        if not self._call.is_started:
            await self._start()
        if self._is_length_stated and data:
            data, self._last_byte = self._last_byte + data[:-1], data[-1:]
        if data:
            await self._call.write(data)
        self._call.outcome.audio_bytes += len(audio)
        self._uncredited_bytes += len(audio)
        if self._uncredited_bytes >= CREDIT_BYTES:
            self._speech.credit(self._uncredited_bytes)
            self._uncredited_bytes = 0

    async def _start(self) -> None:
        await self._call.start(200, self._rendering.content_type.encode("ascii"), more=self._more)

    async def _finish(self, ended: SpeechEnded) -> None:
        if ended.error_code:
            raise self._problem(ended.error_code)
        call = self._call
        call.outcome.audio_ms = ended.audio_ms
        rest = self._rendering.end()
        if not call.is_started:
            await self._start()
        if self._is_length_stated:
            rest = self._last_byte + rest
        elif rest:
            await call.write(rest)
            rest = b""
        if self._sink is not None:
            call.outcome.is_complete = True
            call.is_ticket_closed = await self._sink.seal(call.closing())
        await call.finish(rest)
