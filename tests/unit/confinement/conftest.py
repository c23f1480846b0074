"""Facts of a host on which nothing is missing, to be spoiled one by one."""

from __future__ import annotations

import pytest

from echoless.confinement.allocator import AllocatorState
from echoless.confinement.descriptors import DescriptorFacts
from echoless.confinement.facts import ChannelResult, ChannelVerdict, Layer, SandboxFacts
from echoless.confinement.host import HostFacts, SwapState
from echoless.confinement.limits import LimitFacts
from echoless.confinement.profile import Role


@pytest.fixture
def good_facts() -> SandboxFacts:
    return SandboxFacts(
        role=Role.GATEWAY,
        audit_view=False,
        landlock_abi=7,
        has_landlock=True,
        has_libseccomp=True,
        has_filter=True,
        limits=LimitFacts(True, True, False, True, False),
        descriptors=DescriptorFacts(0, 0, 0),
        allocator=AllocatorState.OVERWRITES,
        swap=SwapState.NO_SWAP,
        host=HostFacts("x86_64", "6.1.0", "glibc-2.36", False, -1, 1, ()),
        channels=(
            ChannelResult(
                "file_write",
                ChannelVerdict.CLOSED,
                (Layer.LANDLOCK, Layer.SECCOMP),
                must_close=True,
                needs_two=True,
            ),
            ChannelResult("xattr", ChannelVerdict.CLOSED, (Layer.SECCOMP,)),
        ),
    )
