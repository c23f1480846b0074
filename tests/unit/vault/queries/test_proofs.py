"""Proofs are for anybody, changes of policy for whoever may see the trail of their own workspace (C9, T41)."""

from __future__ import annotations

import base64

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.operator_policy_records import OperatorSetPolicy
from echoless.crossing.proof_records import (
    Consistency,
    GetConsistency,
    GetInclusion,
    Inclusion,
    ListPolicyChanges,
    PolicyChangePage,
    PolicyChangeView,
)
from echoless.crossing.query_records import CreateKey, CreateServiceAccount, KeyCreated, ServiceAccountView
from echoless.crossing.records import Refused
from echoless.receipts.changes import parse_statement
from echoless.receipts.entries import EntryKind
from echoless.receipts.growing import HashReader
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.merkle import verify_inclusion
from echoless.receipts.placement import check_consistency, check_place
from echoless.vault.service.vault import Vault
from tests.fakes.gateway_double import GatewayDouble

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z34")]
CHANGES = "GET /v1/workspace/zero-retention/changes"


def own_id(vault: Vault) -> str:
    return next(iter(vault.administration.accounts.workspaces))


def log_keys(vault: Vault) -> LogKeys:
    return LogKeys(vault.proving.book.log.verifier)


def wire(view: Inclusion) -> dict[str, object]:
    proof = [base64.b64encode(part).decode() for part in view.proof]
    return {"index": view.index, "checkpoint": view.checkpoint, "proof": proof}


async def changes(gateway: GatewayDouble, limit: int = 100, before: int = 0) -> list[PolicyChangeView]:
    page = await gateway.question(CHANGES, ListPolicyChanges(limit, before), PolicyChangePage)
    return page.changes


async def enforce(vault: Vault, *words: bool) -> None:
    for word in words:
        await vault.operate(OperatorSetPolicy(own_id(vault), is_enforced=word))


async def test_an_administrator_reads_what_the_log_commits_to_and_can_prove_it(
    vault: Vault, gateway: GatewayDouble
) -> None:
    await enforce(vault, True)
    assert (await changes(gateway))[0].inclusion is None
    await vault.proving.entering.close()
    view = (await changes(gateway))[0]
    assert parse_statement(view.statement).changed == {"is_enforced": (False, True)}
    assert view.inclusion is not None
    answer = {"salt": base64.b64encode(view.salt).decode(), "inclusion": wire(view.inclusion)}
    place = check_place(EntryKind.POLICY, view.statement, answer, log_keys(vault))
    assert place.index == view.inclusion.index


async def test_pages_go_on_where_the_last_one_ended(vault: Vault, gateway: GatewayDouble) -> None:
    await enforce(vault, True, False, True)
    first = await gateway.question(CHANGES, ListPolicyChanges(2), PolicyChangePage)
    rest = await gateway.question(CHANGES, ListPolicyChanges(2, first.next_before), PolicyChangePage)
    assert (len(first.changes), len(rest.changes), rest.next_before) == (2, 2, 0)
    whole = await changes(gateway)
    assert [*first.changes, *rest.changes] == whole


async def test_another_workspaces_changes_are_not_shown(vault: Vault, gateway: GatewayDouble) -> None:
    await vault.administration.create_workspace("other", "free", is_entitled=False)
    assert {parse_statement(view.statement).workspace_id for view in await changes(gateway)} == {own_id(vault)}


async def test_whoever_may_not_see_the_trail_sees_no_changes(gateway: GatewayDouble) -> None:
    account = await gateway.question(
        "POST /v1/service-accounts", CreateServiceAccount("readers"), ServiceAccountView
    )
    made = await gateway.question(
        "POST /v1/service-accounts/{sa}/api-keys",
        CreateKey(account.service_account_id, "reader", ["workspace_read"], None, None, None), KeyCreated,
    )  # fmt: skip
    refused = await gateway.question(CHANGES, ListPolicyChanges(10), Refused, key=made.secret)
    assert refused.code == ErrorCode.MISSING_PERMISSIONS


async def test_anybody_may_ask_where_an_entry_is_and_that_the_log_grew(
    vault: Vault, gateway: GatewayDouble
) -> None:
    log = vault.proving.book.log
    older, note = log.state, log.note()
    await enforce(vault, True, False)
    await vault.proving.entering.close()
    found = await gateway.ask(GetConsistency(older.size), Consistency)
    parts = [base64.b64encode(part).decode() for part in found.proof]
    _, newer = check_consistency(note, found.checkpoint, parts, log_keys(vault))
    assert newer.size == found.size == log.state.size
    # In the tree that somebody saw earlier, an entry has another path, to the older root.
    old = await gateway.ask(GetInclusion(0, older.size), Inclusion)
    new = await gateway.ask(GetInclusion(0), Inclusion)
    assert old.proof != new.proof


async def test_a_place_that_the_log_has_not_is_refused(vault: Vault, gateway: GatewayDouble) -> None:
    size = vault.proving.book.log.state.size
    for question in (
        GetInclusion(size), GetInclusion(0, size + 1), GetConsistency(size + 1), GetConsistency(0),
        GetConsistency(1, size + 5),
    ):  # fmt: skip
        assert (await gateway.ask(question, Refused)).code == ErrorCode.INVALID_PARAMETERS


async def test_a_proof_fits_its_checkpoint_though_the_log_grows_meanwhile(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Receipts are entered by another thread while somebody asks."""
    log = vault.proving.book.log
    log.append([b"one", b"two", b"three"])
    fetch = log.fetch

    def growing(path: str) -> bytes | None:
        monkeypatch.setattr(log, "fetch", fetch)
        log.append([b"more"] * 5)
        return fetch(path)

    for index in (log.state.size - 1, 0):
        monkeypatch.setattr(log, "fetch", growing)
        note, proof = vault.proving.book.place_of(index)
        checkpoint = log_keys(vault).open(note)
        leaf = HashReader(checkpoint.size, fetch).hash_at(0, index)
        assert verify_inclusion(leaf, index, checkpoint.size, proof, checkpoint.root)
        monkeypatch.setattr(log, "fetch", growing)
        shown = vault.proving.entering.queries.public(GetInclusion(index))
        assert isinstance(shown, Inclusion)
        checkpoint = log_keys(vault).open(shown.checkpoint)
        assert verify_inclusion(leaf, index, checkpoint.size, shown.proof, checkpoint.root)
