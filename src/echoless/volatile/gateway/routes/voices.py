"""`/v1/voices` and `/v2/voices`: the voices of a workspace, their settings, and how they sound.

source: the wire contract, history, voices, models and user, section 2; the preview's address is ours
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from echoless.core.audio_formats import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.models import MODELS
from echoless.core.voices import VOICE_BY_ID, CatalogueVoice
from echoless.crossing.query_records import EditVoiceSettings, GetVoice, ListVoices, VoiceList, VoiceView
from echoless.crossing.records import Normalization, Speak
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.problems import FieldError, UnprocessableError
from echoless.volatile.gateway.renderings import PlainAudio
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.voices import StoredVoiceSettings, VoiceSearchQuery, VoicesQuery
from echoless.volatile.gateway.speaking import WINDOW_BYTES, speak_preview

DEFAULT_SETTINGS: Final[dict[str, float | bool]] = {
    "stability": 0.5,
    "similarity_boost": 0.75,
    "style": 0.0,
    "use_speaker_boost": True,
    "speed": 1.0,
}
_DEFAULT_TYPES: Final = {None, "default", "non-community"}
_PREVIEWS_MAX: Final = 4
_OK: Final = {"status": "ok"}


async def list_voices(call: Call) -> None:
    """List all voices."""
    VoicesQuery.parse(call.query)
    await call.answer({"voices": [_wire(call, view) for view in await _views(call)]})


async def search_voices(call: Call) -> None:
    """List voices by page, filtered and sorted."""
    query = VoiceSearchQuery.parse(call.query)
    start = _position(query.next_page_token)
    matches = _matcher(query)
    found = [view for view in await _views(call) if matches(view, VOICE_BY_ID[view.catalogue_id])]
    if query.sort == "name":
        found.sort(key=lambda view: VOICE_BY_ID[view.catalogue_id].name)
    if query.sort_direction == "desc":
        found.reverse()
    end = start + query.page_size
    has_more = end < len(found)
    await call.answer(
        {
            "voices": [_wire(call, view) for view in found[start:end]],
            "has_more": has_more,
            "total_count": len(found) if query.include_total_count else 0,
            "next_page_token": f"p{end}" if has_more else None,
        }
    )


async def show_voice(call: Call) -> None:
    """Show one voice."""
    await call.answer(_wire(call, await _view(call)))


async def show_settings(call: Call) -> None:
    """Show the stored settings of a voice."""
    await call.answer(DEFAULT_SETTINGS | (await _view(call)).settings)


async def show_default_settings(call: Call) -> None:
    """Show the settings that a voice has when nobody stored others."""
    await call.answer(DEFAULT_SETTINGS)


async def edit_settings(call: Call) -> None:
    """Store settings of a voice for the workspace."""
    body = await read_schema(call, StoredVoiceSettings)
    view = await _view(call)
    await call.open_ticket.ask(
        EditVoiceSettings(voice_id=view.voice_id, settings=DEFAULT_SETTINGS | view.settings | body.given())
    )
    await call.answer(_OK)


class Previews:
    """Speaks a fixed sentence with any premade voice, for whoever asks; a few at a time."""

    def __init__(self) -> None:
        self._running = 0

    async def speak(self, call: Call) -> None:
        """Answer with the preview of one voice."""
        voice = VOICE_BY_ID.get(call.path_id(0))
        if voice is None:
            raise _unknown_voice()
        if self._running >= _PREVIEWS_MAX:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "Too many previews at once; try again.")
        self._running += 1
        try:
            await speak_preview(call, _preview_job(voice), PlainAudio(AUDIO_FORMATS[DEFAULT_AUDIO_FORMAT]))
        finally:
            self._running -= 1


def _preview_job(voice: CatalogueVoice) -> Speak:
    return Speak(
        text=voice.preview_text,
        catalogue_id=voice.catalogue_id,
        language_code="",
        output_format=DEFAULT_AUDIO_FORMAT,
        settings=dict(DEFAULT_SETTINGS),
        seed=None,
        normalization=Normalization.AUTO,
        wants_alignment=False,
        window_bytes=WINDOW_BYTES,
    )


async def _views(call: Call) -> list[VoiceView]:
    answer = await call.open_ticket.ask(ListVoices())
    assert isinstance(answer, VoiceList)
    return [view for view in answer.voices if view.catalogue_id in VOICE_BY_ID]


async def _view(call: Call) -> VoiceView:
    answer = await call.open_ticket.ask(GetVoice(voice_id=call.path_id(0)))
    assert isinstance(answer, VoiceView)
    return answer


def _unknown_voice() -> EcholessError:
    return EcholessError(ErrorCode.VOICE_NOT_FOUND, "There is no voice with this id.", param="voice_id")


def _position(token: str | None) -> int:
    """Return where a page starts; the token holds a position and nothing else."""
    if token is None:
        return 0
    if token[:1] == "p" and token[1:].isascii() and token[1:].isdigit() and len(token) < 12:
        return int(token[1:])
    message = "This is no token of an earlier page."
    raise UnprocessableError([FieldError(("query", "next_page_token"), message, "token")])


def _matcher(query: VoiceSearchQuery) -> Callable[[VoiceView, CatalogueVoice], bool]:
    """Return the test that a query means; all voices are premade, so some filters leave none."""
    is_possible = (
        query.category in {None, "premade"}
        and query.voice_type in _DEFAULT_TYPES
        and query.fine_tuning_state is None
        and query.collection_id is None
    )
    wanted = {"gender": query.gender, "age": query.age, "language": query.language, "accent": query.accent}
    labels_wanted = {name: value.lower() for name, value in wanted.items() if value}
    words = (query.search or "").lower().split()

    def matches(view: VoiceView, voice: CatalogueVoice) -> bool:
        labels = voice.labels
        searched = " ".join([voice.name, voice.description, voice.category, *labels.values()]).lower()
        return (
            is_possible
            and (not query.voice_ids or view.voice_id in query.voice_ids)
            and all(labels[name].lower() == value for name, value in labels_wanted.items())
            and (not query.use_cases or labels["use_case"] in query.use_cases)
            and all(word in searched for word in words)
        )

    return matches


def _wire(call: Call, view: VoiceView) -> dict[str, Any]:
    voice = VOICE_BY_ID[view.catalogue_id]
    preview_url = f"{call.base_url}/v1/voices/{voice.catalogue_id}/preview"
    model_ids = [model.model_id for model in MODELS if model.can_do_text_to_speech and model.speaks(voice.language)]
    return {
        "voice_id": view.voice_id,
        "name": voice.name,
        "samples": None,
        "category": voice.category,
        "fine_tuning": _FINE_TUNING,
        "labels": voice.labels,
        "description": voice.description,
        "preview_url": preview_url,
        "available_for_tiers": [],
        "settings": DEFAULT_SETTINGS | view.settings,
        "sharing": None,
        "high_quality_base_model_ids": model_ids,
        "verified_languages": [
            {
                "language": voice.language,
                "model_id": model_id,
                "accent": voice.accent,
                "locale": None,
                "preview_url": preview_url,
            }
            for model_id in model_ids
        ],
        "collection_ids": [],
        "safety_control": None,
        "voice_verification": _VERIFICATION,
        "permission_on_resource": "viewer",
        "is_owner": False,
        "is_legacy": False,
        "is_mixed": False,
        "favorited_at_unix": None,
        "created_at_unix": None,
        "is_bookmarked": None,
    }


_FINE_TUNING: Final[dict[str, Any]] = {
    "is_allowed_to_fine_tune": False,
    "state": {},
    "verification_failures": [],
    "verification_attempts_count": 0,
    "manual_verification_requested": False,
    "language": None,
    "progress": {},
    "message": {},
    "dataset_duration_seconds": None,
    "verification_attempts": None,
    "slice_ids": None,
    "manual_verification": None,
    "max_verification_attempts": 0,
    "next_max_verification_attempts_reset_unix_ms": 0,
}
_VERIFICATION: Final[dict[str, Any]] = {
    "requires_verification": False,
    "is_verified": False,
    "verification_failures": [],
    "verification_attempts_count": 0,
    "language": None,
    "verification_attempts": None,
}


def routes() -> tuple[Route, ...]:
    """Return the routes; previews count what runs, so each app has its own."""
    return (
        Route("GET /v1/voices", list_voices, "List voices", query=VoicesQuery),
        Route("GET /v2/voices", search_voices, "Search voices", query=VoiceSearchQuery),
        Route("GET /v1/voices/settings/default", show_default_settings, "Default settings", is_public=True),
        Route("GET /v1/voices/{voice}", show_voice, "Show a voice"),
        Route("GET /v1/voices/{voice}/settings", show_settings, "Show a voice's settings"),
        Route(
            "POST /v1/voices/{voice}/settings/edit",
            edit_settings,
            "Store a voice's settings",
            body=StoredVoiceSettings,
        ),
        Route(
            "GET /v1/voices/{voice}/preview",
            Previews().speak,
            "Hear a voice",
            media_types=("audio/mpeg",),
            is_public=True,
        ),
    )
