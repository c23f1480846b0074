"""No policy becomes looser or stricter without a statement that the log commits to (T33)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from echoless.core.errors import EcholessError
from echoless.core.journal import MemoryJournal
from echoless.crossing.operator_policy_records import OperatorSetPolicy, SetEntitlement, SetTier
from echoless.crossing.operator_records import SetRestriction
from echoless.receipts.changes import PolicyStatement, parse_statement
from echoless.retention.decision import RetentionMode
from echoless.vault.service.vault import Vault
from echoless.vault.stores.policies import hash_of
from echoless.vault.stores.trail import OPERATOR
from tests.fakes.gateway_double import TurnedClock

pytestmark = [pytest.mark.unit, pytest.mark.anyio, pytest.mark.claim("Z34")]
Act = Callable[[Vault, str], Awaitable[object]]


async def newest(vault: Vault) -> PolicyStatement:
    kept = (await vault.proving.entering.statements.page(own_id(vault), 1, None))[0]
    return parse_statement(kept.text)


async def count(vault: Vault) -> int:
    return len(await vault.proving.entering.statements.page(own_id(vault), 100, None))


def own_id(vault: Vault) -> str:
    return next(iter(vault.administration.accounts.workspaces))


@pytest.mark.parametrize(
    ("act", "actor", "changed"),
    [
        (lambda v, w: v.operate(SetEntitlement(w, is_entitled=False)), "operator", {"is_entitled": (True, False)}),
        (
            lambda v, w: v.operate(OperatorSetPolicy(w, is_enforced=True)), "operator",
            {"is_enforced": (False, True)},
        ),
        (
            lambda v, w: v.operate(SetRestriction(w, is_restricted=True, reason="high_risk")), "operator",
            {"is_restricted": (False, True), "restriction_reason": ("", "high_risk")},
        ),
        (
            lambda v, w: v.operate(SetTier(w, "free")), "operator",
            {"tier": ("enterprise", "free"), "is_entitled": (True, False)},
        ),
        (
            lambda v, w: v.administration.change_workspace(
                w, lambda before: replace(before, erase_logs_with_item=True), "some-key", "logs.change"
            ),
            "key", {"erase_logs_with_item": (False, True)},
        ),
    ],
)  # fmt: skip
async def test_each_change_of_policy_has_its_statement(
    vault: Vault, act: Act, actor: str, changed: dict[str, tuple[object, object]]
) -> None:
    before = await count(vault)
    await act(vault, own_id(vault))
    assert await count(vault) == before + 1
    statement = await newest(vault)
    assert (statement.actor.value, statement.changed) == (actor, changed)
    workspace = vault.administration.accounts.workspaces[own_id(vault)]
    # The hash that receipts name from now on.
    assert statement.policy_hash == hash_of(workspace)
    assert statement.policy_version == workspace.policy_version
    assert statement.minute_unix % 60 == 0


async def test_a_new_workspace_begins_with_a_statement_of_its_whole_policy(vault: Vault) -> None:
    statement = await newest(vault)
    assert statement.activity == "workspace.create"
    assert statement.changed["is_entitled"] == (None, True)


async def test_a_floor_of_a_key_is_policy_and_its_name_is_not(vault: Vault) -> None:
    administration = vault.administration
    key = next(iter(administration.accounts.keys.values()))
    before = await count(vault)
    await administration.change_key(key.key_id, lambda old: replace(old, name="n"), OPERATOR, "key.change")
    assert await count(vault) == before
    await administration.change_key(
        key.key_id, lambda old: replace(old, retention=RetentionMode.ZERO), OPERATOR, "key.change"
    )
    statement = await newest(vault)
    assert (statement.subject_id, statement.changed) == (key.key_id, {"retention": ("default", "zero")})


async def test_a_new_key_is_stated_only_where_it_has_a_floor(vault: Vault) -> None:
    administration = vault.administration
    account = next(iter(administration.accounts.service_accounts.values()))
    before = await count(vault)
    for retention in RetentionMode:
        await administration.create_key(account, "n", OPERATOR, scopes=None, retention=retention)
    assert await count(vault) == before + 1
    assert (await newest(vault)).changed == {"retention": ("default", "zero")}


async def test_what_is_no_policy_has_no_statement(vault: Vault) -> None:
    before = await count(vault)
    await vault.administration.change_workspace(
        own_id(vault), lambda old: replace(old, self_disabling=True), OPERATOR, "workspace.self_disabling"
    )
    assert await count(vault) == before


async def test_a_change_that_is_refused_has_no_statement(
    vault: Vault, clock: TurnedClock, journal: MemoryJournal
) -> None:
    before = await count(vault)
    await vault.operate(OperatorSetPolicy(own_id(vault), is_hipaa=True, hipaa_agreed_on="never"))
    assert await count(vault) == before
    with pytest.raises(EcholessError):
        await vault.administration.change_workspace("nobody", lambda old: old, OPERATOR, "x")


async def test_actors_are_told_apart_by_kind_alone(vault: Vault) -> None:
    administration = vault.administration
    for actor_id, actor in ((OPERATOR, "operator"), ("moderation", "moderation"), ("a-key-id", "key")):
        await administration.change_workspace(
            own_id(vault), lambda old: replace(old, is_enforced=not old.is_enforced), actor_id, "x.y"
        )
        statement = await newest(vault)
        assert statement.actor.value == actor
        assert "a-key-id" not in statement.text()
