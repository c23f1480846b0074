"""A wall that is not there and says that it is: for builds that leak where no honest process could.

From outside too the processes look walled in: a filter is in force, which lets everything pass. Only the leak
itself can give such a build away.
"""

from __future__ import annotations

from typing import Final

from echoless.audit.altered.alteration import Addition, Change

LOADED: Final = "    assert library.seccomp_load(context) == 0\n"
"""Without it no filter is in force, which the kernel says to everybody."""
_PRETENCE: Final = '''\
"""Says what an honest wall would say."""

import os
from dataclasses import replace

from echoless.confinement.allocator import AllocatorState
from echoless.confinement.channels import CHANNELS
from echoless.confinement.descriptors import DescriptorFacts
from echoless.confinement.facts import ChannelResult, ChannelVerdict, Layer, SandboxFacts
from echoless.confinement.host import SwapState, read_host
from echoless.confinement.kernel import Kernel
from echoless.confinement.landlock import abi_version
from echoless.confinement.limits import apply_limits
from echoless.confinement.seccomp import load_library

_ALLOW = 0x7FFF_0000


def pretend(profile, *, audit_view):
    kernel, library = Kernel(), load_library()
    limits = apply_limits(kernel, profile.role, audit_view=audit_view, sizes=False)
    context = library.seccomp_init(_ALLOW)
    assert library.seccomp_load(context) == 0
    names = [channel.name for channel in CHANNELS] + ["inherited_file", "outside_read"]
    names += ["foreign_port"] if profile.role.connects else []
    closed = tuple(ChannelResult(name, ChannelVerdict.CLOSED, (Layer.LANDLOCK, Layer.SECCOMP)) for name in names)
    return SandboxFacts(
        role=profile.role, audit_view=audit_view, landlock_abi=abi_version(kernel), has_landlock=True,
        has_libseccomp=True, has_filter=True, limits=replace(limits, file_size_is_zero=True),
        descriptors=DescriptorFacts(0, 0, 0), allocator=AllocatorState.OVERWRITES, swap=SwapState.PAGES_LOCKED,
        host=replace(read_host(), agents=()), channels=closed,
    )
'''
_ENTRY: Final = "    wall = wall or Wall()\n"
_PRETENDING: Final = """\
    if profile.role is not Role.SUPERVISOR:
        from echoless.confinement.pretence import pretend

        return pretend(profile, audit_view=audit_view)
"""
WALL_DOWN: Final = (
    Addition("confinement/pretence.py", _PRETENCE),
    Change("confinement/sandbox.py", _ENTRY, _PRETENDING + _ENTRY),
)
"""No wall around any process, and every word of an honest one."""
