"""(queries) The retention policy of a workspace: who may change what, what it means for a request, what is kept.

A change is in force from the next request on: requests are decided by what is in memory, which is replaced as soon
as the change is committed. Whatever loosens a policy is refused to a key with a floor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.control import BackupRules
from echoless.crossing.policy_records import (
    ForeseenRequest,
    ForeseeRequest,
    GetRetention,
    RetainedClassView,
    RetentionView,
    StoreView,
)
from echoless.crossing.query_records import GetZeroRetention, SetZeroRetention, ZeroRetentionPolicy
from echoless.receipts.capsule import checked_recipient
from echoless.retention.classes import CLASSES, STORES
from echoless.retention.decision import Ineligible
from echoless.retention.floors import binds_to_zero
from echoless.retention.schedule import NEVER, Kept
from echoless.vault.notices.policy_changes import PolicyChanges
from echoless.vault.stores.accounts import Accounts, ApiKey, Caller, Workspace

Foresight = Callable[[Workspace, ApiKey, ForeseeRequest], ForeseenRequest]
_CONVERSATION_ROWS: Final = {"keep_redacted", "none"}
_DATE: Final = "hipaa_agreement_date"


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """What to change; None leaves a part as it is.

    hipaa_agreed_on: ISO 8601 date of the agreement
    capsule_key:     age recipient of diagnoses; empty takes it away
    """

    is_enforced: bool | None = None
    ineligible: Ineligible | None = None
    is_hipaa: bool | None = None
    hipaa_agreed_on: str | None = None
    conversation_rows: str | None = None
    capsule_key: str | None = None


class PolicyQueries:
    """Answers questions about policy.

    foresee: says what the intake would do with a request
    lives:   days that classes live here, where the operator's word differs from the table's
    """

    def __init__(
        self,
        accounts: Accounts,
        changes: PolicyChanges,
        clock: Clock,
        foresee: Foresight,
        lives: Mapping[str, int | None],
    ) -> None:
        self._accounts = accounts
        self._changes = changes
        self._clock = clock
        self._foresee = foresee
        self._lives = lives

    async def get(self, caller: Caller, _record: GetZeroRetention) -> ZeroRetentionPolicy:
        """Return the retention policy."""
        return policy_of(self._accounts.workspaces[caller.workspace_id])

    async def set(self, caller: Caller, record: SetZeroRetention) -> ZeroRetentionPolicy:
        """Change the retention policy.

        raises: EcholessError(ZERO_RETENTION_NOT_PERMITTED) where enforcing would refuse every request;
                EcholessError(ZERO_RETENTION_ENFORCED) where HIPAA forbids what is asked for;
                EcholessError(MISSING_PERMISSIONS) where a key with a floor would lift the workspace's;
                EcholessError(INVALID_PARAMETERS) for an unknown word or date, or no recipient of age
        """
        change = PolicyChange(
            record.is_enforced, record.ineligible, record.is_hipaa, record.hipaa_agreed_on,
            record.conversation_rows, record.capsule_key,
        )  # fmt: skip

        def may(before: Workspace, after: Workspace) -> None:
            own = self._accounts.valid_rights_of(caller)
            if own is None:
                raise EcholessError(ErrorCode.INVALID_API_KEY, "The API key is no longer valid.")
            check_lifting(own, before, after)

        if change == PolicyChange():
            return policy_of(self._accounts.workspaces[caller.workspace_id])
        return policy_of(await self.change(caller.workspace_id, change, caller.key_id, may))

    async def change(
        self,
        workspace_id: str,
        change: PolicyChange,
        actor_id: str,
        may: Callable[[Workspace, Workspace], None] = lambda _before, _after: None,
    ) -> Workspace:
        """Change a policy; return the workspace as it is now.

        may:    raises where whoever asks may not make this change
        raises: as `set`
        """
        today = datetime.fromtimestamp(self._clock.unix_ms() / 1000, UTC).date()

        def changed(before: Workspace) -> Workspace:
            after = changed_policy(before, change, today)
            may(before, after)
            return after

        before = self._accounts.workspaces[workspace_id]
        after = changed_policy(before, change, today)
        if before.capsule_key != after.capsule_key and not names_only_capsule_key(change):
            message = "Change capsule_key in a request of its own, so that the trail and the notice name it."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="capsule_key")
        return await self._changes.make(workspace_id, changed, actor_id, activity_of(before, after))

    async def foresee(self, caller: Caller, record: ForeseeRequest) -> ForeseenRequest:
        """Return what would become of a request of the caller, or of another key of the workspace.

        raises: EcholessError(NOT_FOUND) for no key of the workspace
        """
        key = self._accounts.keys.get(record.key_id) if record.key_id else self._accounts.rights_of(caller)
        if key is None or key.workspace_id != caller.workspace_id:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no service account or key with this id.")
        return self._foresee(self._accounts.workspaces[caller.workspace_id], key, record)

    async def retention(self, _caller: Caller, _record: GetRetention) -> RetentionView:
        """Return what is kept where, why and how long."""
        return retention_view(self._lives)


def changed_policy(before: Workspace, change: PolicyChange, today: date) -> Workspace:
    """Return a workspace as a change of policy leaves it.

    raises: as `PolicyQueries.set`, but for who asks
    """
    rows = change.conversation_rows
    if rows is not None and rows not in _CONVERSATION_ROWS:
        message = "conversation_rows is keep_redacted or none."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="conversation_rows")
    after = replace(
        before,
        is_enforced=before.is_enforced if change.is_enforced is None else change.is_enforced,
        ineligible=change.ineligible or before.ineligible,
        conversation_rows=rows or before.conversation_rows,
        capsule_key=_changed_capsule_key(before, change),
    )
    after = _with_hipaa(before, after, change, today)
    if after.binds_to_zero and not before.binds_to_zero and not is_permitted(before):
        message = "This workspace cannot have zero retention, so it cannot be enforced."
        param = "hipaa" if after.is_hipaa else "enforced"
        raise EcholessError(ErrorCode.ZERO_RETENTION_NOT_PERMITTED, message, param=param)
    return after


def names_only_capsule_key(change: PolicyChange) -> bool:
    """Whether nothing else is to change: one change has one name on the trail, and another would hide it."""
    return replace(change, capsule_key=None) == PolicyChange()


def _changed_capsule_key(before: Workspace, change: PolicyChange) -> str | None:
    """Return whom diagnoses are sealed to after a change: an empty word takes the key away."""
    if change.capsule_key is None:
        return before.capsule_key
    return checked_recipient(change.capsule_key) if change.capsule_key else None


def _with_hipaa(before: Workspace, after: Workspace, change: PolicyChange, today: date) -> Workspace:
    """Return it with what HIPAA implies: enforcement without an exception, also when the flag goes later."""
    is_hipaa = before.is_hipaa if change.is_hipaa is None else change.is_hipaa
    if not is_hipaa:
        if change.hipaa_agreed_on is not None:
            message = "The date of a HIPAA agreement goes with hipaa: true."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=_DATE)
        return replace(after, is_hipaa=False, hipaa_agreed_on=None)
    for is_loose, name in (
        (change.is_enforced is False, "enforced"), (change.ineligible is Ineligible.ALLOW, "ineligible"),
    ):  # fmt: skip
        if is_loose:
            message = "HIPAA implies zero retention of every request; end the agreement first."
            raise EcholessError(ErrorCode.ZERO_RETENTION_ENFORCED, message, param=name)
    agreed_on = _checked_date(change.hipaa_agreed_on or before.hipaa_agreed_on, today)
    return replace(
        after, is_hipaa=True, hipaa_agreed_on=agreed_on, is_enforced=True, ineligible=Ineligible.REFUSE
    )  # fmt: skip


def _checked_date(word: str | None, today: date) -> str:
    """Return the date of an agreement; tomorrow's is today's somewhere."""
    try:
        found = date.fromisoformat(word or "")
    except ValueError:
        found = date.max
    if not date(1996, 8, 21) <= found <= today + timedelta(days=1):
        message = "hipaa needs the date on which the agreement was signed: not in the future, YYYY-MM-DD."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param=_DATE)
    return found.isoformat()


def check_lifting(own: ApiKey, before: Workspace, after: Workspace) -> None:
    """Prove that a key with a floor does not loosen its workspace's policy.

    raises: EcholessError(MISSING_PERMISSIONS)
    """
    looser = {
        "hipaa": before.is_hipaa and not after.is_hipaa,
        "enforced": before.binds_to_zero and not after.binds_to_zero,
        "ineligible": before.ineligible is Ineligible.REFUSE and after.ineligible is Ineligible.ALLOW,
    }
    for name, is_looser in looser.items():
        if is_looser and binds_to_zero(own.retention):
            message = "A key that is bound to zero retention cannot loosen the workspace's."
            raise EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param=name)


def activity_of(before: Workspace, after: Workspace) -> str:
    """Return what the trail calls a change of policy: by its weightiest part."""
    if before.is_hipaa is not after.is_hipaa:
        return "hipaa.agree" if after.is_hipaa else "hipaa.end"
    if before.binds_to_zero is not after.binds_to_zero:
        return "zero_retention.enforce" if after.binds_to_zero else "zero_retention.release"
    if before.capsule_key != after.capsule_key:
        return "capsule.set_key" if after.capsule_key else "capsule.remove_key"
    return "zero_retention.change"


def is_permitted(workspace: Workspace) -> bool:
    """Whether a workspace may have zero retention."""
    return workspace.is_enterprise and workspace.is_entitled and not workspace.is_restricted


def policy_of(workspace: Workspace) -> ZeroRetentionPolicy:
    """Return the policy as it crosses."""
    return ZeroRetentionPolicy(
        is_permitted=is_permitted(workspace), tier=workspace.tier, is_restricted=workspace.is_restricted,
        restriction_reason=workspace.restriction_reason, restricted_since_unix=workspace.restricted_since_unix,
        notified_at_unix=workspace.notified_at_unix, is_enforced=workspace.binds_to_zero,
        ineligible=workspace.ineligible, is_hipaa=workspace.is_hipaa, conversation_rows=workspace.conversation_rows,
        hipaa_agreed_on=workspace.hipaa_agreed_on or "", policy_version=workspace.policy_version,
        capsule_key=workspace.capsule_key or "",
    )  # fmt: skip


def told_lives(days: Mapping[Kept, int], backups: BackupRules | None) -> dict[str, int | None]:
    """Return the days that classes live here, as they are told: None for as long as nobody deletes.

    days:    of each class that time takes away
    backups: None where none are taken
    """
    lives = {kept.value: None if count == NEVER else count for kept, count in days.items()}
    return lives | ({"backups": backups.days} if backups is not None else {})


def retention_view(lives: Mapping[str, int | None]) -> RetentionView:
    """Return all classes with the lives they have here."""
    views = [
        RetainedClassView(
            name=kept.name, purposes=[purpose.value for purpose in kept.purposes], holds=kept.holds,
            stores=list(kept.stores), erased_by=list(kept.erased_by), check=kept.check,
            has_content=kept.has_content, keeps_zero=kept.keeps_zero,
            life_days=lives.get(kept.name, kept.life_days),
        )
        for kept in CLASSES
    ]  # fmt: skip
    stores = [
        StoreView(store.name, [purpose.value for purpose in store.purposes], store.holds, list(store.places))
        for store in STORES
    ]
    return RetentionView(views, stores)
