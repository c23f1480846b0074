"""`/v1/speech-to-text`: a recording becomes a transcript; kept transcripts are shown and deleted.

source: the wire contract, speech to text, sections 1 to 3; the address of a kept recording is ours
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.kept_records import DeleteTranscript
from echoless.crossing.media_records import Transcribe
from echoless.crossing.sinks import ZeroSink
from echoless.crossing.webhook_records import WebhookTarget
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.feeding import Recording
from echoless.volatile.gateway.kept_streams import (
    RECORDING_MEDIA_TYPES,
    send_transcript,
    send_transcript_recording,
)
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.speech_to_text import TranscriptionForm, TranscriptionQuery
from echoless.volatile.gateway.transcribing import FetchedRecording, keep, reserved_sink, transcribed
from echoless.volatile.gateway.transcript_delivery import answer_accepted, deliver, webhook_targets
from echoless.volatile.gateway.transcript_files import document_format, rendered, wire_file
from echoless.volatile.gateway.transcript_wire import PlacedWord, Transcript, combined, wire_transcript
from echoless.volatile.gateway.transcription_checks import (
    JSON_FIELDS,
    LIST_FIELDS,
    changes_job,
    check_fields,
    form_fields,
    hearing_model,
    invalid,
    job_for,
)
from echoless.volatile.gateway.uploads import Upload, said_before_file

_FILE: Final = "file"
_MODEL: Final = "model_id"
_FILE_BYTES_MAX: Final = 3 * 1024**3
_JSON: Final = b"application/json"
_TOKEN: Final = "token"  # noqa: S105  # a parameter's name
_DONE: Final = 200
_ACCEPTED: Final = 202


async def transcribe(call: Call) -> None:
    """Write down a recording, and answer or deliver the transcript."""
    TranscriptionQuery.parse(call.query)
    with Upload(call, _FILE, _FILE_BYTES_MAX, lists=LIST_FIELDS, texts=JSON_FIELDS) as upload:
        batch = await _Batch.read(call, upload)
        try:
            await batch.answer()
        except EcholessError:
            # What was only accepted so far did not end well.
            call.outcome.is_complete = False
            raise


class _Batch:
    """One recording with what is wanted of it. Fields that come after the file join the others."""

    def __init__(self, call: Call, upload: Upload, fields: TranscriptionForm) -> None:
        self._call = call
        self._upload = upload
        self._fields = fields
        self._targets: Sequence[WebhookTarget] = ()

    @classmethod
    async def read(cls, call: Call, upload: Upload) -> _Batch:
        """Read as much of the form as must be known before the job begins.

        raises: UnprocessableError, EcholessError, ClientLeftError
        """
        await upload.begin()
        if upload.has_file and not said_before_file(upload.form, {_MODEL}):
            await upload.hold(call.settings.held_bytes_max)
        if not upload.is_whole and _MODEL not in upload.form.texts:
            raise _late()
        return cls(call, upload, form_fields(call, upload.form))

    async def answer(self) -> None:
        """Recognise, then answer with the transcript or deliver it."""
        call, fields = self._call, self._fields
        check_fields(fields)
        model = hearing_model(fields.model_id, call.settings)
        param = self._source_name()
        if fields.webhook:
            self._targets = await webhook_targets(call, fields.webhook_id)
        sink = await reserved_sink(call, model.model_id)
        order = job_for(fields, model, call.settings)
        async with self._recording(param) as recording:
            transcript = await transcribed(
                call, recording, order, sink, model_id=model.model_id, param=param, on_whole=self._on_whole
            )
        body = await self._body(transcript, order)
        if not self._targets:
            await keep(call, sink, body, status=_DONE)
            await call.answer_bytes(body, _JSON)
            return
        await keep(call, sink, body, status=_ACCEPTED)
        if isinstance(sink, ZeroSink):
            sink.close(call.closing())
            call.is_ticket_closed = True
        await deliver(call, self._targets, body, self._fields.webhook_metadata, sink)

    def _source_name(self) -> str:
        """Return the field that the recording comes in.

        raises: EcholessError(INVALID_PARAMETERS) unless there is exactly one
        """
        fields = self._fields
        given = {_FILE: self._upload.has_file, "source_url": fields.source_url,
                 "cloud_storage_url": fields.cloud_storage_url}  # fmt: skip
        names = [name for name, value in given.items() if value]
        if len(names) != 1:
            raise invalid(_FILE, "Exactly one of file, source_url and cloud_storage_url is needed.")
        return names[0]

    @asynccontextmanager
    async def _recording(self, param: str) -> AsyncIterator[Recording]:
        """Open the recording: the upload, or what is fetched in its place."""
        url = self._fields.source_url or self._fields.cloud_storage_url
        if param == _FILE or url is None:
            yield self._upload
            return
        async with self._call.services.outbound.fetch(TextContent(url), param=param) as fetched:
            yield FetchedRecording(aiter(fetched))

    async def _on_whole(self) -> None:
        """Take what was said after the file; accept what will be delivered later."""
        fields = form_fields(self._call, self._upload.form)
        if changes_job(self._fields, fields):
            raise _late()
        check_fields(fields)
        self._fields = fields
        if self._targets:
            await answer_accepted(self._call)

    async def _body(self, transcript: Transcript, order: Transcribe) -> bytes:
        """Return the answer."""
        fields, item_id = self._fields, self._call.grant.history_item_id
        members: dict[str, Any] = {"audio_duration_secs": transcript.duration_s}
        if item_id:
            members["transcription_id"] = item_id
        if not order.is_multichannel:
            members |= await self._one(transcript, transcript.channels[0] if transcript.channels else (), None)
        elif fields.multichannel_output_style == "combined":
            members |= await self._one(transcript, combined(transcript.channels), None)
        else:
            members["transcripts"] = [
                await self._one(transcript, words, index) for index, words in enumerate(transcript.channels)
            ]
        return msgspec.json.encode(members)

    async def _one(
        self, transcript: Transcript, words: Sequence[PlacedWord], channel_index: int | None
    ) -> dict[str, Any]:
        """Return one transcript with its files."""
        fields = self._fields
        members = await wire_transcript(
            transcript, words, fields.timestamps_granularity, channel_index=channel_index
        )
        wanted = fields.additional_formats or ()
        if wanted:
            has_times = fields.timestamps_granularity != "none"
            formats = [document_format(one, is_diarized=fields.diarize, has_times=has_times) for one in wanted]
            files = await rendered(self._call, words, transcript.ended.language_code, formats)
            members["additional_formats"] = [
                wire_file(one.format, data) for one, data in zip(wanted, files, strict=True)
            ]
        return members


async def show_transcript(call: Call) -> None:
    """Answer with a kept transcript."""
    await send_transcript(call, call.path_id(0))


async def hear_transcript(call: Call) -> None:
    """Answer with the recording that a kept transcript was made from, as it was uploaded."""
    await send_transcript_recording(call, call.path_id(0))


async def delete_transcript(call: Call) -> None:
    """Delete a kept transcript with its recording, now and everywhere."""
    await call.open_ticket.ask(DeleteTranscript(call.path_id(0)))
    await call.answer({"status": "ok"})


def _late() -> EcholessError:
    return EcholessError(
        ErrorCode.FILE_TOO_LARGE, "The recording is too large to be held: send the fields before the file."
    )


_BASE: Final = "/v1/speech-to-text"
ROUTES: Final = (
    Route(
        f"POST {_BASE}", transcribe, "Write down a recording", query=TranscriptionQuery, form=TranscriptionForm,
        form_files=(_FILE,), upload_bytes_max=_FILE_BYTES_MAX, is_file_required=False, token_name=_TOKEN,
    ),
    Route(f"GET {_BASE}/transcripts/{{tr}}", show_transcript, "Show a kept transcript"),
    Route(f"DELETE {_BASE}/transcripts/{{tr}}", delete_transcript, "Delete a kept transcript"),
    Route(
        f"GET {_BASE}/transcripts/{{tr}}/input-audio", hear_transcript, "Hear the recording of a kept transcript",
        media_types=RECORDING_MEDIA_TYPES,
    ),
)  # fmt: skip
