"""Entering the wall: limits, then Landlock, then seccomp, then the proof.

Called once, by a process with one thread, after everything lazy has been imported and warmed. There is no way
back. It never raises because a host lacks a layer: the facts say what is missing and the caller decides.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from echoless.confinement.allocator import observe_allocator
from echoless.confinement.descriptors import count_descriptors
from echoless.confinement.facts import Layer, SandboxFacts
from echoless.confinement.host import read_host, read_swap
from echoless.confinement.kernel import Kernel
from echoless.confinement.landlock import abi_version, restrict
from echoless.confinement.limits import apply_limits, task_count
from echoless.confinement.probe import controls, landlock_refuses_writing, lay_tripwires, probe
from echoless.confinement.profile import Role, SandboxProfile
from echoless.confinement.rules import RuleSet, rules_for
from echoless.confinement.seccomp import install, kernel_has_filters, load_library
from echoless.core.errors import EcholessError, ErrorCode

_ALL_LAYERS: Final = frozenset({Layer.SECCOMP, Layer.LANDLOCK, Layer.LIMIT})


@dataclass(frozen=True, slots=True)
class Wall:
    """Which layers to build. Anything but the default is for doctor and tests: a wall with a hole on purpose."""

    layers: frozenset[Layer] = _ALL_LAYERS
    rules: RuleSet | None = None


def enter(profile: SandboxProfile, *, audit_view: bool, wall: Wall | None = None) -> SandboxFacts:
    """Confine this process for ever and report what was proved.

    audit_view: leave the process readable to the user's own processes
    returns:    the facts; ask `missing_properties` whether they are enough
    raises:     EcholessError where more than one thread runs, or a layer that exists refuses to be built
    """
    wall = wall or Wall()
    _require_one_task()
    kernel = Kernel()
    library = load_library()
    landlock_abi = abi_version(kernel)
    has_filters = library is not None and kernel_has_filters(kernel)
    allocator, host, descriptors = observe_allocator(), read_host(), count_descriptors()
    # The supervisor has no wall of its own to prove: it starts processes and sees no content.
    is_proved = profile.role is not Role.SUPERVISOR
    before, tripwires = (controls(kernel), lay_tripwires(profile)) if is_proved else ({}, None)
    limits = apply_limits(kernel, profile.role, audit_view=audit_view, sizes=Layer.LIMIT in wall.layers)
    swap = read_swap(pages_locked=limits.has_locked_pages)
    has_landlock = is_proved and Layer.LANDLOCK in wall.layers and _build_landlock(kernel, profile, landlock_abi)
    builds_filter = is_proved and has_filters and Layer.SECCOMP in wall.layers
    if builds_filter and library is not None:
        install(library, wall.rules or rules_for(profile.role, os.getpid()))
    proof = probe(kernel, profile, before, tripwires, landlock_abi if has_landlock else 0) if tripwires else ()
    return SandboxFacts(
        role=profile.role,
        audit_view=audit_view,
        landlock_abi=landlock_abi,
        has_landlock=has_landlock,
        has_libseccomp=library is not None,
        has_filter=builds_filter,
        limits=limits,
        descriptors=descriptors,
        allocator=allocator,
        swap=swap,
        host=host,
        channels=proof,
    )


def _require_one_task() -> None:
    if (count := task_count()) != 1:
        raise EcholessError(ErrorCode.CONFIGURATION, f"the wall needs one thread and found {count}")


def _build_landlock(kernel: Kernel, profile: SandboxProfile, abi: int) -> bool:
    """Apply Landlock where there is one; true only where it was then seen to refuse a write."""
    if abi == 0:
        return False
    restrict(kernel, profile, abi)
    return landlock_refuses_writing()
