"""(queries) Changes to workspaces, service accounts and keys. Committed first, then in force, and on the trail.

One change at a time, so that two of them cannot undo each other. A key's secret is returned once and never stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_api_key, new_opaque_id
from echoless.retention.decision import RetentionMode
from echoless.vault.queries.policy_logging import PolicyLogging
from echoless.vault.stores.accounts import (
    CHARACTERS_BY_TIER,
    ENTERPRISE,
    Accounts,
    ApiKey,
    ServiceAccount,
    Settings,
    Workspace,
)
from echoless.vault.stores.networks import networks_of
from echoless.vault.stores.plans import LANES_OF_KEYS
from echoless.vault.stores.rows import key_row, service_account_row, workspace_row
from echoless.vault.stores.scope_names import SCOPES
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import OPERATOR, audit_row
from echoless.vault.stores.writing import Row, Write

_HINT_CHARACTERS: Final = 4
_OWNER: Final = "owner"
CONCURRENCY_MAX: Final = 10_000
KEY_LIFE_S_MIN: Final = 15 * 60
"""The shortest life of a key, as the wire contract has it."""


def _nobody() -> None:
    """Stand for whoever is to be told, where there is nobody."""


class Administration:
    """Makes and changes what is in the accounts.

    when_changed: told after each change of a policy that the transparency log is to have
    """

    def __init__(self, storage: Storage, clock: Clock, when_changed: Callable[[], None] = _nobody) -> None:
        self._storage = storage
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._logging = PolicyLogging(storage.accounts, clock)
        self._tell = when_changed

    @property
    def accounts(self) -> Accounts:
        """What is in force."""
        return self._storage.accounts

    async def create_first_workspace(self, secret: str | None) -> tuple[Workspace, ApiKey, str]:
        """Make the workspace of a new installation, and note which key was its first.

        secret: the operator's own first key, or None for a random one
        """
        secret = secret or new_api_key()
        digest = self._storage.keyring.digest(secret).hex()
        hint = secret[-_HINT_CHARACTERS:]
        facts = [{"name": "first_key_digest", "value": digest}, {"name": "first_key_hint", "value": hint}]
        return await self.create_workspace("default", ENTERPRISE, is_entitled=True, secret=secret, facts=facts)

    async def create_workspace(
        self,
        name: str,
        tier: str,
        *,
        is_entitled: bool,
        concurrency_max: int | None = None,
        secret: str | None = None,
        facts: Sequence[Row] = (),
    ) -> tuple[Workspace, ApiKey, str]:
        """Make a workspace with an owner's account and a first key; return them and the key's secret.

        concurrency_max: generations at once; None for the server's own limit
        secret:          None for a random one
        facts:           rows of facts to be written in the same transaction
        raises:          EcholessError(INVALID_PARAMETERS) for an unknown tier, entitlement below enterprise, or no
                         concurrency at all
        """
        if tier not in CHARACTERS_BY_TIER:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "The tier is unknown.", param="tier")
        if is_entitled and tier != ENTERPRISE:
            message = "Only an enterprise workspace can be entitled to zero retention."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="tier")
        now = self._clock.unix_ms() // 1000
        workspace = Workspace(
            workspace_id=new_opaque_id(), user_id=new_opaque_id(), name=name, tier=tier, is_entitled=is_entitled,
            created_unix=now, character_limit=CHARACTERS_BY_TIER[tier],
            concurrency_max=checked_concurrency(concurrency_max),
        )  # fmt: skip
        account = ServiceAccount(new_opaque_id(), workspace.workspace_id, _OWNER, now)
        key, secret = self._new_key(account, _OWNER, secret=secret)
        wrapped = self._storage.keyring.new_workspace_key(workspace.workspace_id)
        async with self._one_at_a_time:
            await self._storage.writer.now(
                (Write.WORKSPACE_KEY, {"workspace_id": workspace.workspace_id, "wrapped": wrapped}),
                (Write.WORKSPACE, workspace_row(workspace)),
                (Write.SERVICE_ACCOUNT, service_account_row(account)),
                (Write.API_KEY, key_row(key)),
                *((Write.FACT, row) for row in facts),
                self._act(workspace.workspace_id, OPERATOR, "workspace.create", workspace.workspace_id),
                *self._logging.of_workspace(None, workspace, OPERATOR, "workspace.create"),
            )
            self.accounts.workspaces[workspace.workspace_id] = workspace
            self.accounts.service_accounts[account.service_account_id] = account
            self.accounts.put_key(key)
        self._tell()
        return workspace, key, secret

    async def change_workspace(
        self,
        workspace_id: str,
        change: Callable[[Workspace], Workspace],
        actor_id: str,
        activity: str,
        *,
        more: Sequence[tuple[Write, Row]] = (),
        is_policy: bool = True,
    ) -> Workspace:
        """Change a workspace as it stands when its turn comes; return it as it is now.

        change:    returns the changed workspace, or raises where it may not be
        more:      rows to be written in the same transaction; not where nothing changes
        is_policy: whether the change is one of policy, which has its own version and its place on the trail
        """
        async with self._one_at_a_time:
            before = self._known(workspace_id)
            changed = change(before)
            if changed == before:
                # Nothing to log, to enter or to tell: a new version would be one of the same policy.
                return before
            after = replace(changed, policy_version=before.policy_version + is_policy)
            act = (self._act(workspace_id, actor_id, activity, workspace_id),) if is_policy else ()
            logged = self._logging.of_workspace(before, after, actor_id, activity)
            await self._storage.writer.now((Write.WORKSPACE, workspace_row(after)), *act, *logged, *more)
            self.accounts.workspaces[workspace_id] = after
        self._tell()
        return after

    async def create_service_account(self, workspace_id: str, name: str, actor_id: str) -> ServiceAccount:
        """Make a service account without keys."""
        account = ServiceAccount(new_opaque_id(), workspace_id, name, self._clock.unix_ms() // 1000)
        act = self._act(workspace_id, actor_id, "service_account.create", account.service_account_id)
        async with self._one_at_a_time:
            self._known(workspace_id)
            await self._storage.writer.now((Write.SERVICE_ACCOUNT, service_account_row(account)), act)
            self.accounts.service_accounts[account.service_account_id] = account
        return account

    async def create_key(
        self,
        account: ServiceAccount,
        name: str,
        actor_id: str,
        *,
        scopes: Sequence[str] | None,
        character_limit: int | None = None,
        expires_unix: int | None = None,
        retention: RetentionMode,
        allowed_networks: Sequence[str] | None = None,
        concurrency_limits: Mapping[str, int] | None = None,
        self_disabling: bool | None = None,
    ) -> tuple[ApiKey, str]:
        """Make a key; return it and its secret, the only time that it is known.

        raises: EcholessError(INVALID_PARAMETERS) for an unknown permission, network or kind of limit, or an end
                that is too near
        """
        self._check_end(expires_unix)
        key, secret = self._new_key(
            account, name, scopes=checked_scopes(scopes), character_limit=character_limit,
            expires_unix=expires_unix, retention=retention,
        )  # fmt: skip
        key = replace(
            key, allowed_networks=networks_of(allowed_networks), self_disabling=self_disabling,
            concurrency_limits=checked_limits(concurrency_limits or {}) or None,
        )  # fmt: skip
        async with self._one_at_a_time:
            await self._save_key(None, key, actor_id, "key.create")
        return key, secret

    async def change_key(
        self, key_id: str, change: Callable[[ApiKey], ApiKey], actor_id: str, activity: str
    ) -> ApiKey:
        """Change a key as it stands when its turn comes, so that no change undoes another; return it as it is now.

        change: returns the changed key, or raises where it may not be
        raises: EcholessError(NOT_FOUND) where the key was deleted meanwhile;
                EcholessError(INVALID_PARAMETERS) for a new end that is too near; what `change` raises
        """
        async with self._one_at_a_time:
            before = self.accounts.keys.get(key_id)
            if before is None:
                raise EcholessError(ErrorCode.NOT_FOUND, "There is no key with this id.")
            after = change(before)
            if after.expires_unix != before.expires_unix:
                self._check_end(after.expires_unix)
            await self._save_key(before, after, actor_id, activity)
        return after

    async def _save_key(self, before: ApiKey | None, key: ApiKey, actor_id: str, activity: str) -> None:
        workspace = self._known(key.workspace_id)
        act = self._act(key.workspace_id, actor_id, activity, key.key_id)
        logged = self._logging.of_key(workspace, before, key, actor_id, activity)
        await self._storage.writer.now((Write.API_KEY, key_row(key)), act, *logged)
        self.accounts.put_key(key)
        self._tell()

    async def end_workspace(self, workspace_id: str, end: Callable[[], None]) -> None:
        """Forget a workspace that is being deleted, between two changes; none of it is written from then on.

        end: called while the workspace is still known
        """
        async with self._one_at_a_time:
            end()
            self.accounts.drop_workspace(workspace_id)

    def _known(self, workspace_id: str) -> Workspace:
        """Return a workspace that has not been deleted meanwhile.

        raises: EcholessError(NOT_FOUND)
        """
        found = self.accounts.workspaces.get(workspace_id)
        if found is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no workspace with this id.")
        return found

    def _check_end(self, expires_unix: int | None) -> None:
        if expires_unix is not None and expires_unix < self._clock.unix_ms() // 1000 + KEY_LIFE_S_MIN:
            message = "A key lives at least 15 minutes from now on."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="expires_at_unix")

    async def delete_key(self, key: ApiKey, actor_id: str) -> None:
        """Delete a key for good. It is refused from now on, even where the deletion cannot be stored at once."""
        async with self._one_at_a_time:
            if key.key_id not in self.accounts.keys:
                raise EcholessError(ErrorCode.NOT_FOUND, "There is no key with this id.")
            self.accounts.drop_key(key.key_id)
            act = self._act(key.workspace_id, actor_id, "key.delete", key.key_id)
            # So that no backup from before brings it back.
            await self._storage.writer.run(lambda _: self._storage.ledger.append([key.key_id]))
            await self._storage.writer.now((Write.API_KEY_REMOVED, {"gone_key_id": key.key_id}), act)

    async def set_voice_settings(self, workspace_id: str, voice_id: str, settings: Settings, actor_id: str) -> None:
        """Store a workspace's settings of a voice."""
        async with self._one_at_a_time:
            self._known(workspace_id)
            merged = {**self.accounts.voice_settings.get((workspace_id, voice_id), {}), **settings}
            row = {"workspace_id": workspace_id, "voice_id": voice_id, "settings": merged}
            await self._storage.writer.now((Write.VOICE_SETTINGS, row))
            self.accounts.voice_settings[workspace_id, voice_id] = merged

    async def set_voice_alias(self, voice_id: str, catalogue_id: str) -> None:
        """Store which catalogue voice another id means; an empty one takes the alias away."""
        async with self._one_at_a_time:
            if catalogue_id:
                row = {"voice_id": voice_id, "catalogue_id": catalogue_id}
                await self._storage.writer.now((Write.VOICE_ALIAS, row))
                self.accounts.voice_aliases[voice_id] = catalogue_id
            else:
                await self._storage.writer.now((Write.VOICE_ALIAS_REMOVED, {"gone_voice_id": voice_id}))
                self.accounts.voice_aliases.pop(voice_id, None)

    def _new_key(
        self,
        account: ServiceAccount,
        name: str,
        *,
        scopes: frozenset[str] | None = None,
        character_limit: int | None = None,
        expires_unix: int | None = None,
        retention: RetentionMode = RetentionMode.DEFAULT,
        secret: str | None = None,
    ) -> tuple[ApiKey, str]:
        secret = secret or new_api_key()
        key = ApiKey(
            key_id=new_opaque_id(), workspace_id=account.workspace_id,
            service_account_id=account.service_account_id, name=name, hint=secret[-_HINT_CHARACTERS:],
            digest=self._storage.keyring.digest(secret), created_unix=self._clock.unix_ms() // 1000,
            scopes=scopes, character_limit=character_limit, expires_unix=expires_unix, retention=retention,
        )  # fmt: skip
        return key, secret

    def _act(self, workspace_id: str, actor_id: str, activity: str, target_id: str) -> tuple[Write, Row]:
        return audit_row(self._clock, workspace_id, actor_id, activity, target_id)


def checked_concurrency(concurrency_max: int | None) -> int | None:
    """Return a limit of generations at once, or None for the server's own.

    raises: EcholessError(INVALID_PARAMETERS) for one that is not from 1 to 10,000
    """
    if concurrency_max is not None and not 1 <= concurrency_max <= CONCURRENCY_MAX:
        message = f"The concurrency of a workspace is from 1 to {CONCURRENCY_MAX}."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="concurrency")
    return concurrency_max


def checked_limits(limits: Mapping[str, int]) -> dict[str, int]:
    """Return limits of generations at once, each of a kind that keys may have a limit of.

    raises: EcholessError(INVALID_PARAMETERS) for another kind, or a limit that is not from 1 to 10,000
    """
    for lane, limit in limits.items():
        if lane not in LANES_OF_KEYS or not 1 <= limit <= CONCURRENCY_MAX:
            message = f"The concurrency of a key is from 1 to {CONCURRENCY_MAX}."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=LANES_OF_KEYS.get(lane))
    return dict(limits)


def checked_scopes(scopes: Sequence[str] | None) -> frozenset[str] | None:
    """Return scopes, each proved to exist.

    raises: EcholessError(INVALID_PARAMETERS)
    """
    if scopes is not None and not SCOPES.issuperset(scopes):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "A permission is unknown.", param="permissions")
    return None if scopes is None else frozenset(scopes)
