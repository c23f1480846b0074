"""Bodies of `/v1/workspace/logs` and `/v1/history/deletions`, which are ours."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body

_Id = Annotated[str, Field(max_length=256)]
_UnixSeconds = Annotated[int, Field(ge=0, le=2**40)]


class LogSettingsBody(Body):
    """What becomes of the workspace's logs."""

    erase_logs_with_item: bool = Field(
        description="Whether a deleted item takes its entries in the debug and moderation logs with it."
    )


class DeletionsBody(Body):
    """Which items to delete: those that are named, or all that every filter lets through."""

    history_item_ids: Annotated[list[_Id], Field(max_length=1000)] | None = Field(
        None, description="Exactly these; no filter may stand beside them."
    )
    every_item: Literal[True] | None = Field(
        None, description="Needed for a deletion that neither names items nor has a filter."
    )
    voice_id: _Id | None = None
    model_id: _Id | None = None
    source: Literal["TTS", "STS"] | None = None
    date_before_unix: _UnixSeconds | None = Field(None, description="Exclusive.")
    date_after_unix: _UnixSeconds | None = Field(None, description="Inclusive.")
