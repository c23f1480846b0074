"""What identity needs of others: somebody who sends codes, and a way to an identity provider."""

from __future__ import annotations

from typing import Protocol

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.membership import Member


class CodeSender(Protocol):
    """Whoever sends codes by e-mail, durably, and destroys them once they are sent."""

    async def send_invitation(self, workspace_id: str, address: str, role: str, code: str) -> None:
        """Send the code of an invitation."""
        ...

    async def send_password_code(self, member: Member, code: str) -> None:
        """Send the code that sets a new password."""
        ...


class ProviderWay(Protocol):
    """A way to the servers of identity providers."""

    async def get(self, url: str) -> bytes:
        """Return what an address answers with.

        raises: EcholessError(ENGINE_UNAVAILABLE) where it does not answer with status 200 and a small body
        """
        ...

    async def post_form(self, url: str, form: bytes, authorization: str) -> bytes:
        """Post a form and return the answer.

        authorization: value of the header; empty for none

        raises: as `get`
        """
        ...


class NoWay:
    """Where this server may not reach anybody."""

    async def get(self, url: str) -> bytes:
        """Refuse."""
        del url
        raise _no_way()

    async def post_form(self, url: str, form: bytes, authorization: str) -> bytes:
        """Refuse."""
        del url, form, authorization
        raise _no_way()


def _no_way() -> EcholessError:
    return EcholessError(
        ErrorCode.INVALID_PARAMETERS, "This server reaches no identity provider: its operator has not allowed it."
    )
