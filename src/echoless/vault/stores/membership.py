"""What is held in memory of members and their sessions: roles, digests and times, never a name or an address."""

from __future__ import annotations

from dataclasses import dataclass, field

from echoless.vault.stores.roles import MemberRole


@dataclass(frozen=True, slots=True)
class Member:
    """A member of one workspace, without anything that says who it is in clear.

    lookup_digest:    keyed digest of the address, for lookup
    subject_digest:  keyed digest of the name that an identity provider has for the member; empty without one
    character_limit: units a month; None for those of the workspace
    sealed_profile:  a MemberProfile, sealed by the member's own key
    """

    user_id: str
    workspace_id: str
    role: MemberRole
    created_unix: int
    lookup_digest: bytes = field(repr=False)
    sealed_profile: bytes = field(repr=False)
    is_owner: bool = False
    is_locked: bool = False
    character_limit: int | None = None
    subject_digest: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """A login, as it is stored: a digest, never the token."""

    session_id: str
    user_id: str
    workspace_id: str
    digest: bytes = field(repr=False)
    created_unix: int
    expires_unix: int
