"""Records of reading and administration: questions of a gateway, answers of the vault.

Every question travels under the ticket of its own request, so the vault knows the workspace and the scopes. An
unknown or foreign id is answered by `Refused` with the same text as one that never existed.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from echoless.crossing.account_records import ACCOUNT_RECORDS
from echoless.crossing.dialogue_records import VOICE_RECORDS
from echoless.crossing.dictionary_records import DICTIONARY_RECORDS
from echoless.crossing.kept_records import KEPT_RECORDS
from echoless.crossing.log_records import LOG_RECORDS
from echoless.crossing.member_records import MEMBER_RECORDS
from echoless.crossing.notice_records import NOTICE_RECORDS
from echoless.crossing.number_records import NUMBER_RECORDS
from echoless.crossing.operations_records import OPERATIONS_RECORDS
from echoless.crossing.policy_records import POLICY_RECORDS
from echoless.crossing.proof_records import PROOF_RECORDS
from echoless.crossing.receipt_records import RECEIPT_RECORDS
from echoless.crossing.records import Code, Count, DialogueLine, Name, Record
from echoless.crossing.webhook_records import WEBHOOK_RECORDS
from echoless.retention.decision import Ineligible, RetentionMode


class Done(Record, frozen=True):
    """The answer to an act that returns nothing."""

    KIND: ClassVar[int] = 100


# --- history ---------------------------------------------------------------------------------------------------


class ListHistory(Record, frozen=True):
    """Asks for a page, newest first unless `is_ascending`. Answered by HistoryPage.

    date_after_unix is inclusive, date_before_unix exclusive; 0 means no bound; empty strings mean no filter.
    """

    KIND: ClassVar[int] = 101
    IS_CONTENT: ClassVar[bool] = False
    page_size: Count
    start_after_item_id: Name = ""
    voice_id: Name = ""
    model_id: Name = ""
    date_before_unix: Count = 0
    date_after_unix: Count = 0
    is_ascending: bool = False
    search: str = ""
    source: Code = ""


class AlignmentView(Record, frozen=True):
    """Stored character times."""

    KIND: ClassVar[int] = 102
    characters: list[str]
    start_s: list[float]
    end_s: list[float]


class HistoryItemView(Record, frozen=True):
    """A kept generation without its audio. Content.

    dialogue: the lines of a dialogue; `text` is empty then
    input_audio_bytes: of the recording that it was made from; 0 where there was none
    input_media_type:  of that recording; empty where it was never found out
    """

    KIND: ClassVar[int] = 103
    IS_CONTENT: ClassVar[bool] = True
    item_id: Code
    request_id: Code
    created_unix: Count
    voice_id: Name
    voice_name: Name
    model_id: Code
    source: Code
    output_format: Code
    text: str
    settings: dict[str, float | bool | None]
    character_count_from: Count
    character_count_to: Count
    audio_bytes: Count
    alignment: AlignmentView | None
    normalized_alignment: AlignmentView | None
    alignment_characters: Count = 0
    normalized_alignment_characters: Count = 0
    dialogue: list[DialogueLine] = msgspec.field(default_factory=list)
    input_audio_bytes: Count = 0
    input_media_type: Code = ""


class HistoryPage(Record, frozen=True):
    """A page of kept generations, without alignments. Content. A page is at most what fits into one frame, and a
    search at most what its budget allows; `has_more` says so.

    scanned_until_unix: of a search, when the last item that was looked at was made; 0 where all were
    """

    KIND: ClassVar[int] = 104
    IS_CONTENT: ClassVar[bool] = True
    items: list[HistoryItemView]
    has_more: bool
    scanned_until_unix: Count = 0


class GetHistoryItem(Record, frozen=True):
    """Asks for one item. Answered by HistoryItemView or Refused(history_item_not_found)."""

    KIND: ClassVar[int] = 105
    item_id: Name


class DeleteHistoryItem(Record, frozen=True):
    """Deletes one item: its key first, then everything else. Answered by Done or Refused."""

    KIND: ClassVar[int] = 106
    item_id: Name


class ReadItemAudio(Record, frozen=True):
    """Asks for the audio of an item. Answered by ItemAudio, then KIND_AUDIO frames in order until their lengths
    add up to `audio_bytes`; or by Refused. The vault sends `window_bytes` ahead and then as Credit comes.
    """

    KIND: ClassVar[int] = 107
    item_id: Name
    window_bytes: Count


class ItemAudio(Record, frozen=True):
    """The head of an item's audio."""

    KIND: ClassVar[int] = 108
    item_id: Code
    output_format: Code
    audio_bytes: Count


class ReadItemAlignment(Record, frozen=True):
    """Asks for a run of an item's alignment, where the whole does not fit into one frame and HistoryItemView says
    None although `alignment_characters` is not 0. Answered by AlignmentView or Refused(history_item_not_found).
    """

    KIND: ClassVar[int] = 109
    item_id: Name
    is_normalized: bool
    start: Count


class CheckRequestIds(Record, frozen=True):
    """Asks whether requests may be continued: kept ones of this workspace, read to the end, of the last two hours.

    Answered by Done, or by Refused(invalid_request_id) naming the field.
    """

    KIND: ClassVar[int] = 110
    previous: list[Name]
    next: list[Name]


# --- voices ----------------------------------------------------------------------------------------------------


class ListVoices(Record, frozen=True):
    """Asks for all voices of the workspace. Answered by VoiceList."""

    KIND: ClassVar[int] = 120


class VoiceView(Record, frozen=True):
    """One voice: a catalogue voice, or another id that the operator mapped to one.

    catalogue_id: the id in core.voices whose labels and sound it has
    """

    KIND: ClassVar[int] = 121
    voice_id: Name
    catalogue_id: Code
    settings: dict[str, float | bool]


class VoiceList(Record, frozen=True):
    """All voices of the workspace."""

    KIND: ClassVar[int] = 122
    voices: list[VoiceView]


class GetVoice(Record, frozen=True):
    """Asks for one voice. Answered by VoiceView or Refused(voice_not_found)."""

    KIND: ClassVar[int] = 123
    voice_id: Name


class EditVoiceSettings(Record, frozen=True):
    """Stores settings of a voice for the workspace. Answered by Done or Refused."""

    KIND: ClassVar[int] = 124
    voice_id: Name
    settings: dict[str, float | bool]


# --- account, usage, request log -------------------------------------------------------------------------------


class GetAccount(Record, frozen=True):
    """Asks who calls. Answered by Account."""

    KIND: ClassVar[int] = 130


class Account(Record, frozen=True):
    """The workspace and its counters.

    key_hint: empty where a member asks
    role:     of that member
    """

    KIND: ClassVar[int] = 131
    user_id: Code
    workspace_id: Code
    tier: Code
    character_count: Count
    character_limit: Count
    next_reset_unix: Count
    created_unix: Count
    key_hint: Code
    role: Code = "admin"


# --- policy, service accounts, keys ----------------------------------------------------------------------------


class GetZeroRetention(Record, frozen=True):
    """Asks for the policy of the workspace. Answered by ZeroRetentionPolicy."""

    KIND: ClassVar[int] = 150


class ZeroRetentionPolicy(Record, frozen=True):
    """The policy of the workspace, as it stands.

    is_enforced:     also where it is only implied by HIPAA
    hipaa_agreed_on: date of the agreement, ISO 8601; empty where there is none
    capsule_key:     age recipient of diagnoses; empty where there is none
    """

    KIND: ClassVar[int] = 151
    is_permitted: bool
    tier: Code
    is_restricted: bool
    restriction_reason: Code
    restricted_since_unix: Count
    notified_at_unix: Count
    is_enforced: bool
    ineligible: Ineligible
    is_hipaa: bool
    conversation_rows: Code
    hipaa_agreed_on: Code = ""
    policy_version: Count = 0
    capsule_key: Code = ""


class SetZeroRetention(Record, frozen=True):
    """Changes the policy; None leaves a part as it is. Answered by ZeroRetentionPolicy or Refused.

    capsule_key: age recipient of diagnoses; empty takes it away
    """

    KIND: ClassVar[int] = 152
    is_enforced: bool | None = None
    ineligible: Ineligible | None = None
    is_hipaa: bool | None = None
    conversation_rows: Code | None = None
    hipaa_agreed_on: Code | None = None
    capsule_key: Name | None = None


class ListServiceAccounts(Record, frozen=True):
    """Answered by ServiceAccountList."""

    KIND: ClassVar[int] = 153


class KeyView(Record, frozen=True):
    """An API key without its secret.

    scopes:             None for all
    allowed_networks:   None for everywhere
    concurrency_limits: generations at once by kind; a kind that is not there has no limit of its own
    has_ended:          whether it was seen expired once, and so is for good
    """

    KIND: ClassVar[int] = 154
    key_id: Code
    name: Name
    hint: Code
    service_account_id: Code
    created_unix: Count
    is_disabled: bool
    scopes: list[Code] | None
    character_limit: Count | None
    character_count: Count
    expires_unix: Count | None
    retention: RetentionMode
    allowed_networks: list[Code] | None = None
    concurrency_limits: dict[str, Count] = msgspec.field(default_factory=dict)
    has_ended: bool = False
    self_disabling: bool | None = None


class ServiceAccountView(Record, frozen=True):
    """A service account with its keys."""

    KIND: ClassVar[int] = 155
    service_account_id: Code
    name: Name
    created_unix: Count
    keys: list[KeyView]


class ServiceAccountList(Record, frozen=True):
    """All service accounts of the workspace."""

    KIND: ClassVar[int] = 156
    accounts: list[ServiceAccountView]


class CreateServiceAccount(Record, frozen=True):
    """Answered by ServiceAccountView."""

    KIND: ClassVar[int] = 157
    name: Name


class CreateKey(Record, frozen=True):
    """Makes a key that can do no more than the one that asks. Answered by KeyCreated or Refused.

    scopes:    None for all
    retention: None for that of the key that asks
    allowed_networks: None for everywhere
    """

    KIND: ClassVar[int] = 158
    service_account_id: Name
    name: Name
    scopes: list[Code] | None
    character_limit: Count | None
    expires_unix: Count | None
    retention: RetentionMode | None
    allowed_networks: list[Code] | None = None
    concurrency_limits: dict[str, Count] = msgspec.field(default_factory=dict)
    self_disabling: bool | None = None


class KeyCreated(Record, frozen=True):
    """The only time that a key is shown."""

    KIND: ClassVar[int] = 159
    key_id: Code
    secret: Code


class EditKey(Record, frozen=True):
    """Changes a key; None leaves a part as it is, `clears_*` empties it. Answered by KeyView or Refused.

    concurrency_limits: by kind; 0 takes the limit of that kind away, a kind that is not there stays as it is
    """

    KIND: ClassVar[int] = 160
    service_account_id: Name
    key_id: Name
    is_enabled: bool | None = None
    name: Name | None = None
    scopes: list[Code] | None = None
    has_all_scopes: bool = False
    character_limit: Count | None = None
    clears_character_limit: bool = False
    expires_unix: Count | None = None
    retention: RetentionMode | None = None
    clears_expires: bool = False
    allowed_networks: list[Code] | None = None
    clears_allowed_networks: bool = False
    concurrency_limits: dict[str, Count] = msgspec.field(default_factory=dict)
    self_disabling: bool | None = None
    clears_self_disabling: bool = False


class DeleteKey(Record, frozen=True):
    """Deletes a key. Answered by Done or Refused."""

    KIND: ClassVar[int] = 161
    service_account_id: Name
    key_id: Name


class DisableOwnKey(Record, frozen=True):
    """Disables the key that asks. Answered by Done."""

    KIND: ClassVar[int] = 162


QUERY_RECORDS: Final[tuple[type[Record], ...]] = (
    Done, ListHistory, HistoryItemView, HistoryPage, GetHistoryItem, DeleteHistoryItem, ReadItemAudio, ItemAudio,
    ListVoices, VoiceView, VoiceList, GetVoice, EditVoiceSettings, GetAccount, Account,
    GetZeroRetention,
    ZeroRetentionPolicy, SetZeroRetention, ListServiceAccounts, KeyView, ServiceAccountView, ServiceAccountList,
    CreateServiceAccount, CreateKey, KeyCreated, EditKey, DeleteKey, DisableOwnKey, AlignmentView,
    ReadItemAlignment, CheckRequestIds, *NUMBER_RECORDS, *VOICE_RECORDS, *RECEIPT_RECORDS, *PROOF_RECORDS,
    *DICTIONARY_RECORDS,
    *KEPT_RECORDS, *WEBHOOK_RECORDS, *MEMBER_RECORDS, *POLICY_RECORDS, *OPERATIONS_RECORDS, *ACCOUNT_RECORDS,
    *LOG_RECORDS, *NOTICE_RECORDS,
)  # fmt: skip
