"""Body of a single-use token.

source: the wire contract, zero retention, section 5
"""

from __future__ import annotations

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body


class SingleUseTokenBody(Body):
    """How the token binds what it opens."""

    enable_logging: bool | None = Field(
        None, description="`false` pins whatever the token opens to zero retention."
    )
