"""Queries and bodies of history.

source: the wire contract, history, voices, models and user, section 1
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body, Query

_Word = Annotated[str, Field(max_length=256)]
_UnixSeconds = Annotated[int, Field(ge=0, le=2**40)]


class HistoryQuery(Query):
    """Query of the list."""

    page_size: int = Field(100, ge=1, le=1000)
    start_after_history_item_id: _Word | None = None
    voice_id: _Word | None = None
    model_id: _Word | None = None
    date_before_unix: _UnixSeconds | None = Field(None, description="Exclusive.")
    date_after_unix: _UnixSeconds | None = Field(None, description="Inclusive.")
    sort_direction: Literal["asc", "desc"] = "desc"
    search: Annotated[str, Field(max_length=1000)] | None = None
    source: Literal["TTS", "STS", "Flows"] | None = Field(None, description="Required where `model_id` is given.")


class DownloadBody(Body):
    """Which items to download."""

    history_item_ids: Annotated[list[_Word], Field(max_length=1000)]
    output_format: Literal["wav", "default"] | None = Field(
        None, description="`wav` is for items made as `pcm_*` or `wav_*`; others are downloaded as they are."
    )
