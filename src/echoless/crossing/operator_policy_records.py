"""Records of the operator's door that set what binds a workspace: entitlement, tier, limits, HIPAA, keys."""

from __future__ import annotations

from typing import ClassVar, Final

import msgspec

from echoless.crossing.policy_records import POLICY_RECORDS, ForeseeRequest
from echoless.crossing.query_records import EditKey
from echoless.crossing.records import Code, Count, Name, Record


class SetEntitlement(Record, frozen=True):
    """Grants a workspace zero retention, or withdraws that. Answered by Done or Refused."""

    KIND: ClassVar[int] = 365
    workspace_id: Name
    is_entitled: bool


class SetTier(Record, frozen=True):
    """Moves a workspace to another tier; below enterprise its entitlement ends. Answered by Done or Refused."""

    KIND: ClassVar[int] = 366
    workspace_id: Name
    tier: Code


class SetCharacters(Record, frozen=True):
    """Says how many characters a workspace has each month. Answered by Done or Refused.

    character_limit: None for what its tier has
    """

    KIND: ClassVar[int] = 367
    workspace_id: Name
    character_limit: Count | None


class OperatorSetPolicy(Record, frozen=True):
    """Changes a workspace's policy as its administrator could. Answered by Done or Refused.

    hipaa_agreed_on: ISO 8601 date; given where is_hipaa is set
    capsule_key:     age recipient of diagnoses; empty takes it away
    """

    KIND: ClassVar[int] = 368
    workspace_id: Name
    is_enforced: bool | None = None
    is_hipaa: bool | None = None
    hipaa_agreed_on: Code | None = None
    capsule_key: Name | None = None


class OperatorEditKey(Record, frozen=True):
    """Changes a key without being bound by another. Answered by KeyView or Refused.

    change: its `service_account_id` is not looked at
    """

    KIND: ClassVar[int] = 369
    change: EditKey


class OperatorForesee(Record, frozen=True):
    """Asks as ForeseeRequest, for any workspace. Answered by ForeseenRequest or Refused.

    question: an empty `key_id` means a key of that workspace without a floor
    """

    KIND: ClassVar[int] = 370
    workspace_id: Name
    question: ForeseeRequest


class OperatorGetRetention(Record, frozen=True):
    """Asks as GetRetention. Answered by RetentionView."""

    KIND: ClassVar[int] = 371


class OperatorGetPolicy(Record, frozen=True):
    """Asks for a workspace's policy. Answered by WorkspacePolicy or Refused."""

    KIND: ClassVar[int] = 372
    workspace_id: Name


class WorkspacePolicy(Record, frozen=True):
    """What binds a workspace, and its limits.

    places: generations at once, by kind of work
    """

    KIND: ClassVar[int] = 373
    workspace_id: Code
    tier: Code
    is_entitled: bool
    is_restricted: bool
    is_enforced: bool
    is_hipaa: bool
    hipaa_agreed_on: Code
    policy_version: Count
    character_limit: Count
    character_count: Count
    next_reset_unix: Count
    places: dict[str, Count] = msgspec.field(default_factory=dict)
    capsule_key: Code = ""


OPERATOR_POLICY_RECORDS: Final[tuple[type[Record], ...]] = (
    SetEntitlement, SetTier, SetCharacters, OperatorSetPolicy, OperatorEditKey, OperatorForesee,
    OperatorGetRetention, OperatorGetPolicy, WorkspacePolicy, *POLICY_RECORDS,
)  # fmt: skip
