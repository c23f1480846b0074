"""`/v1/text-to-dialogue/stream-input` and `/multi-stream-input`.

source: the wire contract, text to dialogue, section 2
"""

from __future__ import annotations

from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import Model
from echoless.crossing.dialogue_records import VOICES_MAX
from echoless.crossing.records import Normalization, PronunciationRule, VoiceGrant
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.dialogue_sessions import DialoguePlan, DialogueSession
from echoless.volatile.gateway.engine_choice import engine_of
from echoless.volatile.gateway.routing import SocketRoute
from echoless.volatile.gateway.schemas.text_to_dialogue_sockets import DialogueSocketQuery
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.gateway.socket_problems import dialogue_problem_for
from echoless.volatile.gateway.speaking import WINDOW_BYTES
from echoless.volatile.gateway.speech_checks import characters_max, honoured_language, model_for
from echoless.volatile.speech.dialogue_flow import DialogueFlow, DialogueRules

_DEFAULT_MODEL_ID: Final = "eleven_v3_conversational"
# These speak as one person; the others as up to ten.
_ONE_VOICE: Final = frozenset({_DEFAULT_MODEL_ID, "eleven_v4_turbo"})


async def stream_input(call: SocketCall) -> None:
    """One dialogue, spoken as it is written."""
    await _serve(call, has_contexts=False)


async def multi_stream_input(call: SocketCall) -> None:
    """Up to five dialogues side by side."""
    await _serve(call, has_contexts=True)


async def _serve(call: SocketCall, *, has_contexts: bool) -> None:
    query = DialogueSocketQuery.parse(call.query)
    call.query = ()
    model = _model(query.model_id, call)
    rules = DialogueRules(
        voices_max=1 if model.model_id in _ONE_VOICE else VOICES_MAX,
        characters_max=characters_max(model, call.settings),
        has_contexts=has_contexts,
    )
    flow = DialogueFlow(rules, call.services.clock.monotonic_s())

    def job(voice: VoiceGrant, pronunciation: list[PronunciationRule]) -> SpeakOn:
        return _job(call, query, model, voice, pronunciation)

    plan = DialoguePlan(flow, job, model, has_contexts=has_contexts, shows_times=query.sync_alignment)
    await DialogueSession(call, plan).run()


def _model(model_id: str | None, call: SocketCall) -> Model:
    model = model_for(model_id, _DEFAULT_MODEL_ID, call.settings)
    if not model.can_do_dialogue:
        raise EcholessError(
            ErrorCode.INVALID_MESSAGE, f"{model.model_id} does not speak dialogues.", param="model_id"
        )
    return model


def _job(
    call: SocketCall,
    query: DialogueSocketQuery,
    model: Model,
    voice: VoiceGrant,
    pronunciation: list[PronunciationRule],
) -> SpeakOn:
    return SpeakOn(
        catalogue_id=voice.catalogue_id,
        language_code=honoured_language(query.language_code, model),
        output_format=query.output_format,
        settings={},
        seed=query.seed,
        normalization=Normalization(query.apply_text_normalization or "auto"),
        is_alignment_first=True,
        parses_markup=False,
        window_bytes=WINDOW_BYTES,
        rules=pronunciation,
        engine_model=engine_of(model.model_id, call.settings),
        reads_tags=True,
        is_dialogue=True,
    )


def _route(suffix: str, summary: str) -> SocketRoute:
    handlers = {"stream-input": stream_input, "multi-stream-input": multi_stream_input}
    return SocketRoute(
        f"WS /v1/text-to-dialogue/{suffix}", handlers[suffix], summary, DialogueSocketQuery,
        problem_for=dialogue_problem_for,
    )  # fmt: skip


ROUTES: Final = (
    _route("stream-input", "Speak a dialogue as it is written"),
    _route("multi-stream-input", "Speak up to five dialogues as they are written"),
)
