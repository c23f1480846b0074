"""`/v1/audio/transcriptions`, OpenAI's way to have a recording written down: the same flow as speech to text.

What is kept of a default request is kept in our own shape; the header `x-echoless-transcription-id` names it.
source: OpenAI's API reference, create transcription
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.languages import LANGUAGE_BY_CODE
from echoless.volatile.gateway.calls import Call, Header
from echoless.volatile.gateway.form_values import check_no_switch, check_stored
from echoless.volatile.gateway.forms import Form
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.audio import AudioQuery, AudioTranscriptionForm
from echoless.volatile.gateway.schemas.speech_to_text import TranscriptionForm
from echoless.volatile.gateway.transcribing import keep, reserved_sink, transcribed
from echoless.volatile.gateway.transcript_files import rendered, subtitle_format
from echoless.volatile.gateway.transcript_segments import wire_segments, wire_words
from echoless.volatile.gateway.transcript_wire import PlacedWord, Transcript, text_of, wire_transcript
from echoless.volatile.gateway.transcription_checks import hearing_model, invalid, job_for
from echoless.volatile.gateway.uploads import Upload, said_before_file

_FILE: Final = "file"
_MODEL: Final = "model"
_FILE_BYTES_MAX: Final = 1024**3
_GRANULARITIES: Final = "timestamp_granularities"
_MODELS: Final = MappingProxyType(
    dict.fromkeys(("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"), "scribe_v2")
)
_JSON: Final = b"application/json"
_TEXT: Final = b"text/plain; charset=utf-8"
_SUBTITLES: Final = MappingProxyType({"srt": b"application/x-subrip", "vtt": b"text/vtt"})
_WORD: Final = "word"


async def transcribe(call: Call) -> None:
    """Write down a recording."""
    check_stored(call, AudioQuery.parse(call.query).store)
    with Upload(call, _FILE, _FILE_BYTES_MAX, lists={_GRANULARITIES, f"{_GRANULARITIES}[]"}) as upload:
        await _transcribe_upload(call, upload)


async def _transcribe_upload(call: Call, upload: Upload) -> None:
    await upload.begin()
    if not said_before_file(upload.form, {_MODEL}):
        await upload.hold(call.settings.held_bytes_max)
    fields = _fields(call, upload.form)
    if not upload.has_file:
        raise UnprocessableError([FieldError(("body", _FILE), "Field required", "missing")])
    _check(fields)

    async def check_rest() -> None:
        if _fields(call, upload.form) != fields:
            message = "The recording is too large to be held: send the fields before the file."
            raise EcholessError(ErrorCode.FILE_TOO_LARGE, message)

    model = hearing_model(_MODELS.get(fields.model, fields.model), call.settings, param=_MODEL)
    same = TranscriptionForm.model_validate(
        {"model_id": model.model_id, "language_code": fields.language, "temperature": fields.temperature}
    )
    sink = await reserved_sink(call, model.model_id)
    transcript = await transcribed(
        call, upload, job_for(same, model, call.settings), sink,
        model_id=model.model_id, param=_FILE, on_whole=check_rest, language_param="language",
    )  # fmt: skip
    words = transcript.channels[0] if transcript.channels else ()
    body, content_type = await _body(call, fields, transcript, list(words))
    members = await wire_transcript(transcript, words, _WORD)
    item_id = call.grant.history_item_id
    kept = {"audio_duration_secs": transcript.duration_s, "transcription_id": item_id} | members
    await keep(call, sink, msgspec.json.encode(kept), status=200)
    more: list[Header] = [(b"x-echoless-transcription-id", item_id.encode("ascii"))] if item_id else []
    await call.answer_bytes(body, content_type, more=more)


def _fields(call: Call, form: Form) -> AudioTranscriptionForm:
    """Return the fields that have come so far.

    raises: UnprocessableError
    """
    values: dict[str, Any] = dict(form.texts)
    granularities = [word for name in (_GRANULARITIES, f"{_GRANULARITIES}[]") for word in form.lists.get(name, ())]
    if granularities:
        values[_GRANULARITIES] = granularities
    check_no_switch(call, values)
    fields = AudioTranscriptionForm.checked(values)
    check_stored(call, fields.store)
    return fields


def _check(fields: AudioTranscriptionForm) -> None:
    """Refuse what cannot be done here instead of doing something else.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    if fields.prompt:
        raise invalid("prompt", "No engine here follows prompts; speech to text takes keyterms.")
    if fields.stream:
        raise invalid("stream", "The answer comes whole; a socket of speech to text has partial transcripts.")
    if fields.response_format == "diarized_json":
        raise invalid("response_format", "Speakers are told apart by speech to text with diarize.")
    if fields.timestamp_granularities and fields.response_format != "verbose_json":
        raise invalid(_GRANULARITIES, "Times need the response_format verbose_json.")


async def _body(
    call: Call, fields: AudioTranscriptionForm, transcript: Transcript, words: list[PlacedWord]
) -> tuple[bytes, bytes]:
    """Return the answer and its media type."""
    text = text_of(words)
    if fields.response_format == "text":
        return text.encode() + b"\n", _TEXT
    if fields.response_format in _SUBTITLES:
        formats = [subtitle_format(fields.response_format)]
        [file] = await rendered(call, words, transcript.ended.language_code, formats)
        return file, _SUBTITLES[fields.response_format]
    if fields.response_format == "json":
        usage = {"type": "duration", "seconds": round(transcript.duration_s)}
        return msgspec.json.encode({"text": text, "usage": usage}), _JSON
    wanted = fields.timestamp_granularities or ["segment"]
    language = LANGUAGE_BY_CODE.get(transcript.ended.language_code)
    members: dict[str, Any] = {
        "task": "transcribe",
        "language": language.name.lower() if language is not None else transcript.ended.language_code,
        "duration": transcript.duration_s,
        "text": text,
    }
    if _WORD in wanted:
        members["words"] = wire_words(words)
    if "segment" in wanted:
        members["segments"] = wire_segments(words, fields.temperature)
    return msgspec.json.encode(members), _JSON


ROUTES: Final = (
    Route(
        "POST /v1/audio/transcriptions", transcribe, "Write down a recording, as OpenAI's API asks for it",
        query=AudioQuery, form=AudioTranscriptionForm, form_files=(_FILE,), upload_bytes_max=_FILE_BYTES_MAX,
        media_types=("application/json", "text/plain", *(kind.decode() for kind in _SUBTITLES.values())),
    ),
)  # fmt: skip
