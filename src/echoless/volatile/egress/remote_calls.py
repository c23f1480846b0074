"""What all kinds of remotes share: one call with its failures, and audio on its way back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, Protocol

from echoless.core.audio_formats import AUDIO_FORMATS, AudioFormat, Codec
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal
from echoless.crossing.egress_control import RemoteAccess
from echoless.crossing.egress_records import RemoteConvert, RemoteSpeak, RemoteTranscribe
from echoless.crossing.media_records import InputFormat, InputKnown, JobStarted
from echoless.crossing.moderation_records import RemoteModerate
from echoless.crossing.records import KIND_AUDIO, SpeechBegan, SpeechEnded
from echoless.volatile.egress.connections import Answer, Connections, NoAnswerError
from echoless.volatile.egress.jobs import INPUT_WINDOW_BYTES, Job
from echoless.volatile.egress.made_audio import audio_ms, is_as_asked
from echoless.volatile.egress.targets import parse_target
from echoless.volatile.egress.upload_body import wave_header

DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
_HEAD_BYTES: Final = 4096
_SAMPLE_RATE_HZ: Final = 16_000
_ERRORS: Final = {
    400: ErrorCode.INVALID_PARAMETERS,
    413: ErrorCode.INVALID_AUDIO,
    415: ErrorCode.INVALID_AUDIO,
    422: ErrorCode.INVALID_PARAMETERS,
    429: ErrorCode.CONCURRENT_LIMIT_EXCEEDED,
}


class RemoteAdapter(Protocol):
    """Speaks the language of one kind of remote."""

    async def speak(self, job: Job, asked: RemoteSpeak) -> None:
        """Have a text spoken, to the last record."""
        ...

    async def transcribe(self, job: Job, asked: RemoteTranscribe) -> None:
        """Have a recording written down, to the last record."""
        ...

    async def convert(self, job: Job, asked: RemoteConvert) -> None:
        """Have a recording said by another voice, to the last record."""
        ...

    async def moderate(self, job: Job, asked: RemoteModerate) -> None:
        """Have a text judged, to the last record."""
        ...


class RemoteCalls:
    """Calls to one remote. Its answers to failures may hold what was sent: they are never read."""

    def __init__(
        self, access: RemoteAccess, connections: Connections, journal: Journal, headers: Mapping[str, str]
    ) -> None:
        self._access = access
        self._connections = connections
        self._journal = journal
        self._headers = headers

    @asynccontextmanager
    async def ask(
        self,
        method: str,
        path: str,
        *,
        content_type: str = "",
        body: AsyncIterator[bytes] | bytes = b"",
    ) -> AsyncIterator[Answer]:
        """Send a request and enter the block with a good answer.

        raises: EcholessError with a code for the gateway; the journal says the status of a failure, nothing else
        """
        target = parse_target(self._access.url + path)
        headers = {**self._headers, **({"content-type": content_type} if content_type else {})}
        async with self._connections.ask(method, target, headers, body) as answer:
            if answer.status != 200:
                self._journal.say(Event.REMOTE_FAILED, name=self._access.name, http_status=answer.status)
                code = _ERRORS.get(answer.status, ErrorCode.ENGINE_UNAVAILABLE)
                raise EcholessError(code, f"The remote answers with status {answer.status}.")
            if answer.header("content-encoding").lower() not in {"", "identity"}:
                # Nobody asked for that, and a small answer could be anything unpacked.
                raise NoAnswerError
            yield answer

    def model(self, model_id: str) -> str:
        """Return the remote's name of a model."""
        return self._access.models.get(model_id, model_id)

    def voice(self, catalogue_id: str) -> str:
        """Return the remote's name of a voice."""
        return self._access.voices.get(catalogue_id, self._access.default_voice or catalogue_id)

    def format(self, output_format: str) -> str:
        """Return the remote's name of an output format."""
        return self._access.formats.get(output_format, output_format)


async def pass_audio(job: Job, answer: Answer, output_format: str) -> None:
    """Send audio on as it comes.

    raises: NoAnswerError for audio that is not what was asked for, or that breaks off
    """
    audio_format = AUDIO_FORMATS[output_format]
    is_length_true = audio_format.codec is Codec.WAV
    count = 0
    async for piece in checked_audio(answer.pieces(), audio_format):
        if not count:
            job.post(SpeechBegan(answer.content_bytes if is_length_true else None))
        count += len(piece)
        await job.send(KIND_AUDIO, piece)
    if not count:
        raise NoAnswerError
    job.post(SpeechEnded("", audio_ms(audio_format, count), count))


async def checked_audio(pieces: AsyncIterator[bytes], audio_format: AudioFormat) -> AsyncIterator[bytes]:
    """Yield audio once its beginning has shown that it is in the format.

    raises: NoAnswerError where it is not
    """
    head, is_known = b"", False
    async for piece in pieces:
        if is_known:
            yield piece
            continue
        head += piece
        is_known = is_as_asked(audio_format, head) if len(head) >= 4 else False
        if is_known:
            yield head
        elif len(head) >= _HEAD_BYTES:
            break
    if not is_known:
        raise NoAnswerError


async def recording_of(job: Job, input_format: InputFormat, *, wants_head: bool) -> AsyncIterator[bytes]:
    """Yield a client's recording as it comes, after telling the gateway to send it.

    wants_head: put the head of a WAVE file before bare samples
    """
    job.post(JobStarted(INPUT_WINDOW_BYTES))
    # What it is in is for the remote to find out.
    job.post(InputKnown("application/octet-stream"))
    if input_format is InputFormat.PCM_S16LE_16 and wants_head:
        yield wave_header(_SAMPLE_RATE_HZ)
    async for piece in job.inputs():
        yield piece
