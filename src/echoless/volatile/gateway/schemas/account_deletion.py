"""Bodies of the end of an account. All of this is ours; the wire contract leaves it to the server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body


class DeleteAccountBody(Body):
    """The proof of whoever asks."""

    password: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        None, description="Of the owner who asks; not needed for five minutes after a login."
    )


class ConfirmDeletionBody(Body):
    """The code of the mail."""

    code: Annotated[str, Field(min_length=1, max_length=256)]
