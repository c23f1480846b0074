"""`/v1/audio/speech`, OpenAI's way to ask for speech: the same flow as text to speech, with the same switch.

source: OpenAI's API reference, create speech
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from echoless.core.audio_formats import AUDIO_FORMATS
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import DEFAULT_MODEL_ID
from echoless.crossing.dialogue_records import ResolveVoices, VoicesResolved
from echoless.crossing.records import KeepText, Normalization, Speak, VoiceGrant
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.engine_choice import engine_of
from echoless.volatile.gateway.form_values import check_stored
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.renderings import PlainAudio
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.audio import AudioQuery, AudioSpeechBody
from echoless.volatile.gateway.speaking import WINDOW_BYTES, SpeechOrder, speak_order
from echoless.volatile.gateway.speech_checks import characters_max, model_for, too_long

_MODELS: Final = MappingProxyType(
    {
        "tts-1": "eleven_flash_v2_5",
        "tts-1-hd": DEFAULT_MODEL_ID,
        "gpt-4o-mini-tts": "eleven_flash_v2_5",
    }
)
# Names of the dialect and voices of every server. The first ten as clients that speak both map them.
_VOICES: Final = MappingProxyType(
    {
        "alloy": "21m00Tcm4TlvDq8ikWAM",
        "amber": "5Q0t7uMcjvnagumLfvZi",
        "ash": "AZnzlk1XvdvUeBnXmlld",
        "august": "D38z5RcWu1voky8WS1ja",
        "blue": "2EiwWnXFnvU5JabPnv8n",
        "coral": "9BWtsMINqrJLrRacOk9x",
        "lily": "EXAVITQu4vr4xnSDxMaL",
        "onyx": "29vD33N1CtxCmqQRPOHJ",
        "sage": "CwhRBWXzGAHq8TQ4Fs17",
        "verse": "CYw3kZ02Hs0563khs1Fj",
        "ballad": "JBFqnCBsd6RMkjVDRZzb",
        "cedar": "nPczCjzI2devNBz1zQrb",
        "echo": "TX3LPaxmHKxFdv7VOQHJ",
        "fable": "IKne3meq5aSn9XLyUdCD",
        "marin": "cgSgspJ2msm6clMCkdW9",
        "nova": "FGY2WhTYpPnrIDTdsKH5",
        "shimmer": "XrExE9yKIg1WjnnlVkGX",
    }
)
_FORMATS: Final = MappingProxyType(
    {"mp3": "mp3_44100_128", "opus": "opus_48000_64", "wav": "wav_24000", "pcm": "pcm_24000"}
)
_MEDIA_TYPES: Final = ("audio/mpeg", "audio/ogg", "audio/wav", "audio/pcm")


async def speak(call: Call) -> None:
    """One audio file, sent as it is made."""
    query = AudioQuery.parse(call.query)
    body = await read_schema(call, AudioSpeechBody)
    check_stored(call, query.store, body.store)
    _check(body)
    model = model_for(_MODELS.get(body.model, body.model), DEFAULT_MODEL_ID, call.settings, param="model")
    limit = characters_max(model, call.settings)
    if len(body.input) > limit:
        raise too_long(len(body.input), model, limit, "input")
    voice = await _voice(call, body.voice if isinstance(body.voice, str) else body.voice.id)
    audio_format = AUDIO_FORMATS[_FORMATS[body.response_format]]
    settings = dict(voice.settings) | {"speed": body.speed}
    job = Speak(
        text=body.input,
        catalogue_id=voice.catalogue_id,
        language_code="",
        output_format=audio_format.name,
        settings=settings,
        seed=None,
        normalization=Normalization.AUTO,
        wants_alignment=False,
        window_bytes=WINDOW_BYTES,
        reads_tags=model.can_do_dialogue,
        engine_model=engine_of(model.model_id, call.settings),
    )
    kept = KeepText(text=body.input, settings=dict(settings))
    order = SpeechOrder(job, kept, model.model_id, audio_format, len(body.input))
    await speak_order(call, order, PlainAudio(audio_format))


def _check(body: AudioSpeechBody) -> None:
    """Refuse what cannot be done here instead of doing something else.

    raises: UnprocessableError, EcholessError(INVALID_PARAMETERS)
    """
    if not body.input.strip():
        raise UnprocessableError([FieldError(("body", "input"), "The text is empty.", "string_too_short")])
    if body.response_format not in _FORMATS:
        message = f"This server makes {', '.join(_FORMATS)}."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="response_format")
    if body.instructions:
        message = "No engine here follows instructions; leave them out, or put tags in brackets into the text."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="instructions")
    if body.stream_format != "audio":
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "Audio is streamed as it is.", param="stream_format")


async def _voice(call: Call, name: str) -> VoiceGrant:
    """Return a voice by the dialect's name or by its id.

    raises: EcholessError(VOICE_NOT_FOUND)
    """
    answer = await call.open_ticket.ask(ResolveVoices([_VOICES.get(name.lower(), name)]))
    assert isinstance(answer, VoicesResolved)
    voice = answer.voices[0]
    if voice is None:
        raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "There is no voice with this name or id.", param="voice")
    return voice


ROUTES: Final = (
    Route(
        "POST /v1/audio/speech", speak, "Speak a text, as OpenAI's API asks for it", query=AudioQuery,
        body=AudioSpeechBody, media_types=_MEDIA_TYPES,
    ),
)  # fmt: skip
