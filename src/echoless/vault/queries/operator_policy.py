"""(queries) The operator's door: what binds a workspace and its keys. Entitlement is the operator's alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id
from echoless.crossing.operator_policy_records import (
    OperatorEditKey,
    OperatorForesee,
    OperatorGetPolicy,
    OperatorGetRetention,
    OperatorSetPolicy,
    SetCharacters,
    SetEntitlement,
    SetTier,
    WorkspacePolicy,
)
from echoless.crossing.policy_records import ForeseenRequest, RetentionView
from echoless.crossing.query_records import Done, KeyView
from echoless.crossing.records import Record
from echoless.vault.notices.policy_changes import PolicyChanges
from echoless.vault.queries.administration import Administration
from echoless.vault.queries.key_changes import changed_key
from echoless.vault.queries.keys import key_view
from echoless.vault.queries.policy import Foresight, PolicyChange, PolicyQueries, retention_view
from echoless.vault.stores.accounts import CHARACTERS_BY_TIER, ENTERPRISE, ApiKey, Workspace
from echoless.vault.stores.plans import Lane, places_of
from echoless.vault.stores.trail import OPERATOR


class OperatorPolicy:
    """Serves the operator's questions about policy.

    concurrency_max: generations at once of workspaces whose tier says nothing
    """

    def __init__(
        self,
        administration: Administration,
        changes: PolicyChanges,
        policy: PolicyQueries,
        foresee: Foresight,
        lives: Mapping[str, int | None],
        *,
        concurrency_max: int,
    ) -> None:
        self._administration = administration
        self._accounts = administration.accounts
        self._changes = changes
        self._policy = policy
        self._foresee = foresee
        self._lives = lives
        self._concurrency_max = concurrency_max
        self.acts: dict[type[Record], Callable[[Any], Awaitable[Record]]] = {
            SetEntitlement: self._set_entitlement,
            SetTier: self._set_tier,
            SetCharacters: self._set_characters,
            OperatorSetPolicy: self._set_policy,
            OperatorEditKey: self._edit_key,
            OperatorForesee: self._foresee_request,
            OperatorGetRetention: self._retention,
            OperatorGetPolicy: self._get_policy,
        }

    async def _set_entitlement(self, record: SetEntitlement) -> Done:
        workspace = self._workspace(record.workspace_id)

        def change(before: Workspace) -> Workspace:
            if record.is_entitled and not before.is_enterprise:
                message = "Only an enterprise workspace can be entitled to zero retention."
                raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="tier")
            return replace(before, is_entitled=record.is_entitled)

        activity = "zero_retention.entitle" if record.is_entitled else "zero_retention.withdraw"
        await self._changes.make(workspace.workspace_id, change, OPERATOR, activity)
        return Done()

    async def _set_tier(self, record: SetTier) -> Done:
        workspace = self._workspace(record.workspace_id)
        if record.tier not in CHARACTERS_BY_TIER:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The tier is unknown.", param="tier")

        def change(before: Workspace) -> Workspace:
            is_usual = before.character_limit == CHARACTERS_BY_TIER[before.tier]
            # What is enforced stays so: below enterprise its requests are refused, not kept.
            return replace(
                before, tier=record.tier, is_entitled=before.is_entitled and record.tier == ENTERPRISE,
                character_limit=CHARACTERS_BY_TIER[record.tier] if is_usual else before.character_limit,
            )  # fmt: skip

        await self._changes.make(workspace.workspace_id, change, OPERATOR, "workspace.tier")
        return Done()

    async def _set_characters(self, record: SetCharacters) -> Done:
        workspace = self._workspace(record.workspace_id)

        def change(before: Workspace) -> Workspace:
            limit = record.character_limit
            return replace(before, character_limit=CHARACTERS_BY_TIER[before.tier] if limit is None else limit)

        await self._administration.change_workspace(workspace.workspace_id, change, OPERATOR, "workspace.quota")
        return Done()

    async def _set_policy(self, record: OperatorSetPolicy) -> Done:
        workspace = self._workspace(record.workspace_id)
        change = PolicyChange(
            is_enforced=record.is_enforced, is_hipaa=record.is_hipaa, hipaa_agreed_on=record.hipaa_agreed_on,
            capsule_key=record.capsule_key,
        )  # fmt: skip
        await self._policy.change(workspace.workspace_id, change, OPERATOR)
        return Done()

    async def _edit_key(self, record: OperatorEditKey) -> KeyView:
        key = await self._administration.change_key(
            record.change.key_id, lambda before: changed_key(before, record.change), OPERATOR, "key.change"
        )
        return key_view(self._accounts, key)

    async def _foresee_request(self, record: OperatorForesee) -> ForeseenRequest:
        workspace = self._workspace(record.workspace_id)
        key_id = record.question.key_id
        key = self._accounts.keys.get(key_id) if key_id else _bare_key(workspace)
        if key is None or key.workspace_id != workspace.workspace_id:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no key with this id.")
        return self._foresee(workspace, key, record.question)

    async def _retention(self, _record: OperatorGetRetention) -> RetentionView:
        return retention_view(self._lives)

    async def _get_policy(self, record: OperatorGetPolicy) -> WorkspacePolicy:
        workspace = self._workspace(record.workspace_id)
        meter = self._accounts.meter(workspace.workspace_id)
        places = {
            lane.value: places_of(workspace.tier, lane, workspace.concurrency_max, self._concurrency_max)
            for lane in Lane
        }
        return WorkspacePolicy(
            workspace_id=workspace.workspace_id, tier=workspace.tier, is_entitled=workspace.is_entitled,
            is_restricted=workspace.is_restricted, is_enforced=workspace.binds_to_zero, is_hipaa=workspace.is_hipaa,
            hipaa_agreed_on=workspace.hipaa_agreed_on or "", policy_version=workspace.policy_version,
            character_limit=workspace.character_limit, character_count=meter.character_count,
            next_reset_unix=meter.resets_unix, places=places,
            capsule_key=workspace.capsule_key or "",
        )  # fmt: skip

    def _workspace(self, workspace_id: str) -> Workspace:
        workspace = self._accounts.workspaces.get(workspace_id)
        if workspace is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no workspace with this id.")
        return workspace


def _bare_key(workspace: Workspace) -> ApiKey:
    """Return a key with every permission and no bound, which exists in no store."""
    return ApiKey(new_opaque_id(), workspace.workspace_id, "", "", "", b"", workspace.created_unix)
