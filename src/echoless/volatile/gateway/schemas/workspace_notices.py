"""Query of notices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Query


class NoticesQuery(Query):
    """Query of the list."""

    limit: int = Field(50, ge=1, le=100)
    cursor: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.:/{}+-]*$")] | None = None
