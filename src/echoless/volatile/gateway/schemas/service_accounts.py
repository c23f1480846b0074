"""Bodies and queries of service accounts and their keys.

source: the wire contract, history, voices, models and user, section 7
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from echoless.volatile.gateway.schemas.base import Body, Query

NO_UPDATE: Final = "no_update"
CLEAR: Final = frozenset({"clear", "unlimited"})
"""Words that take a bound away; the second is an older spelling."""
_Clear = Literal["clear", "unlimited"]
_NoUpdate = Literal["no_update"]
_Name = Annotated[str, Field(min_length=1, max_length=256)]
_Scope = Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")]
_Scopes = Annotated[list[_Scope], Field(max_length=100)]
_Network = Annotated[str, Field(pattern=r"^[0-9A-Fa-f:./]{2,49}$")]
_Networks = Annotated[list[_Network], Field(min_length=1, max_length=100)]
_Characters = Annotated[int, Field(ge=0, le=2**53)]
_AtOnce = Annotated[int, Field(ge=1, le=10_000)]
_UnixSeconds = Annotated[int, Field(ge=0, le=2**40)]


class ServiceAccountBody(Body):
    """A new service account."""

    name: _Name


class CreateKeyBody(Body):
    """A new key. `retention` binds every request of it; absent, the new key has that of the one that asks."""

    name: _Name
    permissions: Literal["all"] | _Scopes
    character_limit: _Characters | None = Field(None, description="Characters a month.")
    expires_at_unix: _UnixSeconds | None = Field(None, description="At least 15 minutes ahead.")
    retention: Literal["default", "zero"] | None = None
    allowed_ips: _Networks | None = Field(None, description="Addresses, or networks in CIDR notation.")
    tts_concurrency_limit: _AtOnce | None = Field(None, description="Requests at once that speak.")
    dubbing_concurrency_limit: _AtOnce | None = None
    music_concurrency_limit: _AtOnce | None = None
    third_party_disable_allowed: bool | None = Field(
        None, description="Whether whoever holds the key may disable it; absent, as the workspace says."
    )


class EditKeyBody(Body):
    """Changes to a key; what is absent, null or `no_update` stays as it is, `clear` takes a bound away."""

    is_enabled: bool | _NoUpdate | None = None
    name: _Name | None = None
    permissions: Literal["all", "no_update"] | _Scopes | None = None
    character_limit: _Characters | _Clear | _NoUpdate | None = None
    expires_at_unix: _UnixSeconds | _Clear | _NoUpdate | None = None
    retention: Literal["default", "zero", "no_update"] | None = None
    allowed_ips: _Networks | _Clear | _NoUpdate | None = None
    tts_concurrency_limit: _AtOnce | _Clear | _NoUpdate | None = None
    dubbing_concurrency_limit: _AtOnce | _Clear | _NoUpdate | None = None
    music_concurrency_limit: _AtOnce | _Clear | _NoUpdate | None = None
    third_party_disable_allowed: bool | _Clear | _NoUpdate | None = None


class SelfDisablingBody(Body):
    """Whether whoever holds a key may disable it, where the key says nothing itself."""

    third_party_disable_allowed: bool


class DisableKeyQuery(Query):
    """Which key to disable."""

    api_key_name: Literal["self"]
