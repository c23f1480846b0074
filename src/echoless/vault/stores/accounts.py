"""Who may ask: workspaces, service accounts, keys, their settings and their counters, all in memory.

Loaded once at the start; a change is committed first and put here after. What is here is never content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from echoless.core.clock import Clock
from echoless.retention.decision import Ineligible, RetentionMode
from echoless.vault.stores.membership import Member, Session
from echoless.vault.stores.networks import Network
from echoless.vault.stores.roles import SCOPES_BY_ROLE, MemberRole

Settings = Mapping[str, float | bool]
ENTERPRISE: Final = "enterprise"
CHARACTERS_BY_TIER: Final[Mapping[str, int]] = {
    "free": 10_000,
    "starter": 30_000,
    "creator": 100_000,
    "pro": 500_000,
    "scale": 2_000_000,
    "business": 11_000_000,
    ENTERPRISE: 1_000_000_000_000,
}
"""Characters a month. An enterprise's limit is a matter of contract; here it is one that nobody reaches."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """One workspace with its retention policy.

    policy_version:  counts the changes of the policy
    concurrency_max: generations at once of each kind; None for what the tier has
    is_hipaa:        implies enforcement and forbids tool servers; hipaa_agreed_on is the date of the agreement
    self_disabling:  whether whoever holds a key may disable it; None for what the tier has
    erase_logs_with_item: whether a deleted item takes its entries in the debug and moderation logs with it
    capsule_key:     age recipient that diagnoses of failed zero-retention requests are sealed to; None for none
    """

    workspace_id: str
    user_id: str
    name: str
    tier: str
    is_entitled: bool
    created_unix: int
    character_limit: int
    is_enforced: bool = False
    ineligible: Ineligible = Ineligible.REFUSE
    is_restricted: bool = False
    restriction_reason: str = ""
    restricted_since_unix: int = 0
    notified_at_unix: int = 0
    is_hipaa: bool = False
    conversation_rows: str = "keep_redacted"
    policy_version: int = 1
    concurrency_max: int | None = None
    hipaa_agreed_on: str | None = None
    self_disabling: bool | None = None
    erase_logs_with_item: bool = False
    capsule_key: str | None = None

    @property
    def binds_to_zero(self) -> bool:
        """Whether every request of the workspace is a zero-retention one, whatever agent, key or request say."""
        return self.is_enforced or self.is_hipaa

    @property
    def is_enterprise(self) -> bool:
        """Whether the tier can be entitled to zero retention."""
        return self.tier == ENTERPRISE


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A named holder of keys."""

    service_account_id: str
    workspace_id: str
    name: str
    created_unix: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored: a digest, never the secret.

    hint:               its last four characters
    scopes:             None for all
    allowed_networks:   where it may be used from; None for everywhere
    concurrency_limits: generations at once, by the kinds of `stores.plans`
    ended_unix:         when it was first seen expired; from then on it is, whatever the clock says later
    self_disabling:     whether its holder may disable it; None for the workspace's word
    """

    key_id: str
    workspace_id: str
    service_account_id: str
    name: str
    hint: str
    digest: bytes
    created_unix: int
    is_disabled: bool = False
    scopes: frozenset[str] | None = None
    character_limit: int | None = None
    expires_unix: int | None = None
    retention: RetentionMode = RetentionMode.DEFAULT
    allowed_networks: tuple[Network, ...] | None = None
    concurrency_limits: Mapping[str, int] | None = None
    ended_unix: int | None = None
    self_disabling: bool | None = None

    def allows(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return self.scopes is None or scope in self.scopes

    def is_valid_at(self, unix_s: int) -> bool:
        """Whether the key may be used now."""
        has_ended = self.ended_unix is not None or (self.expires_unix is not None and unix_s >= self.expires_unix)
        return not (self.is_disabled or has_ended)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: found by the credential of a request.

    key_id:     of the API key; of a member who is logged in, the user id, under which all they do is counted
    session_id: of that login; empty for an API key
    """

    workspace_id: str
    key_id: str
    session_id: str = ""

    @property
    def is_member(self) -> bool:
        """Whether a member asks, not a key."""
        return bool(self.session_id)


@dataclass(frozen=True, slots=True)
class Credential:
    """Who a credential belongs to, and what they may do, in the form of a key."""

    caller: Caller
    key: ApiKey


@dataclass(slots=True)
class Meter:
    """Counted units of one workspace or key in the running month."""

    character_count: int
    resets_unix: int


class Accounts:
    """Everything that a ticket needs to know, without a disk.

    when_key_ends: is told of each key that is seen expired, so that this is kept
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.when_key_ends: Callable[[ApiKey], None] = lambda _key: None
        self.workspaces: dict[str, Workspace] = {}
        self.service_accounts: dict[str, ServiceAccount] = {}
        self.keys: dict[str, ApiKey] = {}
        self.voice_settings: dict[tuple[str, str], Settings] = {}
        self.voice_aliases: dict[str, str] = {}
        self.members: dict[str, Member] = {}
        self.sessions: dict[str, Session] = {}
        self._session_by_digest: dict[bytes, Session] = {}
        # Beside the time of day, which may be set back: what has expired must stay so.
        self._session_ends_s: dict[str, float] = {}
        self._key_by_digest: dict[bytes, ApiKey] = {}
        self._meters: dict[str, Meter] = {}

    def put_key(self, key: ApiKey) -> None:
        """Add a key or replace its older state."""
        self.keys[key.key_id] = key
        self._key_by_digest[key.digest] = key

    def drop_key(self, key_id: str) -> None:
        """Forget a deleted key."""
        key = self.keys.pop(key_id)
        del self._key_by_digest[key.digest]

    def key_of(self, digest: bytes) -> ApiKey | None:
        """Return the key with this digest if it may be used now."""
        key = self._key_by_digest.get(digest)
        return self.valid_key(key.key_id) if key is not None else None

    def valid_key(self, key_id: str) -> ApiKey | None:
        """Return a key if it may be used now."""
        key = self.keys.get(key_id)
        return self._valid(key) if key is not None else None

    def _valid(self, key: ApiKey) -> ApiKey | None:
        """Return a key if it may be used now; one that is seen expired has ended, whatever the clock says later."""
        now_unix = self._clock.unix_ms() // 1000
        if key.expires_unix is not None and key.ended_unix is None and now_unix >= key.expires_unix:
            key = replace(key, ended_unix=now_unix)
            if key.key_id in self.keys:
                self.put_key(key)
                self.when_key_ends(key)
        return key if key.is_valid_at(now_unix) else None

    def keys_of(self, workspace_id: str) -> Iterable[ApiKey]:
        """Yield the keys of one workspace, oldest first."""
        mine = (key for key in self.keys.values() if key.workspace_id == workspace_id)
        return sorted(mine, key=lambda key: (key.created_unix, key.key_id))

    def drop_workspace(self, workspace_id: str) -> None:
        """Forget a deleted workspace and everything of it."""
        for member in self.members_of(workspace_id):
            self.drop_member(member.user_id)
        for key in self.keys_of(workspace_id):
            self.drop_key(key.key_id)
            self._meters.pop(key.key_id, None)
        for account in [each for each in self.service_accounts.values() if each.workspace_id == workspace_id]:
            del self.service_accounts[account.service_account_id]
        for place in [place for place in self.voice_settings if place[0] == workspace_id]:
            del self.voice_settings[place]
        self._meters.pop(workspace_id, None)
        self.workspaces.pop(workspace_id, None)

    # --- members and their sessions ---

    def put_member(self, member: Member) -> None:
        """Add a member or replace its older state."""
        self.members[member.user_id] = member

    def drop_member(self, user_id: str) -> None:
        """Forget a removed member and every session of theirs."""
        for session in self.sessions_of(user_id):
            self.drop_session(session.session_id)
        del self.members[user_id]
        self._meters.pop(user_id, None)

    def members_of(self, workspace_id: str) -> list[Member]:
        """Return the members of a workspace, oldest first."""
        mine = (member for member in self.members.values() if member.workspace_id == workspace_id)
        return sorted(mine, key=lambda member: (member.created_unix, member.user_id))

    def admins_of(self, workspace_id: str) -> list[Member]:
        """Return the members who administer a workspace and are not locked, oldest first."""
        mine = self.members_of(workspace_id)
        return [member for member in mine if member.role is MemberRole.ADMIN and not member.is_locked]

    def owner_of(self, workspace_id: str) -> Member | None:
        """Return the member who owns a workspace, if there is one."""
        return next((member for member in self.members_of(workspace_id) if member.is_owner), None)

    def put_session(self, session: Session) -> None:
        """Add a session."""
        left_s = session.expires_unix - self._clock.unix_ms() // 1000
        self._session_ends_s[session.session_id] = self._clock.monotonic_s() + left_s
        self.sessions[session.session_id] = session
        self._session_by_digest[session.digest] = session

    def drop_session(self, session_id: str) -> None:
        """Forget a session that was revoked or has expired."""
        session = self.sessions.pop(session_id)
        del self._session_by_digest[session.digest], self._session_ends_s[session_id]

    def sessions_of(self, user_id: str) -> list[Session]:
        """Return the sessions of a member, oldest first, those that have expired included."""
        return [session for session in self.sessions.values() if session.user_id == user_id]

    def is_session_open(self, session: Session) -> bool:
        """Whether a session may be used now, as far as time goes."""
        is_over = self._clock.monotonic_s() >= self._session_ends_s.get(session.session_id, 0.0)
        return not is_over and self._clock.unix_ms() // 1000 < session.expires_unix

    # --- who asks ---

    def credential(self, digest: bytes) -> Credential | None:
        """Return whom a key or a session with this digest belongs to, if it may be used now."""
        key = self.key_of(digest)
        if key is not None:
            return Credential(Caller(key.workspace_id, key.key_id), key)
        session = self._session_by_digest.get(digest)
        if session is None:
            return None
        caller = Caller(session.workspace_id, session.user_id, session.session_id)
        rights = self.rights_of(caller)
        return None if rights is None else Credential(caller, rights)

    def rights_of(self, caller: Caller) -> ApiKey | None:
        """Return what whoever asked may do as things stand now, in the form of a key: theirs, expired or disabled
        ones included, or one with the scopes of the member's role for as long as the session is open.
        """
        if not caller.is_member:
            return self.keys.get(caller.key_id)
        session, member = self.sessions.get(caller.session_id), self.members.get(caller.key_id)
        if session is None or member is None or member.is_locked or not self.is_session_open(session):
            return None
        return ApiKey(
            key_id=member.user_id, workspace_id=member.workspace_id, service_account_id="", name="", hint="",
            digest=session.digest, created_unix=session.created_unix, scopes=SCOPES_BY_ROLE[member.role],
            character_limit=member.character_limit,
        )  # fmt: skip

    def valid_rights_of(self, caller: Caller) -> ApiKey | None:
        """Return the same if it may be used now."""
        rights = self.rights_of(caller)
        return self._valid(rights) if rights is not None else None

    # --- counters ---

    def put_meter(self, owner_id: str, meter: Meter) -> None:
        """Take over a stored counter."""
        self._meters[owner_id] = meter

    def meter(self, owner_id: str) -> Meter:
        """Return the counter of a workspace or key, set back where a new month began."""
        now = self._clock.unix_ms() // 1000
        meter = self._meters.get(owner_id)
        if meter is None:
            meter = self._meters[owner_id] = Meter(0, next_month_unix(now))
        elif now >= meter.resets_unix:
            meter.character_count, meter.resets_unix = 0, next_month_unix(now)
        return meter


def next_month_unix(unix_s: int) -> int:
    """Return when the next month begins, UTC."""
    now = datetime.fromtimestamp(unix_s, UTC)
    year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp())
