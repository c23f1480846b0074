"""Who may ask: workspaces, service accounts, keys, their settings and their counters, all in memory.

Loaded once at the start; a change is committed first and put here after. What is here is never content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from echoless.core.clock import Clock
from echoless.retention.decision import Ineligible, RetentionMode

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
    concurrency_max: None for the server's own limit
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

    hint:   its last four characters
    scopes: None for all
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

    def allows(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return self.scopes is None or scope in self.scopes

    def is_valid_at(self, unix_s: int) -> bool:
        """Whether the key may be used now."""
        return not self.is_disabled and (self.expires_unix is None or unix_s < self.expires_unix)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: found by the credential of a request."""

    workspace_id: str
    key_id: str


@dataclass(slots=True)
class Meter:
    """Counted units of one workspace or key in the running month."""

    character_count: int
    resets_unix: int


class Accounts:
    """Everything that a ticket needs to know, without a disk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.workspaces: dict[str, Workspace] = {}
        self.service_accounts: dict[str, ServiceAccount] = {}
        self.keys: dict[str, ApiKey] = {}
        self.voice_settings: dict[tuple[str, str], Settings] = {}
        self.voice_aliases: dict[str, str] = {}
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
        return key if key is not None and key.is_valid_at(self._clock.unix_ms() // 1000) else None

    def keys_of(self, workspace_id: str) -> Iterable[ApiKey]:
        """Yield the keys of one workspace, oldest first."""
        mine = (key for key in self.keys.values() if key.workspace_id == workspace_id)
        return sorted(mine, key=lambda key: (key.created_unix, key.key_id))

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
