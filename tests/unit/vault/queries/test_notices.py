"""Notices and findings as their workspace and the operator see them."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import TicketId, new_opaque_id
from echoless.core.moderation import Action, Category, Severity
from echoless.crossing.moderation_records import NoteVerdict
from echoless.crossing.notice_records import (
    GetModeration,
    ListAllNotices,
    ListNotices,
    ModerationView,
    NoticePage,
    NoticeRetried,
    RetryNotice,
)
from echoless.crossing.operator_records import CreateWorkspace, SetRestriction, WorkspaceCreated
from echoless.crossing.records import Refused, TicketClosed
from echoless.retention.decision import Switch
from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.outbox import Recipient
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

NOTICES, MODERATION = "GET /v1/workspace/notices", "GET /v1/workspace/moderation"


def own_id(vault: Vault) -> str:
    return next(iter(vault.administration.accounts.workspaces))


async def restrict_and_lift(vault: Vault, workspace_id: str, times: int) -> None:
    for _ in range(times):
        await vault.operate(SetRestriction(workspace_id, True, "discretion"))
        await vault.operate(SetRestriction(workspace_id, False))


async def test_a_workspace_sees_its_own_notices_page_by_page(vault: Vault, gateway: GatewayDouble) -> None:
    await restrict_and_lift(vault, own_id(vault), 2)
    first = await gateway.question(NOTICES, ListNotices(3), NoticePage)
    assert [one.kind for one in first.notices] == [
        "zero_retention_lifted", "zero_retention_restricted", "zero_retention_lifted",
    ]  # fmt: skip
    second = await gateway.question(NOTICES, ListNotices(3, first.next_cursor), NoticePage)
    assert ([one.kind for one in second.notices], second.next_cursor) == (["zero_retention_restricted"], "")
    for cursor in ("nonsense", new_opaque_id()):
        nothing = await gateway.question(NOTICES, ListNotices(3, cursor), NoticePage)
        assert nothing.notices == []


async def test_notices_of_another_workspace_are_not_seen_and_no_cursor(
    vault: Vault, gateway: GatewayDouble
) -> None:
    """C11: a cursor that is somebody else's is one that never was."""
    other = await vault.operate(CreateWorkspace("other", "enterprise", True))
    assert isinstance(other, WorkspaceCreated)
    await restrict_and_lift(vault, own_id(vault), 1)
    await restrict_and_lift(vault, other.workspace_id, 1)
    mine = await gateway.question(NOTICES, ListNotices(10), NoticePage)
    theirs = await gateway.question(NOTICES, ListNotices(10), NoticePage, key=other.secret)
    assert {one.workspace_id for one in mine.notices} == {own_id(vault)}
    assert {one.workspace_id for one in theirs.notices} == {other.workspace_id}
    foreign = ListNotices(10, theirs.notices[0].notice_id)
    assert (await gateway.question(NOTICES, foreign, NoticePage)).notices == []


async def test_what_is_not_for_the_product_is_seen_by_the_operator_alone(
    vault: Vault, gateway: GatewayDouble
) -> None:
    to = [Recipient(address="new@example.org")]
    await vault.outbox.post(own_id(vault), NoticeKind.INVITATION, to, {"role": "viewer"}, secrets={"code": "c"})
    assert (await gateway.question(NOTICES, ListNotices(10), NoticePage)).notices == []
    listed = await vault.operate(ListAllNotices(10))
    assert isinstance(listed, NoticePage)
    (notice,) = listed.notices
    assert [(one.channel, one.target_id, one.state) for one in notice.deliveries] == [("email", "", "pending")]
    assert "code" not in notice.facts


async def test_the_operator_sees_what_has_not_arrived_and_has_it_tried_again(vault: Vault) -> None:
    await vault.outbox.post(own_id(vault), NoticeKind.LIFTED, [Recipient("nobody")], {})
    await vault.outbox.post(own_id(vault), NoticeKind.LIFTED, [], {})
    await vault.outbox.run_due()
    found = await vault.operate(ListAllNotices(10, own_id(vault), True))
    assert isinstance(found, NoticePage)
    (notice,) = found.notices
    assert [(one.state, one.last_code) for one in notice.deliveries] == [("given_up", "no_address")]
    assert await vault.operate(RetryNotice(notice.notice_id)) == NoticeRetried(1)
    for unknown in ("x", new_opaque_id()):
        refused = await vault.operate(RetryNotice(unknown))
        assert isinstance(refused, Refused)
        assert refused.code == ErrorCode.NOT_FOUND.value


async def test_findings_are_counted_by_workspace_in_words_of_closed_sets(
    vault: Vault, gateway: GatewayDouble
) -> None:
    other = await vault.operate(CreateWorkspace("other", "enterprise", True))
    assert isinstance(other, WorkspaceCreated)
    granted = await gateway.open(switch=Switch.LOGGING_OFF)
    for severity in (Severity.FLAGGED, Severity.FLAGGED, Severity.LOW):
        verdict = NoteVerdict(Category.FRAUD, severity, Action.PASSED)
        gateway.link.post(verdict, ticket=TicketId(granted.ticket_id))
    await gateway.close(granted, TicketClosed)
    found = await gateway.question(MODERATION, GetModeration(), ModerationView)
    assert [(one.category, one.severity, one.count) for one in found.counts] == [
        (Category.FRAUD, Severity.FLAGGED, 2), (Category.FRAUD, Severity.LOW, 1),
    ]  # fmt: skip
    assert (found.flagged_unix, found.flags_max, found.severe_max, found.window_days) == (0, 5, 1, 7)
    theirs = await gateway.question(MODERATION, GetModeration(), ModerationView, key=other.secret)
    assert theirs.counts == []
