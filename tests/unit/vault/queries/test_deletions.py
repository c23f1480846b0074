"""Deletions of many items, as they are asked for."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.log_records import DeleteMany, DeletionProgress, GetDeletionProgress
from echoless.crossing.query_records import HistoryPage, ListHistory
from echoless.crossing.records import Refused
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import VOICE, GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
BEGIN, LOOK = "POST /v1/history/deletions", "GET /v1/history/deletions/{job}"


def workspace_of(vault: Vault) -> str:
    return next(iter(vault._storage.accounts.workspaces))


async def test_a_workspace_deletes_and_looks_how_far_it_is(vault: Vault, gateway: GatewayDouble) -> None:
    for _ in range(3):
        await gateway.make("words")
    begun = await gateway.question(BEGIN, DeleteMany(voice_id=VOICE), DeletionProgress)
    assert (begun.is_done, begun.deleted_count, begun.total_count) == (True, 3, 3)
    assert await gateway.question(LOOK, GetDeletionProgress(begun.job_id), DeletionProgress) == begun
    assert (await gateway.question("GET /v1/history", ListHistory(10), HistoryPage)).items == []


async def test_a_deletion_of_another_workspace_is_unknown(vault: Vault, gateway: GatewayDouble) -> None:
    begun = await gateway.question(BEGIN, DeleteMany(), DeletionProgress)
    _, _, key = await vault.administration.create_workspace("other", "pro", is_entitled=False)
    theirs = await gateway.question(LOOK, GetDeletionProgress(begun.job_id), Refused, key=key)
    never = await gateway.question(LOOK, GetDeletionProgress("x" * 20), Refused, key=key)
    assert (
        (theirs.code, theirs.message) == (never.code, never.message) == (ErrorCode.NOT_FOUND.value, never.message)
    )


async def test_a_gateway_cannot_name_another_workspace(vault: Vault, gateway: GatewayDouble) -> None:
    other, _, key = await vault.administration.create_workspace("other", "pro", is_entitled=False)
    await gateway.make("theirs", key=key)
    mine = await gateway.question(BEGIN, DeleteMany(workspace_id=other.workspace_id), DeletionProgress)
    assert mine.total_count == 0
    assert len((await gateway.question("GET /v1/history", ListHistory(10), HistoryPage, key=key)).items) == 1


@pytest.mark.parametrize("changes", [{"voice_id": "said: canary"}, {"model_id": "a b"}, {"source": "PD"}])
async def test_words_that_no_item_has_are_not_kept_in_a_job(
    vault: Vault, gateway: GatewayDouble, changes: dict[str, str]
) -> None:
    refused = await gateway.question(BEGIN, DeleteMany(**changes), Refused)
    assert refused.code == ErrorCode.INVALID_PARAMETERS.value
    assert vault.jobs.waiting("history.delete") == []


async def test_the_operator_deletes_in_the_workspace_they_name(vault: Vault, gateway: GatewayDouble) -> None:
    await gateway.make("words")
    begun = await vault.operate(DeleteMany(workspace_id=workspace_of(vault)))
    assert isinstance(begun, DeletionProgress)
    assert begun.deleted_count == 1
    assert await vault.operate(GetDeletionProgress(begun.job_id, workspace_of(vault))) == begun
    for record in (DeleteMany(workspace_id="nobody"), GetDeletionProgress(begun.job_id, "nobody")):
        unknown = await vault.operate(record)
        assert isinstance(unknown, Refused)
        assert unknown.code == ErrorCode.NOT_FOUND.value
