"""(queries) Service accounts, keys and the retention policy of the caller's own workspace.

A key gives nothing that it does not have: neither permissions, nor characters, nor time, nor freedom from a floor.
Whatever narrows a key is always allowed; whatever widens one must end within the key that asks.
"""

from __future__ import annotations

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
from echoless.retention.decision import Ineligible
from echoless.retention.floors import binds_to_zero, is_looser
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
        """Make a key that can do no more than the key that asks; it has that one's floor unless told.

        raises: EcholessError(NOT_FOUND); EcholessError(MISSING_PERMISSIONS) for more than the caller has;
                EcholessError(INVALID_PARAMETERS) for an unknown permission or an end that is too near
        """
        account = self._accounts.service_accounts.get(record.service_account_id)
        if account is None or account.workspace_id != caller.workspace_id:
            raise _not_found()
        own = self._accounts.keys[caller.key_id]
        wanted = replace(
            own, scopes=checked_scopes(record.scopes), character_limit=record.character_limit,
            expires_unix=record.expires_unix, retention=record.retention or own.retention,
        )  # fmt: skip
        _check_within(own, wanted)
        key, secret = await self._administration.create_key(
            account, record.name, caller.key_id, scopes=record.scopes, character_limit=record.character_limit,
            expires_unix=record.expires_unix, retention=wanted.retention,
        )  # fmt: skip
        return KeyCreated(key.key_id, secret)

    async def edit_key(self, caller: Caller, record: EditKey) -> KeyView:
        """Change a key.

        raises: as `create_key`
        """
        self._own_key(caller, record.service_account_id, record.key_id)

        def change(before: ApiKey) -> ApiKey:
            own, after = self._accounts.keys[caller.key_id], changed_key(before, record)
            if record.scopes is not None or record.has_all_scopes:
                _check_scopes(own, after)
            if _widens(before, after):
                _check_within(own, after)
            return after

        key = await self._administration.change_key(record.key_id, change, caller.key_id, "key.change")
        return key_view(self._accounts, key)

    async def delete_key(self, caller: Caller, record: DeleteKey) -> Done:
        """Delete a key."""
        key = self._own_key(caller, record.service_account_id, record.key_id)
        await self._administration.delete_key(key, caller.key_id)
        return Done()

    async def disable_own(self, caller: Caller, _record: DisableOwnKey) -> Done:
        """Disable the key that asks."""
        await self._administration.change_key(
            caller.key_id, lambda key: replace(key, is_disabled=True), caller.key_id, "key.disable"
        )
        return Done()

    async def get_policy(self, caller: Caller, _record: GetZeroRetention) -> ZeroRetentionPolicy:
        """Return the retention policy."""
        return policy_of(self._accounts.workspaces[caller.workspace_id])

    async def set_policy(self, caller: Caller, record: SetZeroRetention) -> ZeroRetentionPolicy:
        """Change the retention policy.

        raises: EcholessError(ZERO_RETENTION_NOT_PERMITTED) where enforcing would refuse every request;
                EcholessError(MISSING_PERMISSIONS) where a key with a floor would lift the workspace's;
                EcholessError(INVALID_PARAMETERS) for an unknown word
        """
        rows = record.conversation_rows
        if rows is not None and rows not in _CONVERSATION_ROWS:
            message = "conversation_rows is keep_redacted or none."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="conversation_rows")
        named = ("is_enforced", "ineligible", "is_hipaa", "conversation_rows")
        changes = {name: getattr(record, name) for name in named if getattr(record, name) is not None}
        if not changes:
            return policy_of(self._accounts.workspaces[caller.workspace_id])

        def change(before: Workspace) -> Workspace:
            after = replace(before, **changes)
            _check_policy(self._accounts.keys[caller.key_id], before, after)
            return after

        changed = await self._administration.change_workspace(
            caller.workspace_id, change, caller.key_id, "zero_retention.change"
        )
        return policy_of(changed)

    def _own_key(self, caller: Caller, service_account_id: str, key_id: str) -> ApiKey:
        key = self._accounts.keys.get(key_id)
        if key is None or key.workspace_id != caller.workspace_id or key.service_account_id != service_account_id:
            raise _not_found()
        return key

    def _account_view(self, account: ServiceAccount) -> ServiceAccountView:
        keys = [
            key_view(self._accounts, key)
            for key in self._accounts.keys_of(account.workspace_id)
            if key.service_account_id == account.service_account_id
        ]
        return ServiceAccountView(account.service_account_id, account.name, account.created_unix, keys)


def changed_key(key: ApiKey, record: EditKey) -> ApiKey:
    """Return a key as a change leaves it.

    raises: EcholessError(INVALID_PARAMETERS) for an unknown permission
    """
    if record.has_all_scopes or record.scopes is not None:
        key = replace(key, scopes=checked_scopes(None if record.has_all_scopes else record.scopes))
    if record.is_enabled is not None:
        key = replace(key, is_disabled=not record.is_enabled)
    if record.clears_character_limit or record.character_limit is not None:
        key = replace(key, character_limit=None if record.clears_character_limit else record.character_limit)
    return replace(
        key, name=record.name or key.name, retention=record.retention or key.retention,
        expires_unix=key.expires_unix if record.expires_unix is None else record.expires_unix,
    )  # fmt: skip


def _widens(before: ApiKey, after: ApiKey) -> bool:
    """Whether a change lets a key do anything that it could not do."""
    return (
        (before.is_disabled and not after.is_disabled)
        or (before.scopes is not None and (after.scopes is None or not after.scopes <= before.scopes))
        or _is_more(after.character_limit, before.character_limit)
        or _is_more(after.expires_unix, before.expires_unix)
        or is_looser(after.retention, before.retention)
    )


def _is_more(bound: int | None, than: int | None) -> bool:
    """Whether a bound allows more than another; None is no bound."""
    return than is not None and (bound is None or bound > than)


def _check_within(own: ApiKey, wanted: ApiKey) -> None:
    """Prove that a key can do no more than the one that asks for it."""
    _check_scopes(own, wanted)
    if is_looser(wanted.retention, own.retention):
        message = "A key that is bound to zero retention cannot make or free one that is not."
        raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param="retention")
    # Each key has a count of its own, so even an equal limit would be characters on top of the caller's.
    if own.character_limit is not None and wanted.character_limit != 0:
        message = "A key with a character limit cannot give characters to another, only a limit of 0."
        raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param="character_limit")
    if _is_more(wanted.expires_unix, own.expires_unix):
        message = "A key cannot give more time than it has itself."
        raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param="expires_at_unix")


def _check_scopes(own: ApiKey, wanted: ApiKey) -> None:
    if own.scopes is not None and (wanted.scopes is None or not own.scopes.issuperset(wanted.scopes)):
        message = "A key cannot give permissions that it does not have."
        raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param="permissions")


def _check_policy(own: ApiKey, before: Workspace, after: Workspace) -> None:
    """Prove that a policy can be had, and that a key with a floor does not lift its workspace's."""
    if after.is_enforced and not before.is_enforced and not is_permitted(before):
        message = "This workspace cannot have zero retention, so it cannot be enforced."
        raise EcholessError(ErrorCode.ZERO_RETENTION_NOT_PERMITTED, message, param="enforced")
    lifts = before.is_enforced and not after.is_enforced
    loosens = before.ineligible is Ineligible.REFUSE and after.ineligible is Ineligible.ALLOW
    if binds_to_zero(own.retention) and (lifts or loosens):
        message = "A key that is bound to zero retention cannot loosen the workspace's."
        raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param="enforced" if lifts else "ineligible")


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
