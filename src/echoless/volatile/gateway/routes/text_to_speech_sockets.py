"""`/v1/text-to-speech/{voice}/stream-input` and `/multi-stream-input`.

source: the wire contract, text to speech, sections 2 and 3
"""

from __future__ import annotations

from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import DEFAULT_MODEL_ID, Model
from echoless.crossing.records import Normalization, PronunciationRule
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.engine_choice import engine_of
from echoless.volatile.gateway.routing import SocketRoute
from echoless.volatile.gateway.schemas.text_to_speech_sockets import SpeechSocketQuery
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_sessions import SocketPlan, SpeechSession
from echoless.volatile.gateway.speaking import WINDOW_BYTES
from echoless.volatile.gateway.speech_checks import characters_max, honoured_language, model_for
from echoless.volatile.speech.generation_buffer import BufferRules
from echoless.volatile.speech.socket_flow import ContextsFlow, SocketFlow, StreamFlow, VoiceSettings

_NORMALIZER_OFF_LATENCY: Final = 4


async def stream_input(call: SocketCall) -> None:
    """One stream of text, spoken as it comes."""
    await _serve(call, has_contexts=False)


async def multi_stream_input(call: SocketCall) -> None:
    """Up to five streams of text side by side."""
    await _serve(call, has_contexts=True)


async def _serve(call: SocketCall, *, has_contexts: bool) -> None:
    query = SpeechSocketQuery.parse(call.query)
    call.query = ()
    model = model_for(query.model_id, DEFAULT_MODEL_ID, call.settings)
    if not model.can_stream_input:
        raise EcholessError(ErrorCode.MODEL_NOT_SUPPORTED, f"{model.model_id} does not take text from a socket.")
    rules = BufferRules(
        is_auto=query.auto_mode,
        parses_markup=query.enable_ssml_parsing,
        characters_max=characters_max(model, call.settings),
        reads_tags=model.can_do_dialogue,
    )
    now_s = call.services.clock.monotonic_s()
    flow: SocketFlow = (ContextsFlow if has_contexts else StreamFlow)(rules, float(query.inactivity_timeout), now_s)

    def job(settings: VoiceSettings, pronunciation: list[PronunciationRule]) -> SpeakOn:
        return _job(call, query, model, settings, pronunciation)

    plan = SocketPlan(flow, job, model, has_contexts=has_contexts)
    await SpeechSession(call, plan).run()


def _job(
    call: SocketCall,
    query: SpeechSocketQuery,
    model: Model,
    settings: VoiceSettings,
    pronunciation: list[PronunciationRule],
) -> SpeakOn:
    voice = call.grant.voice
    assert voice is not None, "admission has looked for it"
    asked = Normalization(query.apply_text_normalization)
    if query.optimize_streaming_latency == _NORMALIZER_OFF_LATENCY and asked is not Normalization.ON:
        asked = Normalization.OFF
    return SpeakOn(
        catalogue_id=voice.catalogue_id,
        language_code=honoured_language(query.language_code, model),
        output_format=query.output_format,
        settings={**voice.settings, **settings},
        seed=query.seed,
        normalization=asked,
        is_alignment_first=query.sync_alignment,
        parses_markup=query.enable_ssml_parsing,
        window_bytes=WINDOW_BYTES,
        rules=pronunciation,
        engine_model=engine_of(model.model_id, call.settings),
        reads_tags=model.can_do_dialogue,
    )


def _route(suffix: str, summary: str) -> SocketRoute:
    handlers = {"stream-input": stream_input, "multi-stream-input": multi_stream_input}
    return SocketRoute(
        f"WS /v1/text-to-speech/{{voice}}/{suffix}", handlers[suffix], summary, SpeechSocketQuery, needs_voice=True
    )


ROUTES: Final = (
    _route("stream-input", "Speak a text as it is written"),
    _route("multi-stream-input", "Speak up to five texts as they are written"),
)
