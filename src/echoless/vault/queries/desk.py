"""The desk of the queries: which question needs which scope and belongs to which endpoint, and who answers it.

Questions travel under the ticket of a reading or administrative request. A generation ticket may ask for earlier
requests if it is a DEFAULT one, and in both modes for the voices, dictionaries and webhooks that it names by id:
nothing of those questions is written, so text cannot be smuggled into a name or a search.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
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
from echoless.crossing.kept_records import DeleteTranscript, ReadInputAudio, ReadTranscript, ReadTranscriptAudio
from echoless.crossing.log_records import DeleteMany, GetDeletionProgress, GetLogSettings, SetLogSettings
from echoless.crossing.notice_records import GetModeration, ListNotices
from echoless.crossing.number_records import (
    GetUsage,
    ListAuditEntries,
    ListRequests,
)
from echoless.crossing.policy_records import ForeseeRequest, GetRetention, SetSelfDisabling
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
    GetVoice,
    GetZeroRetention,
    ListHistory,
    ListServiceAccounts,
    ListVoices,
    ReadItemAlignment,
    ReadItemAudio,
    SetZeroRetention,
)
from echoless.crossing.receipt_records import GetReceipt
from echoless.crossing.records import Record, Refused
from echoless.crossing.socket_records import MintToken
from echoless.crossing.webhook_records import (
    CreateWebhook,
    DeleteWebhook,
    EditWebhook,
    ListWebhooks,
    UseWebhooks,
)
from echoless.retention.endpoints import ENDPOINTS, Endpoint, Product
from echoless.vault.queries.deletions import DeletionQueries
from echoless.vault.queries.dictionaries import DictionaryQueries
from echoless.vault.queries.keys import KeyQueries
from echoless.vault.queries.logs import LogQueries
from echoless.vault.queries.notices import NoticeQueries
from echoless.vault.queries.policy import PolicyQueries
from echoless.vault.queries.reading import HistoryQueries, NumberQueries, VoiceQueries
from echoless.vault.queries.receipts import ReceiptQueries
from echoless.vault.queries.transcripts import TranscriptQueries
from echoless.vault.queries.webhooks import WebhookQueries
from echoless.vault.stores.accounts import Accounts, Caller

Answer = Callable[[Caller, Any], Awaitable[Record]]
READ_HISTORY: Final = "speech_history_read"
_ITEM: Final = "/v1/history/{item}"
_TRANSCRIPT: Final = "/v1/speech-to-text/transcripts/{tr}"
_VOICE: Final = "/v1/voices/{voice}"
_POLICY: Final = "/v1/workspace/zero-retention"
_ACCOUNTS: Final = "/v1/service-accounts"
_KEYS: Final = f"{_ACCOUNTS}/{{sa}}/api-keys"
_KEY: Final = f"{_KEYS}/{{key}}"
_SHOWS_ITEM: Final = (f"GET {_ITEM}", f"GET {_ITEM}/audio", "POST /v1/history/download")
_SHOWS_VOICE: Final = (
    f"GET {_VOICE}",
    f"GET {_VOICE}/settings",
    f"GET {_VOICE}/preview",
    f"POST {_VOICE}/settings/edit",
)
_SHOWS_ACCOUNT: Final = ("GET /v1/user", "GET /v1/user/subscription", "GET /v1/models")
_SHOWS_USAGE: Final = (
    "GET /v1/usage/character-stats",
    "POST /v1/workspace/analytics/usage",
    "POST /v1/workspace/analytics/query/usage-by-product-over-time",
)
_WEBHOOKS: Final = "/v1/workspace/webhooks"
_DICTIONARIES: Final = "/v1/pronunciation-dictionaries"
_DICTIONARY: Final = f"{_DICTIONARIES}/{{dict}}"
_DOWNLOAD: Final = f"GET {_DICTIONARY}/{{ver}}/download"
_LOGS: Final = "/v1/workspace/logs"
_DELETIONS: Final = "/v1/history/deletions"
_TOKENS: Final = ("POST /v1/single-use-token/{token_type}",)


def _generations(*products: Product) -> tuple[str, ...]:
    return tuple(endpoint.name for endpoint in ENDPOINTS if endpoint.product in products and endpoint.is_eligible)


_DIALOGUES: Final = _generations(Product.TEXT_TO_DIALOGUE)
_CONTINUES: Final = _generations(Product.TEXT_TO_SPEECH, Product.TEXT_TO_DIALOGUE)


@dataclass(frozen=True, slots=True)
class Question:
    """How one kind of question is answered.

    scopes:    any one of these is enough
    endpoints: whose tickets ask it
    """

    scopes: tuple[str, ...]
    endpoints: tuple[str, ...]
    answer: Answer


async def _streamed(_caller: Caller, _record: Record) -> Record:
    raise EcholessError(ErrorCode.CROSSING_BROKEN, "what is kept is streamed, not answered")


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
        transcripts: TranscriptQueries,
        webhooks: WebhookQueries,
        policy: PolicyQueries,
        receipts: ReceiptQueries,
        logs: LogQueries,
        deletions: DeletionQueries,
        notices: NoticeQueries,
        mint_token: Answer,
    ) -> None:
        self._accounts = accounts
        hears = ("speech_to_text",)
        reads_workspace, reads_user = ("workspace_read",), ("user_read",)
        writes_keys = ("service_account_write",)
        self._questions: dict[type[Record], Question] = {
            ListHistory: Question((READ_HISTORY,), ("GET /v1/history",), history.page),
            GetHistoryItem: Question((READ_HISTORY,), _SHOWS_ITEM, history.item),
            ReadItemAlignment: Question((READ_HISTORY,), _SHOWS_ITEM, history.alignment),
            ReadItemAudio: Question((READ_HISTORY,), _SHOWS_ITEM, _streamed),
            DeleteHistoryItem: Question(("speech_history_write",), (f"DELETE {_ITEM}",), history.delete),
            CheckRequestIds: Question(("text_to_speech",), _CONTINUES, history.check_request_ids),
            ListVoices: Question(("voices_read",), ("GET /v1/voices", "GET /v2/voices"), voices.all),
            GetVoice: Question(("voices_read", "voices_write"), _SHOWS_VOICE, voices.one),
            ResolveVoices: Question(("text_to_speech",), (*_DIALOGUES, "POST /v1/audio/speech"), voices.resolve),
            ReadInputAudio: Question((READ_HISTORY,), (f"GET {_ITEM}/input-audio",), _streamed),
            ReadTranscript: Question(hears, (f"GET {_TRANSCRIPT}",), _streamed),
            ReadTranscriptAudio: Question(hears, (f"GET {_TRANSCRIPT}/input-audio",), _streamed),
            DeleteTranscript: Question(hears, (f"DELETE {_TRANSCRIPT}",), transcripts.delete),
            **_dictionary_questions(dictionaries),
            **_webhook_questions(webhooks),
            **_log_questions(logs, deletions),
            **_notice_questions(notices),
            MintToken: Question(("user_write",), _TOKENS, mint_token),
            EditVoiceSettings: Question(("voices_write",), (f"POST {_VOICE}/settings/edit",), voices.edit_settings),
            GetAccount: Question((*reads_user, "models_read"), _SHOWS_ACCOUNT, numbers.account),
            GetUsage: Question((*reads_user, *reads_workspace), _SHOWS_USAGE, numbers.usage),
            ListRequests: Question(reads_workspace, ("POST /v1/workspace/analytics/requests",), numbers.requests),
            ListAuditEntries: Question(("audit_log_read",), ("GET /v1/workspace/audit-logs",), numbers.audit),
            **_policy_questions(policy, keys, receipts),
            ListServiceAccounts: Question(
                reads_workspace,
                (f"GET {_ACCOUNTS}", f"GET {_KEYS}", f"GET {_KEY}/zero-retention"),
                keys.list_accounts,
            ),
            CreateServiceAccount: Question(writes_keys, (f"POST {_ACCOUNTS}",), keys.create_account),
            CreateKey: Question(writes_keys, (f"POST {_KEYS}",), keys.create_key),
            EditKey: Question(writes_keys, (f"PATCH {_KEY}", f"POST {_KEY}/disable"), keys.edit_key),
            DeleteKey: Question(writes_keys, (f"DELETE {_KEY}",), keys.delete_key),
            DisableOwnKey: Question(("user_write",), ("POST /v1/workspaces/api-keys/disable",), keys.disable_own),
        }

    def add(self, questions: Mapping[type[Record], Question]) -> None:
        """Answer more questions."""
        assert not self._questions.keys() & questions.keys(), "one question has one answer"
        self._questions.update(questions)

    def knows(self, record: Record) -> bool:
        """Whether this is a question."""
        return type(record) in self._questions

    def may_ask(self, endpoint: Endpoint, caller: Caller, record: Record) -> Refused | None:
        """Return why this caller may not ask this under a ticket of this endpoint, or None.

        A ticket of one operation is no way to another. The key is looked at again: it may have been disabled or
        have ended since the ticket was granted.
        """
        question = self._questions[type(record)]
        if endpoint.name not in question.endpoints:
            message = "The request that is open here does not ask this."
            return Refused(code=ErrorCode.UNKNOWN_TICKET.value, message=message)
        key = self._accounts.valid_rights_of(caller)
        if key is None:
            return Refused(code=ErrorCode.INVALID_API_KEY.value, message="The API key is no longer valid.")
        if not any(key.allows(scope) for scope in question.scopes):
            message = f"The API key lacks the permission {question.scopes[0]}, which this operation needs."
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
    makes = (f"POST {_DICTIONARIES}/add-from-rules", f"POST {_DICTIONARIES}/add-from-file")
    shows = (f"GET {_DICTIONARY}",)
    return {
        CreateDictionary: Question(writes, makes, dictionaries.create),
        EditDictionary: Question(writes, (f"PATCH {_DICTIONARY}",), dictionaries.edit),
        SetRules: Question(writes, (f"POST {_DICTIONARY}/set-rules",), dictionaries.set_rules),
        AddRules: Question(writes, (f"POST {_DICTIONARY}/add-rules",), dictionaries.add_rules),
        RemoveRules: Question(writes, (f"POST {_DICTIONARY}/remove-rules",), dictionaries.remove_rules),
        GetDictionary: Question(reads, shows, dictionaries.get),
        ListDictionaries: Question(reads, (f"GET {_DICTIONARIES}",), dictionaries.page),
        ReadRules: Question(reads, (*shows, _DOWNLOAD), dictionaries.read),
        UseDictionary: Question(("text_to_speech",), _CONTINUES, dictionaries.read),
    }


def _policy_questions(
    policy: PolicyQueries, keys: KeyQueries, receipts: ReceiptQueries
) -> dict[type[Record], Question]:
    reads, writes = ("workspace_read",), ("workspace_write",)
    foresees = (f"GET {_POLICY}/request", f"GET {_KEY}/zero-retention", f"GET {_POLICY}")
    switches = ("POST /v1/workspaces/api-keys/third-party-disabling",)
    return {
        GetZeroRetention: Question(reads, (f"GET {_POLICY}",), policy.get),
        SetZeroRetention: Question(writes, (f"PATCH {_POLICY}",), policy.set),
        ForeseeRequest: Question(reads, foresees, policy.foresee),
        GetReceipt: Question(reads, (f"GET {_POLICY}/receipts/{{request}}",), receipts.receipt),
        GetRetention: Question(reads, ("GET /v1/workspace/retention",), policy.retention),
        SetSelfDisabling: Question(("service_account_write",), switches, keys.set_self_disabling),
    }


def _log_questions(logs: LogQueries, deletions: DeletionQueries) -> dict[type[Record], Question]:
    writes = ("speech_history_write",)
    looks = (f"GET {_DELETIONS}/{{job}}",)
    return {
        GetLogSettings: Question(("workspace_read",), (f"GET {_LOGS}",), logs.get_settings),
        SetLogSettings: Question(("workspace_write",), (f"PATCH {_LOGS}",), logs.set_settings),
        DeleteMany: Question(writes, (f"POST {_DELETIONS}",), deletions.begin),
        GetDeletionProgress: Question((READ_HISTORY, *writes), looks, deletions.show),
    }


def _notice_questions(notices: NoticeQueries) -> dict[type[Record], Question]:
    reads = ("workspace_read",)
    return {
        ListNotices: Question(reads, ("GET /v1/workspace/notices",), notices.page),
        GetModeration: Question(reads, ("GET /v1/workspace/moderation",), notices.moderation),
    }


def _webhook_questions(webhooks: WebhookQueries) -> dict[type[Record], Question]:
    writes = ("webhooks_write",)
    return {
        ListWebhooks: Question(("workspace_read",), (f"GET {_WEBHOOKS}",), webhooks.list_all),
        CreateWebhook: Question(writes, (f"POST {_WEBHOOKS}",), webhooks.create),
        EditWebhook: Question(writes, (f"PATCH {_WEBHOOKS}/{{hook}}",), webhooks.edit),
        DeleteWebhook: Question(writes, (f"DELETE {_WEBHOOKS}/{{hook}}",), webhooks.delete),
        UseWebhooks: Question(("speech_to_text",), ("POST /v1/speech-to-text",), webhooks.use),
    }
