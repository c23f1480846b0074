"""The desk of the queries: which question needs which scope, and who answers it.

Questions travel under the ticket of a reading or administrative request. A generation ticket may ask for earlier
requests if it is a DEFAULT one, and in both modes for the voices and dictionaries that it names by id: nothing of
those questions is written, so text cannot be smuggled into a name or a search.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.dialogue_records import ResolveVoices
from echoless.crossing.dictionary_records import (
    AddRules,
    CreateDictionary,
    EditDictionary,
    GetDictionary,
    ListDictionaries,
    ReadRules,
    RemoveRules,
    SetRules,
    UseDictionary,
)
from echoless.crossing.query_records import (
    CheckRequestIds,
    CreateKey,
    CreateServiceAccount,
    DeleteHistoryItem,
    DeleteKey,
    DisableOwnKey,
    EditKey,
    EditVoiceSettings,
    GetAccount,
    GetHistoryItem,
    GetUsage,
    GetVoice,
    GetZeroRetention,
    ListAuditEntries,
    ListHistory,
    ListRequests,
    ListServiceAccounts,
    ListVoices,
    ReadItemAlignment,
    ReadItemAudio,
    SetZeroRetention,
)
from echoless.crossing.records import Record, Refused
from echoless.crossing.socket_records import MintToken
from echoless.vault.queries.dictionaries import DictionaryQueries
from echoless.vault.queries.keys import KeyQueries
from echoless.vault.queries.reading import HistoryQueries, NumberQueries, VoiceQueries
from echoless.vault.stores.accounts import Accounts, Caller

Answer = Callable[[Caller, Any], Awaitable[Record]]
READ_HISTORY: Final = "speech_history_read"


@dataclass(frozen=True, slots=True)
class Question:
    """How one kind of question is answered.

    scopes: any one of these is enough
    """

    scopes: tuple[str, ...]
    answer: Answer


class QueryDesk:
    """Answers every question that has one answer."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        history: HistoryQueries,
        voices: VoiceQueries,
        numbers: NumberQueries,
        keys: KeyQueries,
        dictionaries: DictionaryQueries,
        mint_token: Answer,
    ) -> None:
        self._accounts = accounts
        reads_workspace, reads_user = ("workspace_read",), ("user_read",)
        writes_keys, writes_policy = ("service_account_write",), ("workspace_write",)
        self._questions: dict[type[Record], Question] = {
            ListHistory: Question((READ_HISTORY,), history.page),
            GetHistoryItem: Question((READ_HISTORY,), history.item),
            ReadItemAlignment: Question((READ_HISTORY,), history.alignment),
            DeleteHistoryItem: Question(("speech_history_write",), history.delete),
            CheckRequestIds: Question(("text_to_speech",), history.check_request_ids),
            ListVoices: Question(("voices_read",), voices.all),
            GetVoice: Question(("voices_read",), voices.one),
            ResolveVoices: Question(("text_to_speech",), voices.resolve),
            EditVoiceSettings: Question(("voices_write",), voices.edit_settings),
            **_dictionary_questions(dictionaries),
            GetAccount: Question(("user_read", "models_read"), numbers.account),
            GetUsage: Question((*reads_user, *reads_workspace), numbers.usage),
            ListRequests: Question(reads_workspace, numbers.requests),
            ListAuditEntries: Question(("audit_log_read",), numbers.audit),
            GetZeroRetention: Question(reads_workspace, keys.get_policy),
            SetZeroRetention: Question(writes_policy, keys.set_policy),
            ListServiceAccounts: Question(reads_workspace, keys.list_accounts),
            CreateServiceAccount: Question(writes_keys, keys.create_account),
            CreateKey: Question(writes_keys, keys.create_key),
            EditKey: Question(writes_keys, keys.edit_key),
            DeleteKey: Question(writes_keys, keys.delete_key),
            MintToken: Question(("user_write",), mint_token),
            DisableOwnKey: Question(("user_write",), keys.disable_own),
        }

    def knows(self, record: Record) -> bool:
        """Whether this is a question."""
        return type(record) in self._questions or isinstance(record, ReadItemAudio)

    def may_ask(self, caller: Caller, record: Record) -> Refused | None:
        """Return why this caller may not ask this, or None.

        The key is looked at again: it may have been disabled since the ticket was granted.
        """
        key = self._accounts.keys.get(caller.key_id)
        scopes = (READ_HISTORY,) if isinstance(record, ReadItemAudio) else self._questions[type(record)].scopes
        if key is None or key.is_disabled:
            return Refused(code=ErrorCode.INVALID_API_KEY.value, message="The API key is no longer valid.")
        if not any(key.allows(scope) for scope in scopes):
            message = f"The API key lacks the permission {scopes[0]}, which this operation needs."
            return Refused(code=ErrorCode.MISSING_PERMISSIONS.value, message=message)
        return None

    async def answer(self, caller: Caller, record: Record) -> Record:
        """Answer a question; a refusal is an answer too."""
        try:
            return await self._questions[type(record)].answer(caller, record)
        except EcholessError as error:
            return Refused(code=error.code.value, message=error.public_description, param=error.param)


def _dictionary_questions(dictionaries: DictionaryQueries) -> dict[type[Record], Question]:
    reads, writes = ("pronunciation_dictionaries_read",), ("pronunciation_dictionaries_write",)
    return {
        CreateDictionary: Question(writes, dictionaries.create),
        EditDictionary: Question(writes, dictionaries.edit),
        SetRules: Question(writes, dictionaries.set_rules),
        AddRules: Question(writes, dictionaries.add_rules),
        RemoveRules: Question(writes, dictionaries.remove_rules),
        GetDictionary: Question(reads, dictionaries.get),
        ListDictionaries: Question(reads, dictionaries.page),
        ReadRules: Question(reads, dictionaries.read),
        UseDictionary: Question(("text_to_speech",), dictionaries.read),
    }
