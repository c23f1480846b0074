"""`/v1/speech-to-text/realtime`.

The query holds content (keyterms): it is read here, given to the recogniser, and forgotten.
source: the wire contract, speech to text, section 4
"""

from __future__ import annotations

from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.languages import language_of
from echoless.core.models import MODEL_BY_ID, Model
from echoless.crossing.live_records import Listen
from echoless.volatile.gateway.engine_choice import engine_of, model_here
from echoless.volatile.gateway.listening_problems import listening_problem_for
from echoless.volatile.gateway.listening_sessions import ListeningPlan, ListeningSession
from echoless.volatile.gateway.routing import SocketRoute
from echoless.volatile.gateway.schemas.speech_to_text_sockets import ListeningQuery
from echoless.volatile.gateway.socket_calls import SocketCall
from echoless.volatile.speech.listening_flow import ErrorKind, ListeningError

_VAD: Final = "vad"
# Unlike at the sockets that speak, the first message is audio already and carries no credential.
_NO_CREDENTIAL: Final = "An API key is needed in the header xi-api-key, or a single-use token in the query."


async def realtime(call: SocketCall) -> None:
    """Write down live speech."""
    if call.ticket is None:
        raise EcholessError(ErrorCode.INVALID_API_KEY, _NO_CREDENTIAL)
    query = ListeningQuery.parse(call.query)
    call.query = ()
    name = query.unsupported()
    if name is not None:
        raise _invalid(f"This server does not offer what {name} asks for.", name)
    model = _model(query, call)
    languages = _languages(query, model)
    order = Listen(
        engine_model=engine_of(model.model_id, call.settings),
        language_code=languages[0],
        audio_format=query.format_name,
        commits_by_vad=query.commit_strategy == _VAD,
        silence_s=query.vad_silence_threshold_secs,
        vad_threshold=query.vad_threshold,
        speech_ms_min=query.min_speech_duration_ms,
        silence_ms_min=query.min_silence_duration_ms,
        drops_fillers=query.no_verbatim,
        keyterms=query.keyterms,
    )
    await ListeningSession(call, ListeningPlan(query, order, languages)).run()


def _model(query: ListeningQuery, call: SocketCall) -> Model:
    model_id = call.settings.model_aliases.get(query.model_id, query.model_id)
    model = MODEL_BY_ID.get(model_id)
    if model is None or not model.can_hear_live:
        raise _invalid("There is no model with this id that listens to live audio.", "model_id")
    return model_here(model, call.settings)


def _languages(query: ListeningQuery, model: Model) -> list[str]:
    """Return the language asked for, empty for none, then those of the others that the model knows.

    raises: ListeningError for one that is not installed
    """
    asked = language_of(query.language_code) if query.language_code else None
    if query.language_code and (asked is None or not model.speaks(asked.code)):
        raise _invalid("This language is not installed: language_code.", "language_code")
    others = [language_of(code) for code in query.secondary_languages]
    return [asked.code if asked else "", *(other.code for other in others if other and model.speaks(other.code))]


def _invalid(message: str, param: str) -> ListeningError:
    text = message if param in message else f"{message} ({param})"
    return ListeningError(ErrorKind.INVALID_REQUEST, ErrorCode.INVALID_PARAMETERS, text, param=param)


ROUTES: Final = (
    SocketRoute(
        "WS /v1/speech-to-text/realtime",
        realtime,
        "Write down live speech",
        ListeningQuery,
        problem_for=listening_problem_for,
    ),
)
