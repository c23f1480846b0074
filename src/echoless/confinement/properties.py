"""The pure decision whether this host may do zero-retention work.

Each missing property has a stable code; nothing missing means that the promise can be kept here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from echoless.confinement.allocator import AllocatorState
from echoless.confinement.facts import ChannelVerdict, SandboxFacts
from echoless.confinement.host import SwapState
from echoless.confinement.profile import Role

OTHER_FAMILY: Final = "other"
PROPERTY_FAMILIES: Final = (
    "seccomp_library_absent", "seccomp_absent", "landlock_absent", "new_privileges_possible", "core_dumps_on",
    "process_readable", "file_size_unlimited", "descriptor", "allocator_profile_off", "allocator_not_glibc",
    "swap_on", "agent_present", "channel_open", "channel_unproved", "single_layer", "starting", "host_not_stated",
    OTHER_FAMILY,
)  # fmt: skip
"""What a code begins with; the last but two are the supervisor's and the vault's own words before all is stated."""


def family_of(code: str) -> str:
    """Return the part of a code before its colon, or `other`: a closed set, for whoever counts."""
    family = code.partition(":")[0]
    return family if family in PROPERTY_FAMILIES else OTHER_FAMILY


def missing_properties(facts: SandboxFacts) -> tuple[str, ...]:
    """Return the codes of what is missing, in a stable order; empty where nothing is.

    codes: `seccomp_library_absent seccomp_absent landlock_absent new_privileges_possible core_dumps_on
           process_readable file_size_unlimited descriptor:* allocator_profile_off allocator_not_glibc swap_on
           agent_present channel_open:<name> channel_unproved:<name> single_layer:<name>`
    """
    return (*_walls(facts), *_attributes(facts), *_memory(facts), *_channels(facts))


def _walls(facts: SandboxFacts) -> Iterator[str]:
    if facts.role is Role.SUPERVISOR:
        return
    if not facts.has_libseccomp:
        yield "seccomp_library_absent"
    if not facts.has_filter:
        yield "seccomp_absent"
    if facts.role.is_volatile and not facts.has_landlock:
        yield "landlock_absent"


def _attributes(facts: SandboxFacts) -> Iterator[str]:
    if facts.role is not Role.SUPERVISOR and not facts.limits.has_no_new_privileges:
        yield "new_privileges_possible"
    if not facts.limits.core_size_is_zero:
        yield "core_dumps_on"
    if facts.limits.is_dumpable and not facts.audit_view:
        yield "process_readable"
    if facts.role.is_volatile and not facts.limits.file_size_is_zero:
        yield "file_size_unlimited"
    if facts.descriptors.addressable_sockets:
        yield "descriptor:addressable_socket"
    if facts.descriptors.block_devices:
        yield "descriptor:block_device"


def _memory(facts: SandboxFacts) -> Iterator[str]:
    if facts.allocator is AllocatorState.KEEPS:
        yield "allocator_profile_off"
    if facts.allocator is AllocatorState.NOT_GLIBC:
        yield "allocator_not_glibc"
    if facts.swap is SwapState.POSSIBLE:
        yield "swap_on"
    if facts.host.agents:
        yield "agent_present"


def _channels(facts: SandboxFacts) -> Iterator[str]:
    for result in facts.channels:
        if not result.must_close:
            continue
        if result.verdict is not ChannelVerdict.CLOSED:
            yield f"channel_{result.verdict.value}:{result.name}"
        elif result.needs_two and facts.landlock_abi and len(result.layers) < 2:
            yield f"single_layer:{result.name}"
