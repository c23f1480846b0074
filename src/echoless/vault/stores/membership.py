"""What is held in memory of members and their sessions: roles, digests and times, never a name or an address."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

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


class PassKind(StrEnum):
    """What a pass is good for."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # a kind, not a secret


@dataclass(frozen=True, slots=True)
class Pass:
    """A code that lets somebody in once, as it is stored: a digest, never the code.

    user_id:       whose password it sets; empty for an invitation
    sealed_holder: the address that it was sent to, sealed by the pass's own key
    """

    pass_id: str
    workspace_id: str
    kind: PassKind
    user_id: str
    role: MemberRole
    digest: bytes = field(repr=False)
    lookup_digest: bytes = field(repr=False)
    group_ids: tuple[str, ...]
    character_limit: int | None
    created_unix: int
    expires_unix: int
    sealed_holder: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Group:
    """Members under one name."""

    group_id: str
    workspace_id: str
    name: str
    created_unix: int
    user_ids: tuple[str, ...] = ()
