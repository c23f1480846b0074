"""Open tickets."""

from __future__ import annotations

import pytest

from echoless.core.ids import NO_TICKET, new_ticket_id
from echoless.crossing.link import Link
from echoless.crossing.records import core_registry
from echoless.retention.decision import Decision, Level, RetentionMode
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.vault.intake.tickets import Ticket, Tickets
from echoless.vault.stores.accounts import Caller
from echoless.vault.stores.drafts import ItemDraft
from tests.fakes.gateway_double import TTS

pytestmark = pytest.mark.unit


def link() -> Link:
    return Link(core_registry())


def ticket(of: Link, correlation: int = 1, mode: RetentionMode = RetentionMode.DEFAULT, name: str = TTS) -> Ticket:
    is_kept = mode is RetentionMode.DEFAULT and name == TTS
    return Ticket(
        new_ticket_id(), of, correlation, Caller("w", "k"), ENDPOINT_BY_NAME[name], Decision(mode, Level.NOBODY), 1,
        0, 0.0, False, None, ItemDraft.new("item") if is_kept else None, "TTS",
    )  # fmt: skip


@pytest.mark.claim("Z8")
def test_a_ticket_is_known_to_its_own_link_until_it_is_closed() -> None:
    tickets, mine, other = Tickets(), link(), link()
    opened = ticket(mine, 5)
    tickets.add(opened)
    assert tickets.find(mine, opened.ticket_id) is opened
    assert tickets.find(other, opened.ticket_id) is None
    assert tickets.find(mine, NO_TICKET) is None
    assert tickets.opened_by(mine, 5) is opened
    assert tickets.opened_by(mine, 6) is None
    tickets.remove(opened)
    assert tickets.find(mine, opened.ticket_id) is None
    assert (len(tickets), list(tickets.of(mine))) == (0, [])


@pytest.mark.claim("Z8")
def test_only_a_default_ticket_that_makes_an_item_takes_content() -> None:
    assert ticket(link()).may_take_content
    assert not ticket(link(), mode=RetentionMode.ZERO).may_take_content
    assert not ticket(link(), name="GET /v1/history").may_take_content


def test_generations_ask_nothing_but_which_others_they_may_continue() -> None:
    """T31: a ZERO request's text cannot become a question."""
    zero = ticket(link(), mode=RetentionMode.ZERO)
    assert (zero.may_ask_questions, zero.may_continue_others) == (False, False)
    kept = ticket(link())
    assert (kept.may_ask_questions, kept.may_continue_others) == (False, True)
    assert ticket(link(), name="GET /v1/history").may_ask_questions
