"""A remote with OpenAI's speech API: synthesis and transcription.

What it makes exactly is asked for in its own words; formats that it does not lay down were refused at the gateway.
source: OpenAI API reference, audio: createSpeech, createTranscription
"""

from __future__ import annotations

import json
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Journal
from echoless.crossing.egress_control import RemoteAccess
from echoless.crossing.egress_records import RemoteConvert, RemoteSpeak, RemoteTranscribe
from echoless.crossing.media_records import InputFormat, Transcribe, TranscriptEnded, TranscriptPart
from echoless.crossing.moderation_records import Moderated, RemoteModerate
from echoless.volatile.egress.connections import Connections
from echoless.volatile.egress.foreign_transcripts import from_openai, records_of
from echoless.volatile.egress.jobs import Job
from echoless.volatile.egress.moderation import ANSWER_BYTES_MAX, flagged_of
from echoless.volatile.egress.remote_calls import DOCUMENT_BYTES_MAX, RemoteCalls, pass_audio, recording_of
from echoless.volatile.egress.upload_body import UploadBody

_SPEED_MIN: Final = 0.25
_SPEED_MAX: Final = 4.0
_PROMPT_CHARACTERS_MAX: Final = 800


class OpenAIRemote:
    """Speaks to one such server."""

    def __init__(self, access: RemoteAccess, connections: Connections, journal: Journal) -> None:
        headers = {"authorization": f"Bearer {access.api_key}"} if access.api_key else {}
        self._calls = RemoteCalls(access, connections, journal, headers)

    async def speak(self, job: Job, asked: RemoteSpeak) -> None:
        """Have a text spoken, to the last record."""
        order = asked.job
        job.open_window(order.window_bytes)
        speed = float(order.settings.get("speed", 1.0))
        body = {
            "model": self._calls.model(asked.model_id),
            "input": order.text,
            "voice": self._calls.voice(order.catalogue_id),
            "response_format": self._calls.format(order.output_format),
            "speed": min(_SPEED_MAX, max(_SPEED_MIN, speed)),
        }
        async with self._calls.ask(
            "POST", "/v1/audio/speech", content_type="application/json", body=json.dumps(body).encode()
        ) as answer:
            await pass_audio(job, answer, order.output_format)

    async def transcribe(self, job: Job, asked: RemoteTranscribe) -> None:
        """Have a recording written down, to the last record."""
        is_bare = asked.job.input_format is InputFormat.PCM_S16LE_16
        form = UploadBody(
            self._fields(asked.model_id, asked.job),
            "file",
            recording_of(job, asked.job.input_format, wants_head=True),
            ".wav" if is_bare else "",
        )
        async with self._calls.ask(
            "POST", "/v1/audio/transcriptions", content_type=form.content_type, body=aiter(form)
        ) as answer:
            heard = from_openai(await answer.whole(DOCUMENT_BYTES_MAX))
        for channel, words in enumerate(heard.channels):
            for portion in records_of(words):
                job.post(TranscriptPart(channel, portion))
        job.post(TranscriptEnded("", heard.audio_ms, 1, heard.language_code or asked.job.language_code, 1.0))

    async def convert(self, job: Job, asked: RemoteConvert) -> None:
        """Refuse: there is no such call.

        raises: EcholessError(INVALID_PARAMETERS)
        """
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This remote changes no voices.")

    async def moderate(self, job: Job, asked: RemoteModerate) -> None:
        """Have a text judged, to the last record."""
        body = {"model": asked.model_id, "input": asked.text}
        async with self._calls.ask(
            "POST", "/v1/moderations", content_type="application/json", body=json.dumps(body).encode()
        ) as answer:
            flagged = flagged_of(await answer.whole(ANSWER_BYTES_MAX))
        job.post(Moderated("", flagged))

    def _fields(self, model_id: str, order: Transcribe) -> list[tuple[str, str]]:
        fields = [
            ("model", self._calls.model(model_id)),
            ("response_format", "verbose_json"),
            ("timestamp_granularities[]", "word"),
            ("timestamp_granularities[]", "segment"),
            ("temperature", f"{order.temperature:g}"),
        ]
        if order.language_code:
            fields.append(("language", order.language_code))
        if order.keyterms:
            fields.append(("prompt", ", ".join(order.keyterms)[:_PROMPT_CHARACTERS_MAX]))
        return fields
