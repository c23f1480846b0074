"""Records of the operator's door: the commands of `echoless workspace`, `key` and `voices`.

They arrive on a Unix socket in the data directory that only the server's own user may open, or are given to a vault
that the command opened itself while no server runs.
"""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from echoless.crossing.account_records import ACCOUNT_OPERATOR_RECORDS
from echoless.crossing.audit_records import AUDIT_RECORDS
from echoless.crossing.backup_records import BACKUP_RECORDS
from echoless.crossing.log_records import LOG_OPERATOR_RECORDS
from echoless.crossing.member_records import OPERATOR_MEMBER_RECORDS
from echoless.crossing.notice_records import NOTICE_OPERATOR_RECORDS
from echoless.crossing.operator_policy_records import OPERATOR_POLICY_RECORDS
from echoless.crossing.query_records import Done, KeyCreated, KeyView
from echoless.crossing.receipt_records import PROOF_OPERATOR_RECORDS
from echoless.crossing.records import Code, Count, Name, Record, Refused
from echoless.crossing.watch_records import WATCH_RECORDS
from echoless.retention.decision import RetentionMode


class CreateWorkspace(Record, frozen=True):
    """Makes a workspace with a first key. Answered by WorkspaceCreated.

    concurrency_max: generations at once; None for the server's own limit
    """

    KIND: ClassVar[int] = 200
    name: Name
    tier: Code
    is_entitled: bool
    concurrency_max: Count | None = None


class WorkspaceCreated(Record, frozen=True):
    """The only time that its first key is shown."""

    KIND: ClassVar[int] = 201
    workspace_id: Code
    key_id: Code
    secret: Code


class ListWorkspaces(Record, frozen=True):
    """Answered by WorkspaceList."""

    KIND: ClassVar[int] = 202


class WorkspaceView(Record, frozen=True):
    """A workspace with its numbers."""

    KIND: ClassVar[int] = 203
    workspace_id: Code
    name: Name
    tier: Code
    is_entitled: bool
    is_enforced: bool
    is_restricted: bool
    created_unix: Count
    key_count: Count
    history_item_count: Count
    character_count: Count
    restriction_reason: Code = ""
    concurrency_max: Count | None = None


class WorkspaceList(Record, frozen=True):
    """All workspaces."""

    KIND: ClassVar[int] = 204
    workspaces: list[WorkspaceView]


class OperatorCreateKey(Record, frozen=True):
    """Answered by KeyCreated or Refused."""

    KIND: ClassVar[int] = 205
    workspace_id: Name
    name: Name
    scopes: list[Code] | None
    retention: RetentionMode
    character_limit: Count | None = None
    expires_unix: Count | None = None
    allowed_networks: list[Code] | None = None
    concurrency_limits: dict[str, Count] = msgspec.field(default_factory=dict)


class OperatorListKeys(Record, frozen=True):
    """Answered by KeyList or Refused."""

    KIND: ClassVar[int] = 206
    workspace_id: Name


class KeyList(Record, frozen=True):
    """Keys of a workspace."""

    KIND: ClassVar[int] = 207
    keys: list[KeyView]


class OperatorRevokeKey(Record, frozen=True):
    """Deletes a key. Answered by Done or Refused."""

    KIND: ClassVar[int] = 208
    key_id: Name


class SetVoiceAlias(Record, frozen=True):
    """Lets another voice id speak with a catalogue voice; an empty catalogue_id takes it away. Answered by Done."""

    KIND: ClassVar[int] = 209
    voice_id: Name
    catalogue_id: Code


class ListVoiceAliases(Record, frozen=True):
    """Answered by VoiceAliases."""

    KIND: ClassVar[int] = 210


class VoiceAliases(Record, frozen=True):
    """Ids that the operator mapped to catalogue voices."""

    KIND: ClassVar[int] = 211
    aliases: dict[str, str]


class SearchKept(Record, frozen=True):
    """Asks how many history items hold a text, decrypted by the vault: the audit's positive control.

    Answered by KeptFound.
    """

    KIND: ClassVar[int] = 212
    IS_CONTENT: ClassVar[bool] = True
    needle: str


class KeptFound(Record, frozen=True):
    """How many items hold the text, and how many bytes of decrypted text were searched."""

    KIND: ClassVar[int] = 213
    item_count: Count
    searched_bytes: Count


class SetRestriction(Record, frozen=True):
    """Restricts a workspace's zero retention, or lifts that. Answered by Done or Refused.

    reason: `high_risk`, `flagged` or `discretion`; empty when it is lifted
    """

    KIND: ClassVar[int] = 214
    workspace_id: Name
    is_restricted: bool
    reason: Code = ""


class SetConcurrency(Record, frozen=True):
    """Says how many generations of a workspace run at once. Answered by Done or Refused.

    concurrency_max: None for the server's own limit
    """

    KIND: ClassVar[int] = 215
    workspace_id: Name
    concurrency_max: Count | None


OPERATOR_RECORDS: Final[tuple[type[Record], ...]] = (
    CreateWorkspace, WorkspaceCreated, ListWorkspaces, WorkspaceView, WorkspaceList, OperatorCreateKey,
    OperatorListKeys, KeyList, OperatorRevokeKey, SetVoiceAlias, ListVoiceAliases, VoiceAliases, SearchKept,
    KeptFound, Done, KeyCreated, KeyView, Refused, SetRestriction,
    SetConcurrency, *OPERATOR_POLICY_RECORDS, *OPERATOR_MEMBER_RECORDS, *ACCOUNT_OPERATOR_RECORDS,
    *LOG_OPERATOR_RECORDS, *BACKUP_RECORDS, *NOTICE_OPERATOR_RECORDS, *AUDIT_RECORDS, *PROOF_OPERATOR_RECORDS,
    *WATCH_RECORDS,
)  # fmt: skip
