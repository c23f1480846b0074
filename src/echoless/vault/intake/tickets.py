"""Open tickets: what the vault decided for each running request. In memory only.

A ticket that is not here is unknown, so after a restart every frame of an older request is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from echoless.core.ids import TicketId, request_id_of
from echoless.crossing.link import Link
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT
from echoless.crossing.moderation_records import KeepModeration
from echoless.crossing.records import KIND_KEEP_AUDIO, KeepAlignment, KeepText
from echoless.crossing.socket_records import KeepMoreText
from echoless.retention.decision import Decision, RetentionMode
from echoless.retention.endpoints import Endpoint, Product
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.drafts import ItemDraft
from echoless.vault.stores.plans import Lane, gate_name
from echoless.vault.stores.voices import KnownVoice

_SPOKEN: Final = frozenset(
    {KeepText.KIND, KeepMoreText.KIND, KeepAlignment.KIND, KIND_KEEP_AUDIO, KeepModeration.KIND}
)
_KEPT: Final[Mapping[Product, frozenset[int]]] = {
    Product.TEXT_TO_SPEECH: _SPOKEN,
    Product.TEXT_TO_DIALOGUE: _SPOKEN,
    Product.VOICE_CHANGER: frozenset({KeepText.KIND, KIND_KEEP_INPUT_AUDIO, KIND_KEEP_AUDIO}),
    Product.SPEECH_TO_TEXT: frozenset({KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT, KeepModeration.KIND}),
}
CONTENT_KINDS: Final = frozenset().union(*_KEPT.values())
"""All kinds of content that the vault takes from anybody."""


@dataclass(slots=True, repr=False)
class Ticket:
    """One running request.

    draft:  where content goes; None for everything but a DEFAULT request that makes an item
    source: the word for the product in its item, empty where no item is made
    parent: of a context, the ticket of its socket
    policy_hash: of the policy that it was decided under, like its version; empty where no receipt will say it
    generation_count: of a socket or context, how many generations run
    gates:  names of the places that it holds
    """

    ticket_id: TicketId
    link: Link
    correlation: int
    caller: Caller
    endpoint: Endpoint
    decision: Decision
    policy_version: int
    started_ms: int
    started_s: float
    gates: tuple[str, ...]
    voice: KnownVoice | None
    draft: ItemDraft | None
    source: str
    policy_hash: str = ""
    model_id: str = ""
    output_format: str = ""
    characters: int = 0
    credits: int = 0
    count_from: int = 0
    parent: Ticket | None = None
    generation_count: int = 0
    is_asking: bool = False
    verdict_count: int = 0
    moderation: list[KeepModeration] = field(default_factory=list)

    @property
    def request_id(self) -> str:
        """The public id of the request; all contexts of a socket are one request."""
        return self.parent.request_id if self.parent is not None else request_id_of(self.ticket_id)

    @property
    def holds_place(self) -> bool:
        """Whether it counts as running."""
        return bool(self.gates)

    def holds(self, lane: Lane) -> bool:
        """Whether it holds a place of its workspace's for a kind of work."""
        return gate_name(self.caller.workspace_id, lane) in self.gates

    @property
    def may_take_content(self) -> bool:
        """Whether content may be kept under this ticket."""
        return self.decision.mode is RetentionMode.DEFAULT and self.draft is not None

    def takes(self, kind: int) -> bool:
        """Whether content of a kind may be kept under this ticket: it is a kept one of a product that has such."""
        return self.may_take_content and kind in _KEPT[self.endpoint.product]

    @property
    def may_ask_questions(self) -> bool:
        """Whether this is a request of reading or administration. Nothing of a generation can become a question."""
        return not self.endpoint.is_generation

    @property
    def may_continue_others(self) -> bool:
        """Whether a generation may name earlier ones: a kept one only."""
        return self.may_take_content


class Tickets:
    """All open tickets, by id and by link."""

    def __init__(self) -> None:
        self._by_id: dict[TicketId, Ticket] = {}
        self._by_link: dict[Link, dict[int, Ticket]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, ticket: Ticket) -> None:
        """Open a ticket."""
        self._by_id[ticket.ticket_id] = ticket
        self._by_link.setdefault(ticket.link, {})[ticket.correlation] = ticket

    def find(self, link: Link, ticket_id: TicketId) -> Ticket | None:
        """Return an open ticket of this link; one of another link is unknown here."""
        ticket = self._by_id.get(ticket_id)
        return ticket if ticket is not None and ticket.link is link else None

    def opened_by(self, link: Link, correlation: int) -> Ticket | None:
        """Return the ticket that was granted as the answer to this question."""
        return self._by_link.get(link, {}).get(correlation)

    def all(self) -> Iterable[Ticket]:
        """Return all open tickets."""
        return tuple(self._by_id.values())

    def remove(self, ticket: Ticket) -> None:
        """Close a ticket for good."""
        del self._by_id[ticket.ticket_id]
        mine = self._by_link[ticket.link]
        del mine[ticket.correlation]
        if not mine:
            del self._by_link[ticket.link]

    def below(self, parent: Ticket) -> Iterable[Ticket]:
        """Return the contexts of a socket."""
        return tuple(ticket for ticket in self.of(parent.link) if ticket.parent is parent)

    def of_workspace(self, workspace_id: str) -> Iterable[Ticket]:
        """Return all tickets of a workspace, contexts before their sockets."""
        mine = [ticket for ticket in self._by_id.values() if ticket.caller.workspace_id == workspace_id]
        return sorted(mine, key=lambda ticket: ticket.parent is None)

    def of(self, link: Link) -> Iterable[Ticket]:
        """Return all tickets of a link."""
        return tuple(self._by_link.get(link, {}).values())
