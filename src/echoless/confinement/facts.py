"""What a process knows about its own wall: frozen values of numbers and codes, fit to be sent and printed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from echoless.confinement.allocator import AllocatorState
from echoless.confinement.descriptors import DescriptorFacts
from echoless.confinement.host import HostFacts, SwapState
from echoless.confinement.limits import LimitFacts
from echoless.confinement.profile import Role


class ChannelVerdict(StrEnum):
    """CLOSED and OPEN are seen; UNPROVED means that a refusal cannot be told from another reason."""

    CLOSED = "closed"
    OPEN = "open"
    UNPROVED = "unproved"


class Layer(StrEnum):
    """Who refuses. ABSENT: the kernel, or an outer container, does not have the call at all."""

    SECCOMP = "seccomp"
    LANDLOCK = "landlock"
    LIMIT = "limit"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """One channel as the probe found it."""

    name: str
    verdict: ChannelVerdict
    layers: tuple[Layer, ...]
    must_close: bool = True
    needs_two: bool = False


@dataclass(frozen=True, slots=True)
class SandboxFacts:
    """The wall of one process.

    landlock_abi:   what the kernel offers, 0 where it has none
    has_landlock:   the ruleset is in force and was seen to refuse a write
    has_libseccomp: the library was found
    has_filter:     the filter is in force
    audit_view:     the user's own processes may look inside
    """

    role: Role
    audit_view: bool
    landlock_abi: int
    has_landlock: bool
    has_libseccomp: bool
    has_filter: bool
    limits: LimitFacts
    descriptors: DescriptorFacts
    allocator: AllocatorState
    swap: SwapState
    host: HostFacts
    channels: tuple[ChannelResult, ...]
