"""`/v1/text-to-dialogue` and its three variants: several voices in one generation.

source: the wire contract, text to dialogue, section 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import Model
from echoless.crossing.dialogue_records import (
    VOICES_MAX,
    DialogueSpeak,
    DialogueTurn,
    ResolveVoices,
    VoicesResolved,
)
from echoless.crossing.records import DialogueLine, KeepText, Normalization, VoiceGrant
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.engine_choice import engine_of
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.renderings import PlainAudio, StreamedTimestamps, WholeTimestamps
from echoless.volatile.gateway.routing import AUDIO_MEDIA_TYPES, STREAMED_MEDIA_TYPES, Handler, Route
from echoless.volatile.gateway.schemas.text_to_dialogue import (
    DialogueBody,
    StreamedDialogueQuery,
    WholeDialogueQuery,
)
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

_DEFAULT_MODEL_ID: Final = "eleven_v3"


@dataclass(frozen=True, slots=True)
class _Dialogue:
    """A dialogue that may be spoken, and the voices of its turns."""

    order: SpeechOrder
    voice_ids: tuple[str, ...]


async def speak(call: Call) -> None:
    """One audio file."""
    order = (await _dialogue(call, WholeDialogueQuery, wants_times=False)).order
    await speak_order(call, order, PlainAudio(order.audio_format))


async def stream(call: Call) -> None:
    """Audio as it is made."""
    order = (await _dialogue(call, StreamedDialogueQuery, wants_times=False)).order
    await speak_order(call, order, PlainAudio(order.audio_format))


async def speak_with_timestamps(call: Call) -> None:
    """One JSON object with audio, character times and voice segments."""
    dialogue = await _dialogue(call, WholeDialogueQuery, wants_times=True)
    await speak_order(call, dialogue.order, WholeTimestamps(dialogue.voice_ids))


async def stream_with_timestamps(call: Call) -> None:
    """One JSON object a line, as audio is made."""
    dialogue = await _dialogue(call, StreamedDialogueQuery, wants_times=True)
    await speak_order(call, dialogue.order, StreamedTimestamps(dialogue.voice_ids))


async def _dialogue(call: Call, schema: type[WholeDialogueQuery], *, wants_times: bool) -> _Dialogue:
    """Read and check what is wanted: the query first, since it needs no body."""
    query = schema.parse(call.query)
    body = await read_schema(call, DialogueBody)
    model = _model(body, call)
    limit = characters_max(model, call.settings)
    count = _checked_length(body, model, limit)
    check_effects(body.audio_effects)
    # Dialogues can be joined whatever the model: their stitching is the product's, not the model's.
    await check_request_ids(
        call, body.previous_request_ids or (), body.next_request_ids or (),
        model_id=model.model_id, can_stitch=True,
    )  # fmt: skip
    voices = await _voices(call, body)
    texts = [line.text for line in body.inputs]
    rules = await rules_for(call, body.pronunciation_dictionary_locators, texts, model, limit)
    given = body.settings.given() if body.settings is not None else {}
    language_code = honoured_language(body.language_code, model)
    job = DialogueSpeak(
        turns=[
            DialogueTurn(line.text, voices[line.voice_id].catalogue_id, voices[line.voice_id].settings | given)
            for line in body.inputs
        ],
        language_code=language_code,
        output_format=query.output_format,
        seed=body.seed,
        normalization=Normalization(body.apply_text_normalization or "auto"),
        wants_alignment=wants_times,
        window_bytes=WINDOW_BYTES,
        rules=rules,
        engine_model=engine_of(model.model_id, call.settings),
    )
    order = SpeechOrder(
        job, _kept(body, voices, language_code), model.model_id, AUDIO_FORMATS[query.output_format], count
    )
    return _Dialogue(order, tuple(line.voice_id for line in body.inputs))


def _kept(body: DialogueBody, voices: dict[str, VoiceGrant], language_code: str) -> KeepText:
    return KeepText(
        text="",
        settings=dict(body.settings.given()) if body.settings is not None else {},
        seed=body.seed,
        language_code=language_code or None,
        previous_text=body.previous_text,
        next_text=body.future_text,
        dialogue=[DialogueLine(line.text, line.voice_id, voices[line.voice_id].name) for line in body.inputs],
    )


def _model(body: DialogueBody, call: Call) -> Model:
    model = model_for(body.model_id, _DEFAULT_MODEL_ID, call.settings)
    if not model.can_do_dialogue:
        message = f"{model.model_id} speaks one voice only; dialogues need another model."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="model_id")
    return model


def _checked_length(body: DialogueBody, model: Model, limit: int) -> int:
    """Return the characters of all inputs.

    raises: UnprocessableError for an input without text, EcholessError(MAX_CHARACTER_LIMIT_EXCEEDED)
    """
    empty = [
        FieldError(("body", "inputs", index, "text"), "The text is empty.", "string_too_short")
        for index, line in enumerate(body.inputs)
        if not line.text.strip()
    ]
    if empty:
        raise UnprocessableError(empty[:32])
    count = sum(len(line.text) for line in body.inputs)
    if count > limit:
        raise too_long(count, model, limit, "inputs")
    return count


async def _voices(call: Call, body: DialogueBody) -> dict[str, VoiceGrant]:
    """Return the voices by the ids that the body uses.

    raises: EcholessError(INVALID_PARAMETERS) for more than ten, EcholessError(VOICE_NOT_FOUND)
    """
    wanted = list(dict.fromkeys(line.voice_id for line in body.inputs))
    if len(wanted) > VOICES_MAX:
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS,
            f"The dialogue has {len(wanted)} voices; at most {VOICES_MAX} can take part.",
            param="inputs",
        )
    answer = await call.open_ticket.ask(ResolveVoices(wanted))
    assert isinstance(answer, VoicesResolved)
    voices: dict[str, VoiceGrant] = {}
    for voice_id, voice in zip(wanted, answer.voices, strict=True):
        if voice is None:
            index = next(index for index, line in enumerate(body.inputs) if line.voice_id == voice_id)
            raise EcholessError(
                ErrorCode.VOICE_NOT_FOUND, "There is no voice with this id.", param=f"inputs.{index}.voice_id"
            )
        voices[voice_id] = voice
    return voices


def _route(suffix: str, handler: Handler, summary: str, *, is_streamed: bool, is_json: bool) -> Route:
    media_types = STREAMED_MEDIA_TYPES if is_streamed else AUDIO_MEDIA_TYPES
    return Route(
        f"POST /v1/text-to-dialogue{suffix}",
        handler,
        summary,
        query=StreamedDialogueQuery if is_streamed else WholeDialogueQuery,
        body=DialogueBody,
        media_types=("application/json",) if is_json else media_types,
    )


ROUTES: Final = (
    _route("", speak, "Speak a dialogue", is_streamed=False, is_json=False),
    _route("/stream", stream, "Speak a dialogue, streamed", is_streamed=True, is_json=False),
    _route(
        "/with-timestamps", speak_with_timestamps, "Speak a dialogue, with times of characters and voices",
        is_streamed=False, is_json=True,
    ),
    _route(
        "/stream/with-timestamps", stream_with_timestamps,
        "Speak a dialogue, streamed with times of characters and voices", is_streamed=True, is_json=True,
    ),
)  # fmt: skip
