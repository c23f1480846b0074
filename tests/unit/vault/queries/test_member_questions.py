"""Which question about people belongs to which endpoint: a ticket's own scope is enough for its question."""

from __future__ import annotations

import pytest

from echoless.crossing.account_records import RemoveMember
from echoless.crossing.control import StoreAccess
from echoless.crossing.member_records import (
    MEMBER_RECORDS,
    UNTICKETED_RECORDS,
    GroupList,
    MemberList,
    SessionList,
    SessionOpened,
    SignOnStarted,
    SignOnView,
)
from echoless.retention.endpoints import ENDPOINT_BY_NAME
from echoless.vault.intake.scopes import required_scope
from echoless.vault.queries.member_questions import member_questions
from echoless.vault.queries.members import MemberQueries
from echoless.vault.service.vault import Vault
from echoless.vault.stores.scope_names import SCOPES

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ANSWERS = {GroupList, MemberList, SessionList, SessionOpened, SignOnStarted, SignOnView}


@pytest.fixture
def stores() -> StoreAccess:
    """Nothing is stored here."""
    return StoreAccess()


async def test_every_question_has_an_answer_and_whoever_has_its_ticket_may_ask_it(vault: Vault) -> None:
    questions = member_questions(MemberQueries(vault.identity))
    assert set(questions) == {*MEMBER_RECORDS, RemoveMember} - ANSWERS - set(UNTICKETED_RECORDS)
    for question in questions.values():
        assert SCOPES.issuperset(question.scopes)
        for name in question.endpoints:
            assert required_scope(ENDPOINT_BY_NAME[name]) in question.scopes, name
