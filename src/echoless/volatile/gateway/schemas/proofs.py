"""Queries of proofs and of policy changes. All of it is ours."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Query

_Place = Annotated[int, Field(ge=0, lt=2**53)]
_Size = Annotated[int, Field(ge=1, lt=2**53)]


class InclusionQuery(Query):
    """Which entry, and in which tree."""

    index: _Place = Field(description="Of the entry; the first is 0.")
    size: _Size | None = Field(None, description="How many entries the tree has; absent, the newest.")


class ConsistencyQuery(Query):
    """Which trees."""

    old_size: _Size = Field(description="Of the tree that was seen.")
    size: _Size | None = Field(None, description="Of the later one; absent, the newest.")


class ChangesQuery(Query):
    """A page of policy changes."""

    page_size: int = Field(30, ge=1, le=100)
    before: _Place | None = Field(None, description="`next_before` of the page before.")
