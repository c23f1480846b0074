"""(queries) Service accounts, keys and the retention policy of the caller's own workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.query_records import (
    CreateKey,
    CreateServiceAccount,
    DeleteKey,
    DisableOwnKey,
    Done,
    EditKey,
    GetZeroRetention,
    KeyCreated,
    KeyView,
    ListServiceAccounts,
    ServiceAccountList,
    ServiceAccountView,
    SetZeroRetention,
    ZeroRetentionPolicy,
)
from echoless.vault.queries.administration import Administration, checked_scopes
from echoless.vault.stores.accounts import Accounts, ApiKey, Caller, ServiceAccount, Workspace

_CONVERSATION_ROWS: Final = {"keep_redacted", "none"}


class KeyQueries:
    """Answers questions about keys and policy."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration
        self._accounts = administration.accounts

    async def list_accounts(self, caller: Caller, _record: ListServiceAccounts) -> ServiceAccountList:
        """Return all service accounts of the workspace with their keys."""
        mine = [
            account
            for account in self._accounts.service_accounts.values()
            if account.workspace_id == caller.workspace_id
        ]
        return ServiceAccountList([self._account_view(account) for account in mine])

    async def create_account(self, caller: Caller, record: CreateServiceAccount) -> ServiceAccountView:
        """Make a service account."""
        account = await self._administration.create_service_account(caller.workspace_id, record.name, caller.key_id)
        return self._account_view(account)

    async def create_key(self, caller: Caller, record: CreateKey) -> KeyCreated:
        """Make a key that can do no more than the key that asks."""
        account = self._accounts.service_accounts.get(record.service_account_id)
        if account is None or account.workspace_id != caller.workspace_id:
            raise _not_found()
        self._check_not_more(caller, record.scopes)
        key, secret = await self._administration.create_key(
            account, record.name, caller.key_id, scopes=record.scopes, character_limit=record.character_limit,
            expires_unix=record.expires_unix, retention=record.retention,
        )  # fmt: skip
        return KeyCreated(key.key_id, secret)

    async def edit_key(self, caller: Caller, record: EditKey) -> KeyView:
        """Change a key."""
        key = self._own_key(caller, record.service_account_id, record.key_id)
        if record.has_all_scopes or record.scopes is not None:
            scopes = None if record.has_all_scopes else record.scopes
            self._check_not_more(caller, scopes)
            key = replace(key, scopes=checked_scopes(scopes))
        if record.is_enabled is not None:
            key = replace(key, is_disabled=not record.is_enabled)
        if record.clears_character_limit or record.character_limit is not None:
            key = replace(key, character_limit=None if record.clears_character_limit else record.character_limit)
        key = replace(key, name=record.name or key.name, retention=record.retention or key.retention)
        await self._administration.save_key(key, caller.key_id, "key.change")
        return key_view(self._accounts, key)

    async def delete_key(self, caller: Caller, record: DeleteKey) -> Done:
        """Delete a key."""
        key = self._own_key(caller, record.service_account_id, record.key_id)
        await self._administration.delete_key(key, caller.key_id)
        return Done()

    async def disable_own(self, caller: Caller, _record: DisableOwnKey) -> Done:
        """Disable the key that asks."""
        key = replace(self._accounts.keys[caller.key_id], is_disabled=True)
        await self._administration.save_key(key, caller.key_id, "key.disable")
        return Done()

    async def get_policy(self, caller: Caller, _record: GetZeroRetention) -> ZeroRetentionPolicy:
        """Return the retention policy."""
        return policy_of(self._accounts.workspaces[caller.workspace_id])

    async def set_policy(self, caller: Caller, record: SetZeroRetention) -> ZeroRetentionPolicy:
        """Change the retention policy.

        raises: EcholessError(ZERO_RETENTION_NOT_PERMITTED) where enforcing would refuse every request;
                EcholessError(INVALID_PARAMETERS) for an unknown word
        """
        workspace = self._accounts.workspaces[caller.workspace_id]
        if record.is_enforced and not is_permitted(workspace):
            message = "This workspace cannot have zero retention, so it cannot be enforced."
            raise EcholessError(ErrorCode.ZERO_RETENTION_NOT_PERMITTED, message, param="enforced")
        rows = record.conversation_rows
        if rows is not None and rows not in _CONVERSATION_ROWS:
            message = "conversation_rows is keep_redacted or none."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="conversation_rows")
        named = ("is_enforced", "ineligible", "is_hipaa", "conversation_rows")
        changes = {name: getattr(record, name) for name in named if getattr(record, name) is not None}
        if changes:
            changed = replace(workspace, **changes)
            await self._administration.change_workspace(changed, caller.key_id, "zero_retention.change")
        return policy_of(self._accounts.workspaces[caller.workspace_id])

    def _own_key(self, caller: Caller, service_account_id: str, key_id: str) -> ApiKey:
        key = self._accounts.keys.get(key_id)
        if key is None or key.workspace_id != caller.workspace_id or key.service_account_id != service_account_id:
            raise _not_found()
        return key

    def _check_not_more(self, caller: Caller, scopes: Sequence[str] | None) -> None:
        own = self._accounts.keys[caller.key_id].scopes
        if own is not None and (scopes is None or not own.issuperset(scopes)):
            message = "A key cannot give permissions that it does not have."
            raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message)

    def _account_view(self, account: ServiceAccount) -> ServiceAccountView:
        keys = [
            key_view(self._accounts, key)
            for key in self._accounts.keys_of(account.workspace_id)
            if key.service_account_id == account.service_account_id
        ]
        return ServiceAccountView(account.service_account_id, account.name, account.created_unix, keys)


def key_view(accounts: Accounts, key: ApiKey) -> KeyView:
    """Return a key as it crosses, without its secret."""
    return KeyView(
        key_id=key.key_id, name=key.name, hint=key.hint, service_account_id=key.service_account_id,
        created_unix=key.created_unix, is_disabled=key.is_disabled,
        scopes=None if key.scopes is None else sorted(key.scopes), character_limit=key.character_limit,
        character_count=accounts.meter(key.key_id).character_count, expires_unix=key.expires_unix,
        retention=key.retention,
    )  # fmt: skip


def is_permitted(workspace: Workspace) -> bool:
    """Whether a workspace may have zero retention."""
    return workspace.is_enterprise and workspace.is_entitled and not workspace.is_restricted


def policy_of(workspace: Workspace) -> ZeroRetentionPolicy:
    """Return the policy as it crosses."""
    return ZeroRetentionPolicy(
        is_permitted=is_permitted(workspace), tier=workspace.tier, is_restricted=workspace.is_restricted,
        restriction_reason=workspace.restriction_reason, restricted_since_unix=workspace.restricted_since_unix,
        notified_at_unix=workspace.notified_at_unix, is_enforced=workspace.is_enforced,
        ineligible=workspace.ineligible, is_hipaa=workspace.is_hipaa, conversation_rows=workspace.conversation_rows,
    )  # fmt: skip


def _not_found() -> EcholessError:
    return EcholessError(ErrorCode.NOT_FOUND, "There is no service account or key with this id.")
