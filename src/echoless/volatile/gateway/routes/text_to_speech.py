"""`/v1/text-to-speech/{voice}` and its three variants.

source: the wire contract, text to speech, section 1
"""

from __future__ import annotations

from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.models import DEFAULT_MODEL_ID, Model
from echoless.crossing.records import KeepText, Normalization, PronunciationRule, Speak, VoiceGrant
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.engine_choice import engine_of
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.renderings import PlainAudio, StreamedTimestamps, WholeTimestamps
from echoless.volatile.gateway.routing import AUDIO_MEDIA_TYPES, STREAMED_MEDIA_TYPES, Route
from echoless.volatile.gateway.schemas.text_to_speech import SpeechBody, StreamedSpeechQuery, WholeSpeechQuery
from echoless.volatile.gateway.speaking import WINDOW_BYTES, SpeechOrder, speak_order
from echoless.volatile.gateway.speech_checks import (
    characters_max,
    check_effects,
    check_request_ids,
    honoured_language,
    model_for,
    rules_for,
    too_long,
)

_NORMALIZER_OFF_LATENCY: Final = 4


async def speak(call: Call) -> None:
    """One audio file."""
    order = await _order(call, WholeSpeechQuery, wants_alignment=False)
    await speak_order(call, order, PlainAudio(order.audio_format))


async def stream(call: Call) -> None:
    """Audio as it is made."""
    order = await _order(call, StreamedSpeechQuery, wants_alignment=False)
    await speak_order(call, order, PlainAudio(order.audio_format))


async def speak_with_timestamps(call: Call) -> None:
    """One JSON object with audio and character times."""
    order = await _order(call, WholeSpeechQuery, wants_alignment=True)
    await speak_order(call, order, WholeTimestamps())


async def stream_with_timestamps(call: Call) -> None:
    """One JSON object a line, as audio is made."""
    order = await _order(call, StreamedSpeechQuery, wants_alignment=True)
    await speak_order(call, order, StreamedTimestamps())


async def _order(call: Call, schema: type[WholeSpeechQuery], *, wants_alignment: bool) -> SpeechOrder:
    """Read and check what is wanted: the query first, since it needs no body."""
    query = schema.parse(call.query)
    body = await read_schema(call, SpeechBody)
    model = model_for(body.model_id, DEFAULT_MODEL_ID, call.settings)
    limit = characters_max(model, call.settings)
    _check_text(body.text, model, limit)
    check_effects(body.audio_effects)
    await check_request_ids(
        call, body.previous_request_ids or (), body.next_request_ids or (),
        model_id=model.model_id, can_stitch=model.can_stitch,
    )  # fmt: skip
    rules = await rules_for(call, body.pronunciation_dictionary_locators, (body.text,), model, limit)
    voice = call.grant.voice
    assert voice is not None
    engine_model = engine_of(model.model_id, call.settings)
    return _assemble(body, query, model, voice, rules, engine_model=engine_model, wants_alignment=wants_alignment)


def _assemble(
    body: SpeechBody,
    query: WholeSpeechQuery,
    model: Model,
    voice: VoiceGrant,
    rules: list[PronunciationRule],
    *,
    engine_model: str,
    wants_alignment: bool,
) -> SpeechOrder:
    settings = dict(voice.settings)
    if body.voice_settings is not None:
        settings |= body.voice_settings.given()
    language_code = honoured_language(body.language_code, model)
    job = Speak(
        text=body.text,
        catalogue_id=voice.catalogue_id,
        language_code=language_code,
        output_format=query.output_format,
        settings=settings,
        seed=body.seed,
        normalization=_normalization(body, query),
        wants_alignment=wants_alignment,
        window_bytes=WINDOW_BYTES,
        previous_text=body.previous_text,
        next_text=body.next_text,
        rules=rules,
        reads_tags=model.can_do_dialogue,
        engine_model=engine_model,
    )
    kept = KeepText(
        text=body.text,
        settings=dict(settings),
        seed=body.seed,
        language_code=language_code or None,
        previous_text=body.previous_text,
        next_text=body.next_text,
    )
    return SpeechOrder(job, kept, model.model_id, AUDIO_FORMATS[query.output_format], len(body.text))


def _check_text(text: str, model: Model, limit: int) -> None:
    if not text.strip():
        raise UnprocessableError([FieldError(("body", "text"), "The text is empty.", "string_too_short")])
    if len(text) > limit:
        raise too_long(len(text), model, limit, "text")


def _normalization(body: SpeechBody, query: WholeSpeechQuery) -> Normalization:
    asked = Normalization(body.apply_text_normalization or "auto")
    if query.optimize_streaming_latency == _NORMALIZER_OFF_LATENCY and asked is not Normalization.ON:
        return Normalization.OFF
    return asked


def _route(suffix: str, summary: str, *, is_streamed: bool, is_json: bool) -> Route:
    handlers = {
        "": speak,
        "/stream": stream,
        "/with-timestamps": speak_with_timestamps,
        "/stream/with-timestamps": stream_with_timestamps,
    }
    media_types = STREAMED_MEDIA_TYPES if is_streamed else AUDIO_MEDIA_TYPES
    return Route(
        f"POST /v1/text-to-speech/{{voice}}{suffix}",
        handlers[suffix],
        summary,
        query=StreamedSpeechQuery if is_streamed else WholeSpeechQuery,
        body=SpeechBody,
        media_types=("application/json",) if is_json else media_types,
        needs_voice=True,
    )


ROUTES: Final = (
    _route("", "Speak a text", is_streamed=False, is_json=False),
    _route("/stream", "Speak a text, streamed", is_streamed=True, is_json=False),
    _route("/with-timestamps", "Speak a text, with character times", is_streamed=False, is_json=True),
    _route(
        "/stream/with-timestamps", "Speak a text, streamed with character times", is_streamed=True, is_json=True
    ),
)
