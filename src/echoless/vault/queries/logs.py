"""(queries) The logs that hold content: a workspace's settings, and the operator's reading of them.

Nobody reads an entry without a reason, and the reason is committed to the workspace's audit trail, sealed, before
the first entry is opened: whoever's words are read can see that they were, by whom, and why.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import msgspec

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.log_records import (
    FindingView,
    GetLogSettings,
    LogEntryView,
    LogPage,
    LogSettings,
    ReadLog,
    SetLogSettings,
)
from echoless.crossing.records import Record
from echoless.retention.schedule import Kept, ended_before_ms
from echoless.vault.erasure.schedule import Schedule
from echoless.vault.stores.accounts import Caller, Workspace
from echoless.vault.stores.log_entries import LogEntry, LogName, read_entries
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import OPERATOR, audit_row, sealed_reason

Act = Callable[[Any], Awaitable[Record]]
ChangeWorkspace = Callable[[str, Callable[[Workspace], Workspace], str, str], Awaitable[Workspace]]
"""Changes a workspace: which, how, who did it, and the word for it on the trail."""
PAGE_ENTRIES_MAX: Final = 500
PAGE_BYTES_MAX: Final = 512 * 1024
_STEP: Final = 50
_KEPT: Final = {LogName.DEBUG: Kept.DEBUG_LOG, LogName.MODERATION: Kept.MODERATION_LOG}
# Words of a person: a few at least, on one line, without an address, which no trail of ours holds.
_REASON: Final = re.compile(r"(?=.*\w.*\w.*\w)[^\x00-\x1f\x7f@]{3,300}")


class LogQueries:
    """Answers questions about the logs."""

    def __init__(self, storage: Storage, schedule: Schedule, clock: Clock, change: ChangeWorkspace) -> None:
        self._storage = storage
        self._change = change
        self._schedule = schedule
        self._clock = clock

    def acts(self) -> Mapping[type[Record], Act]:
        """Return what the operator may ask."""
        return {ReadLog: self.read}

    # --- of a workspace ---

    async def get_settings(self, caller: Caller, _record: GetLogSettings) -> LogSettings:
        """Return what becomes of the workspace's logs."""
        workspace = self._storage.accounts.workspaces[caller.workspace_id]
        lives = self._schedule.lives
        return LogSettings(
            erase_logs_with_item=workspace.erase_logs_with_item,
            debug_log_days=lives[Kept.DEBUG_LOG], moderation_log_days=lives[Kept.MODERATION_LOG],
        )  # fmt: skip

    async def set_settings(self, caller: Caller, record: SetLogSettings) -> LogSettings:
        """Change what becomes of the workspace's logs, from the next deletion on."""
        erases = record.erase_logs_with_item
        activity = "logs.erase_with_item" if erases else "logs.keep_with_item"
        await self._change(
            caller.workspace_id, lambda workspace: replace(workspace, erase_logs_with_item=erases),
            caller.key_id, activity,
        )  # fmt: skip
        return await self.get_settings(caller, GetLogSettings())

    # --- of the operator ---

    async def read(self, record: ReadLog) -> LogPage:
        """Note the reason, then return entries.

        raises: EcholessError(INVALID_PARAMETERS) for a log that there is not, or words that are no reason;
                EcholessError(NOT_FOUND) for a workspace that there is not
        """
        if record.log not in set(LogName):
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "the logs are debug and moderation", param="log")
        log, reason = LogName(record.log), record.reason.strip()
        if _REASON.fullmatch(reason) is None:
            message = "a reason is 3 to 300 characters on one line, without an e-mail address"
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="reason")
        if record.workspace_id not in self._storage.accounts.workspaces:
            raise EcholessError(ErrorCode.NOT_FOUND, "no workspace has this id")
        seal = partial(sealed_reason, self._storage.keyring, record.workspace_id, reason)
        act = audit_row(
            self._clock, record.workspace_id, OPERATOR, f"logs.read_{log.value}", record.workspace_id, seal=seal
        )
        await self._storage.writer.now(act)
        return await self._page(log, record)

    async def _page(self, log: LogName, record: ReadLog) -> LogPage:
        before_ms = ended_before_ms(self._schedule.lives[_KEPT[log]], self._clock.unix_ms())
        wanted = min(max(record.count, 1), PAGE_ENTRIES_MAX)
        views: list[LogEntryView] = []
        size_bytes, last = 0, record.before_sequence
        while True:
            found = await self._storage.read(
                partial(
                    read_entries,
                    log=log,
                    workspace_id=record.workspace_id,
                    since_ms=before_ms or 0,
                    count=_STEP,
                    before_sequence=last,
                    request_id=record.request_id,
                )
            )
            for view in map(_view, found):
                size_bytes += len(msgspec.msgpack.encode(view))
                if len(views) == wanted or (views and size_bytes > PAGE_BYTES_MAX):
                    return LogPage(views, has_more=True)
                views.append(view)
            if len(found) < _STEP:
                return LogPage(views, has_more=False)
            last = found[-1].sequence


def _view(entry: LogEntry) -> LogEntryView:
    content = entry.content
    return LogEntryView(
        sequence=entry.sequence, time_ms=entry.time_ms, request_id=entry.request_id, item_id=entry.item_id,
        code=entry.code, endpoint=content.endpoint, key_id=content.key_id, model_id=content.model_id,
        voice_id=content.voice_id, parameters=content.parameters, text=content.text, dialogue=content.dialogue,
        previous_text=content.previous_text, next_text=content.next_text, transcript=content.transcript,
        is_cut=content.is_cut, findings=list(_findings(entry)),
    )  # fmt: skip


def _findings(entry: LogEntry) -> Iterable[FindingView]:
    for finding in entry.content.findings:
        yield FindingView(finding.category, finding.severity, finding.excerpts)
