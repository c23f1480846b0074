"""(queries) The operator's door: workspaces, keys, aliases, restrictions, and the audit's positive control."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICE_BY_ID
from echoless.crossing.operator_records import (
    CreateWorkspace,
    KeptFound,
    KeyList,
    ListVoiceAliases,
    ListWorkspaces,
    OperatorCreateKey,
    OperatorListKeys,
    OperatorRevokeKey,
    SearchKept,
    SetConcurrency,
    SetRestriction,
    SetVoiceAlias,
    VoiceAliases,
    WorkspaceCreated,
    WorkspaceList,
    WorkspaceView,
)
from echoless.crossing.query_records import Done, KeyCreated
from echoless.crossing.records import Record, Refused
from echoless.vault.notices.restrictions import RestrictionReason, Restrictions
from echoless.vault.queries.administration import Administration, checked_concurrency
from echoless.vault.queries.keys import key_view
from echoless.vault.stores.accounts import ServiceAccount, Workspace
from echoless.vault.stores.drafts import ItemHead
from echoless.vault.stores.history import HistoryFilter, HistoryReader
from echoless.vault.stores.numbers import count_items
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import OPERATOR

_REASONS: Final = frozenset(reason.value for reason in RestrictionReason)
_STEP_ITEMS: Final = 64


class OperatorDesk:
    """Serves the operator."""

    def __init__(
        self, storage: Storage, administration: Administration, clock: Clock, restrictions: Restrictions
    ) -> None:
        self._restrictions = restrictions
        self._storage = storage
        self._administration = administration
        self._clock = clock
        self._acts: dict[type[Record], Callable[[Any], Awaitable[Record]]] = {
            CreateWorkspace: self._create_workspace,
            ListWorkspaces: self._list_workspaces,
            OperatorCreateKey: self._create_key,
            OperatorListKeys: self._list_keys,
            OperatorRevokeKey: self._revoke_key,
            SetVoiceAlias: self._set_alias,
            ListVoiceAliases: self._list_aliases,
            SetRestriction: self._set_restriction,
            SetConcurrency: self._set_concurrency,
            SearchKept: self._search_kept,
        }

    def add(self, acts: Mapping[type[Record], Callable[[Any], Awaitable[Record]]]) -> None:
        """Serve more records."""
        assert not self._acts.keys() & acts.keys(), "one record has one answer"
        self._acts.update(acts)

    async def serve(self, record: Record) -> Record:
        """Answer one record of the operator; a refusal is an answer too.

        raises: EcholessError(CROSSING_BROKEN) for a record that is no question
        """
        act = self._acts.get(type(record))
        if act is None:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "this record is no question of an operator")
        try:
            return await act(record)
        except EcholessError as error:
            return Refused(code=error.code.value, message=error.public_description, param=error.param)

    async def _create_workspace(self, record: CreateWorkspace) -> WorkspaceCreated:
        workspace, key, secret = await self._administration.create_workspace(
            record.name, record.tier, is_entitled=record.is_entitled, concurrency_max=record.concurrency_max
        )
        return WorkspaceCreated(workspace.workspace_id, key.key_id, secret)

    async def _list_workspaces(self, _record: ListWorkspaces) -> WorkspaceList:
        accounts = self._storage.accounts
        counts = await self._storage.read(lambda reader: count_items(reader.vault))
        views = []
        for workspace in accounts.workspaces.values():
            view = WorkspaceView(
                workspace_id=workspace.workspace_id, name=workspace.name, tier=workspace.tier,
                is_entitled=workspace.is_entitled, is_enforced=workspace.is_enforced,
                is_restricted=workspace.is_restricted, created_unix=workspace.created_unix,
                key_count=len(list(accounts.keys_of(workspace.workspace_id))),
                history_item_count=counts.get(workspace.workspace_id, 0),
                character_count=accounts.meter(workspace.workspace_id).character_count,
                restriction_reason=workspace.restriction_reason, concurrency_max=workspace.concurrency_max,
            )  # fmt: skip
            views.append(view)
        return WorkspaceList(views)

    async def _create_key(self, record: OperatorCreateKey) -> KeyCreated:
        workspace = self._workspace(record.workspace_id)
        key, secret = await self._administration.create_key(
            self._owner_of(workspace), record.name, OPERATOR, scopes=record.scopes, retention=record.retention,
            character_limit=record.character_limit, expires_unix=record.expires_unix,
            allowed_networks=record.allowed_networks, concurrency_limits=record.concurrency_limits,
        )  # fmt: skip
        return KeyCreated(key.key_id, secret)

    async def _list_keys(self, record: OperatorListKeys) -> KeyList:
        workspace = self._workspace(record.workspace_id)
        accounts = self._storage.accounts
        return KeyList([key_view(accounts, key) for key in accounts.keys_of(workspace.workspace_id)])

    async def _revoke_key(self, record: OperatorRevokeKey) -> Done:
        key = self._storage.accounts.keys.get(record.key_id)
        if key is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no key with this id.")
        await self._administration.delete_key(key, OPERATOR)
        return Done()

    async def _set_alias(self, record: SetVoiceAlias) -> Done:
        if record.catalogue_id and record.catalogue_id not in VOICE_BY_ID:
            raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "There is no such voice in the catalogue.")
        if not record.voice_id or record.voice_id in VOICE_BY_ID:
            message = "An alias needs an id that is not a catalogue voice's own."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="voice_id")
        if not record.catalogue_id and record.voice_id not in self._storage.accounts.voice_aliases:
            raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "No voice was mapped to this id.")
        await self._administration.set_voice_alias(record.voice_id, record.catalogue_id)
        return Done()

    async def _list_aliases(self, _record: ListVoiceAliases) -> VoiceAliases:
        return VoiceAliases(dict(self._storage.accounts.voice_aliases))

    async def _set_restriction(self, record: SetRestriction) -> Done:
        workspace = self._workspace(record.workspace_id)
        if record.is_restricted and record.reason not in _REASONS:
            message = "The reason is high_risk, flagged or discretion."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="reason")
        if record.is_restricted:
            await self._restrictions.restrict(workspace.workspace_id, RestrictionReason(record.reason), OPERATOR)
        else:
            await self._restrictions.lift(workspace.workspace_id, OPERATOR)
        return Done()

    async def _set_concurrency(self, record: SetConcurrency) -> Done:
        workspace = self._workspace(record.workspace_id)
        concurrency_max = checked_concurrency(record.concurrency_max)
        await self._administration.change_workspace(
            workspace.workspace_id, lambda before: replace(before, concurrency_max=concurrency_max), OPERATOR,
            "workspace.change",
        )  # fmt: skip
        return Done()

    async def _search_kept(self, record: SearchKept) -> KeptFound:
        if not record.needle:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "An empty text is everywhere.", param="needle")
        found_count = searched_bytes = 0
        for workspace_id in tuple(self._storage.accounts.workspaces):
            after: int | None = None
            while True:
                step = await self._storage.read(_texts_step(HistoryFilter(workspace_id), after))
                if not step:
                    break
                after = step[-1][0]
                found_count += sum(record.needle in text for _, text in step)
                searched_bytes += sum(len(text.encode("utf-8", "surrogatepass")) for _, text in step)
        return KeptFound(found_count, searched_bytes)

    def _workspace(self, workspace_id: str) -> Workspace:
        workspace = self._storage.accounts.workspaces.get(workspace_id)
        if workspace is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no workspace with this id.")
        return workspace

    def _owner_of(self, workspace: Workspace) -> ServiceAccount:
        return min(_accounts_of(self._storage, workspace), key=lambda account: account.created_unix)


def _accounts_of(storage: Storage, workspace: Workspace) -> Iterable[ServiceAccount]:
    everybody = storage.accounts.service_accounts.values()
    return (account for account in everybody if account.workspace_id == workspace.workspace_id)


def _texts_step(wanted: HistoryFilter, after: int | None) -> Callable[[HistoryReader], list[tuple[int, str]]]:
    """Return a step that reads a few texts, each with its place, so that the reader is never held for long."""
    return lambda reader: [(item.sequence, _whole(item.head)) for item in reader.step(wanted, after, _STEP_ITEMS)]


def _whole(head: ItemHead) -> str:
    """Return every text that is sealed in an item: what was said, and what was named as standing around it."""
    around = [text for text in (head.previous_text, head.next_text) if text]
    return "\n".join((head.all_text(), *around))
