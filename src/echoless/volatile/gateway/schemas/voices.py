"""Queries and bodies of voices.

source: the wire contract, history, voices, models and user, section 2
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body, Query, Unit

_Word = Annotated[str, Field(max_length=256)]


class VoicesQuery(Query):
    """Query of the older list."""

    show_legacy: bool | None = None


class VoiceSearchQuery(Query):
    """Query of the newer list."""

    next_page_token: _Word | None = None
    page_size: int = Field(10, ge=1, le=100)
    search: _Word | None = None
    sort: Literal["created_at_unix", "name"] | None = None
    sort_direction: Literal["asc", "desc"] | None = None
    voice_type: (
        Literal["personal", "community", "default", "workspace", "non-default", "non-community", "saved"] | None
    ) = None
    category: Literal["premade", "cloned", "generated", "professional"] | None = None
    fine_tuning_state: (
        Literal["draft", "not_verified", "not_started", "queued", "fine_tuning", "fine_tuned", "failed", "delayed"]
        | None
    ) = None
    collection_id: _Word | None = None
    include_total_count: bool = True
    voice_ids: Annotated[list[_Word], Field(max_length=100)] | None = None
    gender: _Word | None = None
    age: _Word | None = None
    language: _Word | None = None
    accent: _Word | None = None
    use_cases: Annotated[list[_Word], Field(max_length=100)] | None = None

    @classmethod
    def lists(cls) -> frozenset[str]:
        """Names of the parameters that may be repeated."""
        return frozenset({"voice_ids", "use_cases"})


class StoredVoiceSettings(Body):
    """Settings to store for a voice; what is absent stays as it is."""

    stability: Unit | None = None
    similarity_boost: Unit | None = None
    style: Unit | None = None
    use_speaker_boost: bool | None = None
    speed: float | None = Field(None, ge=0.25, le=4.0)

    def given(self) -> dict[str, float | bool]:
        """Return what was given, null left out."""
        return {name: value for name, value in self if value is not None}
