"""What the outbox needs of others: addresses, webhooks, and somebody who carries messages out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, repr=False)
class Mail:
    """One message. It prints as nothing: it names a person, and may hold a code.

    message_id: the same at every attempt, so that one which arrived twice is seen to be one
    """

    address: str
    subject: str
    text: str
    message_id: str


@dataclass(frozen=True, slots=True, repr=False)
class Hook:
    """A webhook of a workspace, with what signs for it."""

    webhook_id: str
    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    code:     empty where it was delivered
    is_final: whether another attempt would change nothing
    """

    code: str
    is_final: bool = False

    @property
    def is_delivered(self) -> bool:
        """Whether the other side has taken it."""
        return not self.code


class AddressBook(Protocol):
    """Whoever knows the addresses of people."""

    def address_of(self, workspace_id: str, user_id: str) -> str | None:
        """Return the address of a member, or None where there is none."""
        ...


class HookBook(Protocol):
    """Whoever knows the webhooks of workspaces."""

    def hooks_for_notices(self, workspace_id: str) -> Sequence[Hook]:
        """Return those that are told of notices and are switched on."""
        ...

    async def note_delivery(self, webhook_id: str, *, is_delivered: bool) -> None:
        """Take note that a notice arrived, or was given up; of one that is gone nothing is noted."""
        ...


class Courier(Protocol):
    """Whoever carries messages out of the vault, which has no way out of its own."""

    async def send_mail(self, mail: Mail) -> Outcome:
        """Hand one message to the mail server. Never raises: what goes wrong is an outcome."""
        ...

    async def post(self, hook: Hook, body: bytes) -> int:
        """Post to a webhook, signed; return the status, 0 where nobody answered. Never raises."""
        ...


class NobodyKnown:
    """Where there are no members."""

    def address_of(self, workspace_id: str, user_id: str) -> str | None:
        """Return None."""
        del workspace_id, user_id
        return None


class NoCourier:
    """Where nothing is configured that could carry anything: every attempt says so, and can be seen."""

    async def send_mail(self, mail: Mail) -> Outcome:
        """Say that there is no mail server."""
        del mail
        return Outcome("no_mail_server")

    async def post(self, hook: Hook, body: bytes) -> int:
        """Say that nobody answered."""
        del hook, body
        return 0
