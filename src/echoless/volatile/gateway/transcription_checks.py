"""What speech to text checks in a form: what does not go together, and what no engine here can do.

What would change the result and cannot be done is refused with its name, and never passed over in silence.
source: the wire contract, speech to text, section 1
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.languages import language_of
from echoless.core.models import MODEL_BY_ID, Model
from echoless.crossing.control import GatewayConfig
from echoless.crossing.media_records import InputFormat, Transcribe
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.engine_choice import engine_of
from echoless.volatile.gateway.form_values import check_no_switch, json_value, words
from echoless.volatile.gateway.forms import Form
from echoless.volatile.gateway.schemas.speech_to_text import TranscriptionForm

LIST_FIELDS: Final = frozenset({"keyterms", "entity_detection", "entity_redaction", "secondary_language_codes"})
JSON_FIELDS: Final = frozenset({"additional_formats", "webhook_metadata"})
"""Fields that hold JSON; some clients give them a file name."""
# They change nothing in the job, so they may stand after a file that is being recognised already.
LATE_FIELDS: Final = frozenset({"additional_formats", "webhook_metadata", "multichannel_output_style"})
_DURATION_MS_MAX: Final = 10 * 3_600_000
_CHANNELS_DURATION_MS_MAX: Final = 3_600_000
_KEYTERM_CHARACTERS_MAX: Final = 50
_KEYTERM_WORDS_MAX: Final = 5
_KEYTERM_FORBIDDEN: Final = frozenset("<>{}[]\\")
_METADATA_BYTES_MAX: Final = 16 * 1024
_METADATA_LEVELS_MAX: Final = 2
# Fields that no engine here can follow, with what helps.
_NOT_HERE: Final = {
    "entity_detection": "No engine here finds entities; leave it out and look for them in the answer.",
    "entity_redaction": "No engine here redacts; leave it out and redact the answer.",
    "detect_speaker_roles": "No engine here tells roles; leave it out, diarize numbers the speakers.",
    "use_speaker_library": "This server has no library of speakers; leave it out, diarize numbers the speakers.",
    "transcript_edit": "No engine here edits transcripts; leave it out and edit the answer.",
    "numbers_format": "Numbers are written as the engine writes them; leave it out.",
    "secondary_language_codes": "One language is heard in a recording; leave it out, or leave out language_code.",
}


def form_fields(call: Call, form: Form) -> TranscriptionForm:
    """Return the fields that have come so far.

    raises: UnprocessableError
    """
    values: dict[str, Any] = dict(form.texts)
    for name in LIST_FIELDS:
        if found := words(form.lists.get(name, ())):
            values[name] = found
    for name in JSON_FIELDS & form.texts.keys():
        values[name] = json_value(name, form.texts[name])
    if isinstance(values.get("additional_formats"), dict):
        values["additional_formats"] = [values["additional_formats"]]
    # What the caller gets back unread may hold anything.
    check_no_switch(call, {name: value for name, value in values.items() if name != "webhook_metadata"})
    return TranscriptionForm.checked(values)


def changes_job(before: TranscriptionForm, after: TranscriptionForm) -> bool:
    """Whether fields that came later would have made another job."""
    return before.model_dump(exclude=set(LATE_FIELDS)) != after.model_dump(exclude=set(LATE_FIELDS))


def check_fields(fields: TranscriptionForm) -> None:
    """Refuse what does not go together or cannot be done here.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    for name, text in _NOT_HERE.items():
        if getattr(fields, name):
            raise invalid(name, text)
    if fields.no_verbatim and fields.model_id == "scribe_v1":
        raise invalid("no_verbatim", "scribe_v1 writes down everything; scribe_v2 can leave fillers out.")
    _check_speakers(fields)
    _check_channels(fields)
    _check_formats(fields)
    _check_keyterms(fields.keyterms or ())
    _check_webhook(fields)


def job_for(fields: TranscriptionForm, model: Model, settings: GatewayConfig) -> Transcribe:
    """Return the job of checked fields."""
    return Transcribe(
        engine_model=engine_of(model.model_id, settings),
        language_code=_language_code(fields.language_code or ""),
        input_format=InputFormat(fields.file_format),
        wants_characters=fields.timestamps_granularity == "character",
        is_diarized=fields.diarize,
        speaker_count=fields.num_speakers,
        diarization_threshold=fields.diarization_threshold,
        is_multichannel=fields.use_multi_channel,
        tags_events=fields.tag_audio_events,
        drops_fillers=fields.no_verbatim,
        keyterms=fields.keyterms or [],
        seed=fields.seed,
        temperature=fields.temperature,
        duration_ms_max=_CHANNELS_DURATION_MS_MAX if fields.use_multi_channel else _DURATION_MS_MAX,
    )


def _language_code(written: str) -> str:
    """Return the code of two letters; one that is not known here is the engine's to refuse."""
    language = language_of(written)
    return language.code if language is not None else written.replace("_", "-").partition("-")[0].lower()


def hearing_model(model_id: str, settings: GatewayConfig, *, param: str = "model_id") -> Model:
    """Return the model that hears recordings.

    param:  the field that names it

    raises: EcholessError(INVALID_MODEL_ID)
    """
    model = MODEL_BY_ID.get(settings.model_aliases.get(model_id, model_id))
    if model is None or not model.can_do_speech_to_text or model.can_hear_live:
        known = ", ".join(
            name for name, one in MODEL_BY_ID.items() if one.can_do_speech_to_text and not one.can_hear_live
        )
        raise EcholessError(
            ErrorCode.INVALID_MODEL_ID, f"This is no model for recordings; these are: {known}.", param=param
        )
    return model


def invalid(name: str, text: str) -> EcholessError:
    """Return the error of a field that cannot be as it is."""
    return EcholessError(ErrorCode.INVALID_PARAMETERS, text, param=name)


def _check_speakers(fields: TranscriptionForm) -> None:
    if fields.diarization_threshold is not None and (not fields.diarize or fields.num_speakers is not None):
        raise invalid("diarization_threshold", "It needs diarize, and cannot be with num_speakers.")
    if fields.diarize and fields.use_multi_channel:
        raise invalid("diarize", "It cannot be with use_multi_channel: there each channel is a speaker.")


def _check_channels(fields: TranscriptionForm) -> None:
    is_combined = fields.use_multi_channel and fields.multichannel_output_style == "combined"
    if is_combined and fields.timestamps_granularity == "none":
        raise invalid("multichannel_output_style", "Channels are combined by their times, and none were asked for.")


def _check_formats(fields: TranscriptionForm) -> None:
    for wanted in fields.additional_formats or ():
        if wanted.include_speakers and not fields.diarize:
            raise invalid("additional_formats", "Speakers in a file need diarize.")
        if wanted.include_timestamps and fields.timestamps_granularity == "none":
            raise invalid("additional_formats", "Times in a file need a timestamps_granularity other than none.")
        if wanted.max_characters_per_line is not None and wanted.format not in {"srt", "txt"}:
            raise invalid("additional_formats", "max_characters_per_line is for srt and txt.")


def _check_keyterms(terms: Sequence[str]) -> None:
    for term in terms:
        if len(term) > _KEYTERM_CHARACTERS_MAX or len(term.split()) > _KEYTERM_WORDS_MAX:
            raise invalid("keyterms", "A term has at most 50 characters and 5 words.")
        if _KEYTERM_FORBIDDEN & set(term):
            raise invalid("keyterms", "A term has none of < > { } [ ] \\.")


def _check_webhook(fields: TranscriptionForm) -> None:
    if fields.webhook_id is not None and not fields.webhook:
        raise invalid("webhook_id", "It needs webhook=true.")
    metadata = fields.webhook_metadata
    if metadata is None:
        return
    if len(msgspec.json.encode(metadata)) > _METADATA_BYTES_MAX or _levels(metadata) > _METADATA_LEVELS_MAX:
        raise invalid("webhook_metadata", "It has at most 16 KB and 2 levels.")


def _levels(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_levels, value.values()), default=0)
    if isinstance(value, list):
        return max(map(_levels, value), default=0)
    return 0
