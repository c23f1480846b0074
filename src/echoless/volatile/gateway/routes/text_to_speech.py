"""`/v1/text-to-speech/{voice}` and its three variants.

source: the wire contract, text to speech, section 1
"""

from __future__ import annotations

from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import DEFAULT_MODEL_ID, MODEL_BY_ID, Model
from echoless.crossing.control import GatewayConfig
from echoless.crossing.query_records import CheckRequestIds
from echoless.crossing.records import KeepText, Normalization, Speak, VoiceGrant
from echoless.retention.stitching import Stitching, stitching_for
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.renderings import PlainAudio, StreamedTimestamps, WholeTimestamps
from echoless.volatile.gateway.routing import AUDIO_MEDIA_TYPES, STREAMED_MEDIA_TYPES, Route
from echoless.volatile.gateway.schemas.text_to_speech import SpeechBody, StreamedSpeechQuery, WholeSpeechQuery
from echoless.volatile.gateway.speaking import WINDOW_BYTES, SpeechOrder, speak_order

_NORMALIZER_OFF_LATENCY: Final = 4
_REQUEST_ID_MAX: Final = 65
_ERROR_IS_WANTED: Final = "error"


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
    model = _model(body.model_id, call.settings)
    _check_text(body.text, model, call.settings)
    _check_extras(body)
    await _check_request_ids(call, body, model)
    voice = call.grant.voice
    assert voice is not None
    return _assemble(body, query, model, voice, wants_alignment=wants_alignment)


def _assemble(
    body: SpeechBody, query: WholeSpeechQuery, model: Model, voice: VoiceGrant, *, wants_alignment: bool
) -> SpeechOrder:
    settings = dict(voice.settings)
    if body.voice_settings is not None:
        settings |= body.voice_settings.given()
    language_code = _language(body.language_code, model)
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


def _model(model_id: str | None, settings: GatewayConfig) -> Model:
    """Return the model, by id, by the operator's alias, or the operator's choice for unknown ones."""
    wanted = DEFAULT_MODEL_ID if model_id is None else settings.model_aliases.get(model_id, model_id)
    model = MODEL_BY_ID.get(wanted)
    if model is None and settings.unknown_model != _ERROR_IS_WANTED:
        model = MODEL_BY_ID.get(settings.unknown_model)
    if model is None:
        raise EcholessError(ErrorCode.MODEL_NOT_FOUND, "There is no model with this id.", param="model_id")
    return model


def _check_text(text: str, model: Model, settings: GatewayConfig) -> None:
    if not text.strip():
        raise UnprocessableError([FieldError(("body", "text"), "The text is empty.", "string_too_short")])
    limit = settings.character_limits.get(model.model_id, model.characters_max)
    if len(text) > limit:
        raise EcholessError(
            ErrorCode.MAX_CHARACTER_LIMIT_EXCEEDED,
            f"The text has {len(text)} characters; {model.model_id} takes at most {limit} in one request.",
            param="text",
        )


def _check_extras(body: SpeechBody) -> None:
    """Refuse what names things that this server does not have, instead of passing over it in silence."""
    if body.pronunciation_dictionary_locators:
        raise EcholessError(
            ErrorCode.NOT_FOUND,
            "There is no pronunciation dictionary with this id.",
            param="pronunciation_dictionary_locators",
        )
    effects = body.audio_effects
    if effects is None:
        return
    for name in ("filter_preset_id", "environment_id", "background_noise_id"):
        if getattr(effects, name):
            raise EcholessError(
                ErrorCode.NOT_FOUND, "There is no audio effect with this id.", param=f"audio_effects.{name}"
            )
    for name in ("distance", "pan"):
        if getattr(effects, name):
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS, "This server has no audio effects.", param=f"audio_effects.{name}"
            )


async def _check_request_ids(call: Call, body: SpeechBody, model: Model) -> None:
    """Check the ids of earlier requests: known to the vault, or ignored, or refused."""
    previous, following = body.previous_request_ids or [], body.next_request_ids or []
    if not previous and not following:
        return
    param = "previous_request_ids" if previous else "next_request_ids"
    rule = stitching_for(call.mode, call.switch)
    if rule is Stitching.REFUSED:
        raise EcholessError(
            ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
            "Requests with zero retention cannot be joined to others; nothing was kept.",
            param=param,
        )
    if rule is Stitching.CHECKED:
        if not model.can_stitch:
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS, f"{model.model_id} does not join requests.", param=param
            )
        await call.open_ticket.ask(CheckRequestIds(previous=_bounded(previous), next=_bounded(following)))


def _bounded(request_ids: list[str]) -> list[str]:
    """Cut ids to one character more than any real one has: what is longer stays unknown."""
    return [request_id[:_REQUEST_ID_MAX] for request_id in request_ids]


def _language(language_code: str | None, model: Model) -> str:
    """Return the language that has an effect: one that the model does not list is passed over, as upstream does."""
    code = (language_code or "").strip().lower()
    return code if code and model.honours_language_code and model.speaks(code) else ""


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
