"""(queries) Service accounts and keys of the caller's own workspace, each change within what the caller may do."""

from __future__ import annotations

from dataclasses import replace

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.policy_records import SetSelfDisabling
from echoless.crossing.query_records import (
    CreateKey,
    CreateServiceAccount,
    DeleteKey,
    DisableOwnKey,
    Done,
    EditKey,
    KeyCreated,
    KeyView,
    ListServiceAccounts,
    ServiceAccountList,
    ServiceAccountView,
)
from echoless.vault.queries.administration import Administration, checked_limits, checked_scopes
from echoless.vault.queries.key_changes import changed_key, check_scopes, check_within, widens
from echoless.vault.stores.accounts import Accounts, ApiKey, Caller, ServiceAccount
from echoless.vault.stores.networks import networks_of, words_of


class KeyQueries:
    """Answers questions about keys."""

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
        own = self._own(caller)
        wanted = replace(
            own, scopes=checked_scopes(record.scopes), character_limit=record.character_limit,
            expires_unix=record.expires_unix, retention=record.retention or own.retention,
            allowed_networks=networks_of(record.allowed_networks),
            concurrency_limits=checked_limits(record.concurrency_limits),
        )  # fmt: skip
        check_within(own, wanted)
        key, secret = await self._administration.create_key(
            account, record.name, caller.key_id, scopes=record.scopes, character_limit=record.character_limit,
            expires_unix=record.expires_unix, retention=wanted.retention,
            allowed_networks=record.allowed_networks, concurrency_limits=record.concurrency_limits,
            self_disabling=record.self_disabling,
        )  # fmt: skip
        return KeyCreated(key.key_id, secret)

    async def edit_key(self, caller: Caller, record: EditKey) -> KeyView:
        """Change a key.

        raises: as `create_key`
        """
        self._own_key(caller, record.service_account_id, record.key_id)

        def change(before: ApiKey) -> ApiKey:
            own, after = self._own(caller), changed_key(before, record)
            if record.scopes is not None or record.has_all_scopes:
                check_scopes(own, after)
            if widens(before, after):
                check_within(own, after)
            return after

        key = await self._administration.change_key(record.key_id, change, caller.key_id, "key.change")
        return key_view(self._accounts, key)

    async def delete_key(self, caller: Caller, record: DeleteKey) -> Done:
        """Delete a key."""
        key = self._own_key(caller, record.service_account_id, record.key_id)
        await self._administration.delete_key(key, caller.key_id)
        return Done()

    async def set_self_disabling(self, caller: Caller, record: SetSelfDisabling) -> Done:
        """Say whether holders of keys may disable them."""
        await self._administration.change_workspace(
            caller.workspace_id, lambda before: replace(before, self_disabling=record.is_allowed), caller.key_id,
            "workspace.self_disabling",
        )  # fmt: skip
        return Done()

    async def disable_own(self, caller: Caller, _record: DisableOwnKey) -> Done:
        """Disable the key that asks, where its holder may.

        raises: EcholessError(MISSING_PERMISSIONS) where that is switched off for the key or its workspace;
                EcholessError(INVALID_PARAMETERS) for a member, who has a session and no key
        """
        if caller.is_member:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "A session is no API key.", param="api_key_name")
        key, workspace = self._own(caller), self._accounts.workspaces[caller.workspace_id]
        word = workspace.self_disabling if key.self_disabling is None else key.self_disabling
        if word is False:
            message = "Holders of this API key may not disable it; ask the workspace's administrators."
            raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message)
        await self._administration.change_key(
            caller.key_id, lambda key: replace(key, is_disabled=True), caller.key_id, "key.disable"
        )
        return Done()

    def _own(self, caller: Caller) -> ApiKey:
        """Return what the caller may do as things stand now, in the form of a key."""
        own = self._accounts.valid_rights_of(caller)
        if own is None:
            raise EcholessError(ErrorCode.INVALID_API_KEY, "The API key is no longer valid.")
        # A login ends by itself; what a member made while it was open need not.
        return replace(own, expires_unix=None) if caller.is_member else own

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


def key_view(accounts: Accounts, key: ApiKey) -> KeyView:
    """Return a key as it crosses, without its secret."""
    return KeyView(
        key_id=key.key_id, name=key.name, hint=key.hint, service_account_id=key.service_account_id,
        created_unix=key.created_unix, is_disabled=key.is_disabled,
        scopes=None if key.scopes is None else sorted(key.scopes), character_limit=key.character_limit,
        character_count=accounts.meter(key.key_id).character_count, expires_unix=key.expires_unix,
        retention=key.retention, allowed_networks=words_of(key.allowed_networks),
        concurrency_limits=dict(key.concurrency_limits or {}), has_ended=key.ended_unix is not None,
        self_disabling=key.self_disabling,
    )  # fmt: skip


def _not_found() -> EcholessError:
    return EcholessError(ErrorCode.NOT_FOUND, "There is no service account or key with this id.")
