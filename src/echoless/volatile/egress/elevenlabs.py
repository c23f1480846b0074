"""ElevenLabs itself as a remote: synthesis, transcription and conversion in the protocol that this server speaks.

Zero-retention work is always sent with `enable_logging=false`. An answer that names something kept is thrown away,
and the remote gets no more of such work.
source: the wire contract: text to speech, voice changer, speech to text, history
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode

from echoless.core.audio_formats import AUDIO_FORMATS, Codec
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal
from echoless.crossing.egress_control import RemoteAccess
from echoless.crossing.egress_records import RemoteConvert, RemoteSpeak, RemoteTranscribe
from echoless.crossing.media_records import (
    InputFormat,
    SpeakerNames,
    Transcribe,
    TranscriptEnded,
    TranscriptPart,
)
from echoless.crossing.moderation_records import RemoteModerate
from echoless.crossing.records import KIND_AUDIO, AlignmentPart, Speak, SpeechBegan, SpeechEnded
from echoless.volatile.egress.connections import Answer, Connections, NoAnswerError
from echoless.volatile.egress.foreign_transcripts import from_elevenlabs, parse_object, records_of
from echoless.volatile.egress.jobs import Job
from echoless.volatile.egress.made_audio import audio_ms
from echoless.volatile.egress.remote_calls import DOCUMENT_BYTES_MAX, RemoteCalls, pass_audio, recording_of
from echoless.volatile.egress.trust import ZeroRetentionTrust
from echoless.volatile.egress.upload_body import UploadBody

_LINE_BYTES_MAX: Final = 8 * 1024 * 1024
_PROBE_BYTES_MAX: Final = 16 * 1024 * 1024
_PROBE_PAGE: Final = 100
_CLOCKS_APART_S: Final = 5


class ElevenLabsRemote:
    """Speaks to one account there."""

    def __init__(
        self, access: RemoteAccess, connections: Connections, journal: Journal, trust: ZeroRetentionTrust
    ) -> None:
        self._name = access.name
        self._calls = RemoteCalls(access, connections, journal, {"xi-api-key": access.api_key})
        self._journal = journal
        self._trust = trust
        self._probes_history = access.probes_history
        self._probes: set[asyncio.Task[None]] = set()

    async def speak(self, job: Job, asked: RemoteSpeak) -> None:
        """Have a text spoken, to the last record."""
        order = asked.job
        job.open_window(order.window_bytes)
        body = json.dumps(_speech_body(self._calls.model(asked.model_id), order)).encode()
        path = self._path(
            f"/v1/text-to-speech/{self._calls.voice(order.catalogue_id)}",
            order.output_format,
            is_zero=asked.is_zero,
            with_times=order.wants_alignment,
        )
        characters = len(order.text)
        async with self._ask(
            path, "application/json", body, is_zero=asked.is_zero, characters=characters
        ) as answer:
            if order.wants_alignment:
                await _pass_times(job, answer, order.output_format)
            else:
                await pass_audio(job, answer, order.output_format)

    async def moderate(self, job: Job, asked: RemoteModerate) -> None:
        """Refuse: there is no such call.

        raises: EcholessError(INVALID_PARAMETERS)
        """
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This remote judges no texts.")

    async def convert(self, job: Job, asked: RemoteConvert) -> None:
        """Have a recording said by another voice, to the last record."""
        order = asked.job
        job.open_window(order.window_bytes)
        path = self._path(
            f"/v1/speech-to-speech/{self._calls.voice(order.catalogue_id)}",
            order.output_format,
            is_zero=asked.is_zero,
        )
        fields = [
            ("model_id", self._calls.model(asked.model_id)),
            ("voice_settings", json.dumps(order.settings)),
            ("remove_background_noise", _word(order.removes_noise)),
            ("file_format", order.input_format.value),
            *([("seed", str(order.seed))] if order.seed is not None else []),
        ]
        form = UploadBody(fields, "audio", recording_of(job, order.input_format, wants_head=False))
        async with self._ask(path, form.content_type, aiter(form), is_zero=asked.is_zero) as answer:
            await pass_audio(job, answer, order.output_format)

    async def transcribe(self, job: Job, asked: RemoteTranscribe) -> None:
        """Have a recording written down, to the last record."""
        order = asked.job
        fields = _transcription_fields(self._calls.model(asked.model_id), order)
        form = UploadBody(fields, "file", recording_of(job, order.input_format, wants_head=False))
        path = "/v1/speech-to-text" + ("?enable_logging=false" if asked.is_zero else "")
        async with self._calls.ask("POST", path, content_type=form.content_type, body=aiter(form)) as answer:
            heard = from_elevenlabs(await answer.whole(DOCUMENT_BYTES_MAX))
        self._trust.check_answer("transcription_id" if heard.transcription_id else "", is_zero=asked.is_zero)
        for channel, words in enumerate(heard.channels):
            for portion in records_of(words):
                job.post(TranscriptPart(channel, portion))
        if order.is_diarized:
            job.post(SpeakerNames([word.speaker for words in heard.channels for word in words]))
        code = heard.language_code or order.language_code
        job.post(TranscriptEnded("", heard.audio_ms, len(heard.channels), code, heard.language_probability))

    # --- zero retention ---

    @asynccontextmanager
    async def _ask(
        self,
        path: str,
        content_type: str,
        body: AsyncIterator[bytes] | bytes,
        *,
        is_zero: bool,
        characters: int | None = None,
    ) -> AsyncIterator[Answer]:
        """Ask for audio. Where it was zero-retention work, look whether anything of it was kept.

        raises: EcholessError(ZERO_RETENTION_NOT_SUPPORTED) for an answer that says so
        """
        begun_s, request_id, was_heard = time.time(), "", False
        try:
            async with self._calls.ask("POST", path, content_type=content_type, body=body) as answer:
                was_heard, request_id = True, answer.header("request-id")
                self._trust.check_answer(
                    "history_item_id" if answer.header("history-item-id") else "", is_zero=is_zero
                )
                yield answer
        finally:
            # A row appears once the answer has been made, also when somebody broke off.
            if was_heard and is_zero and self._probes_history:
                probe = asyncio.create_task(self._probe(request_id, characters, begun_s))
                self._probes.add(probe)
                probe.add_done_callback(self._probes.discard)

    async def _probe(self, request_id: str, character_count: int | None, begun_s: float) -> None:
        """Ask for the history after a job; of the job only numbers are held until then."""
        try:
            async with self._calls.ask("GET", f"/v1/history?page_size={_PROBE_PAGE}") as answer:
                listed = parse_object(await answer.whole(_PROBE_BYTES_MAX)).get("history")
        except EcholessError:
            listed = None
        if not isinstance(listed, list):
            self._journal.say(Event.REMOTE_FAILED, name=self._name, http_status=0)
            return
        if any(_is_ours(item, request_id, character_count, begun_s) for item in listed if isinstance(item, dict)):
            self._trust.lose("history")

    async def settled(self) -> None:
        """Wait until every look at the history has ended."""
        await asyncio.gather(*self._probes)

    def _path(self, route: str, output_format: str, *, is_zero: bool, with_times: bool = False) -> str:
        # RIFF states its length first, so it is not streamed.
        is_streamed = AUDIO_FORMATS[output_format].codec is not Codec.WAV
        query = {"output_format": self._calls.format(output_format)}
        if is_zero:
            query["enable_logging"] = "false"
        path = route + ("/stream" if is_streamed else "") + ("/with-timestamps" if with_times else "")
        return f"{path}?{urlencode(query)}"


def _is_ours(item: dict[str, Any], request_id: str, character_count: int | None, begun_s: float) -> bool:
    """Whether a row of the history is of the job: by its id where there is one, else by time and length."""
    if request_id:
        return item.get("request_id") == request_id
    is_new = isinstance(item.get("date_unix"), int) and item["date_unix"] >= begun_s - _CLOCKS_APART_S
    before, after = item.get("character_count_change_from"), item.get("character_count_change_to")
    has_counts = isinstance(before, int) and isinstance(after, int) and character_count is not None
    return is_new and (not has_counts or int(after) - int(before) == character_count)  # type: ignore[arg-type]  # numbers, as checked


def _speech_body(model: str, order: Speak) -> dict[str, Any]:
    body: dict[str, Any] = {
        "text": order.text,
        "model_id": model,
        "voice_settings": dict(order.settings),
        "apply_text_normalization": order.normalization.value,
    }
    optional = {
        "language_code": order.language_code or None,
        "seed": order.seed,
        "previous_text": order.previous_text,
        "next_text": order.next_text,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def _transcription_fields(model: str, order: Transcribe) -> list[tuple[str, str]]:
    optional: dict[str, object] = {
        "language_code": order.language_code or None,
        "num_speakers": order.speaker_count,
        "diarization_threshold": order.diarization_threshold,
        "seed": order.seed,
        "file_format": order.input_format.value if order.input_format is InputFormat.PCM_S16LE_16 else None,
    }
    return [
        ("model_id", model),
        ("timestamps_granularity", "character" if order.wants_characters else "word"),
        ("tag_audio_events", _word(order.tags_events)),
        ("diarize", _word(order.is_diarized)),
        ("use_multi_channel", _word(order.is_multichannel)),
        ("no_verbatim", _word(order.drops_fillers)),
        ("temperature", f"{order.temperature:g}"),
        *((name, str(value)) for name, value in optional.items() if value is not None),
        *(("keyterms", term) for term in order.keyterms),
    ]


def _word(is_true: bool) -> str:
    return "true" if is_true else "false"


async def _pass_times(job: Job, answer: Answer, output_format: str) -> None:
    """Send audio with its character times on: one JSON object a line.

    raises: NoAnswerError for a line that is none, or an answer without audio
    """
    job.post(SpeechBegan(None))
    count = 0
    async for line in _lines(answer):
        part = parse_object(line)
        audio = _decoded(part.get("audio_base64"))
        if (times := _times(part)) is not None:
            job.post(times)
        count += len(audio)
        await job.send(KIND_AUDIO, audio)
    if not count:
        raise NoAnswerError
    job.post(SpeechEnded("", audio_ms(AUDIO_FORMATS[output_format], count), count))


async def _lines(answer: Answer) -> AsyncIterator[bytes]:
    rest = b""
    async for piece in answer.pieces():
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _LINE_BYTES_MAX:
            raise NoAnswerError
        for line in lines:
            if line.strip():
                yield line
    if rest.strip():
        yield rest


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(str(text or ""), validate=True)
    except binascii.Error:
        pass
    raise NoAnswerError


def _times(part: Any) -> AlignmentPart | None:
    plain, normalized = part.get("alignment"), part.get("normalized_alignment")
    if not isinstance(plain, dict) and not isinstance(normalized, dict):
        return None
    return AlignmentPart(*_three(plain), *_three(normalized))


def _three(alignment: Any) -> tuple[list[str], list[float], list[float]]:
    """Return characters, starts and ends of one alignment; empty where there is none.

    raises: NoAnswerError where the three do not fit each other
    """
    if not isinstance(alignment, dict):
        return [], [], []
    names = ("characters", "character_start_times_seconds", "character_end_times_seconds")
    characters, starts, ends = (alignment.get(name) for name in names)
    is_whole = all(isinstance(each, list) for each in (characters, starts, ends))
    if not is_whole or not len(characters) == len(starts) == len(ends):  # type: ignore[arg-type]  # lists, as checked
        raise NoAnswerError
    try:
        return [str(each) for each in characters], [float(each) for each in starts], [float(each) for each in ends]  # type: ignore[union-attr]  # as above
    except (TypeError, ValueError):
        pass
    raise NoAnswerError
