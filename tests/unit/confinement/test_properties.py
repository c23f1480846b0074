"""The decision whether a host may do zero-retention work (C35, C36, T8, T36)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from echoless.confinement.allocator import AllocatorState
from echoless.confinement.descriptors import DescriptorFacts
from echoless.confinement.doctor import fix_for
from echoless.confinement.facts import ChannelResult, ChannelVerdict, Layer, SandboxFacts
from echoless.confinement.host import SwapState
from echoless.confinement.limits import LimitFacts
from echoless.confinement.profile import Role
from echoless.confinement.properties import missing_properties

pytestmark = pytest.mark.unit

_LIMITS = LimitFacts(True, True, False, True, False)
_ONE_LAYER = ChannelResult("file_write", ChannelVerdict.CLOSED, (Layer.SECCOMP,), must_close=True, needs_two=True)
SPOILED: dict[str, dict[str, Any]] = {
    "seccomp_library_absent": {"has_libseccomp": False},
    "seccomp_absent": {"has_filter": False},
    "landlock_absent": {"has_landlock": False},
    "new_privileges_possible": {"limits": replace(_LIMITS, has_no_new_privileges=False)},
    "core_dumps_on": {"limits": replace(_LIMITS, core_size_is_zero=False)},
    "process_readable": {"limits": replace(_LIMITS, is_dumpable=True)},
    "file_size_unlimited": {"limits": replace(_LIMITS, file_size_is_zero=False)},
    "descriptor:addressable_socket": {"descriptors": DescriptorFacts(1, 0, 0)},
    "descriptor:block_device": {"descriptors": DescriptorFacts(0, 1, 0)},
    "allocator_profile_off": {"allocator": AllocatorState.KEEPS},
    "allocator_not_glibc": {"allocator": AllocatorState.NOT_GLIBC},
    "swap_on": {"swap": SwapState.POSSIBLE},
    "channel_open:bpf": {"channels": (ChannelResult("bpf", ChannelVerdict.OPEN, ()),)},
    "channel_unproved:bpf": {"channels": (ChannelResult("bpf", ChannelVerdict.UNPROVED, ()),)},
    "single_layer:file_write": {"channels": (_ONE_LAYER,)},
}


def test_nothing_is_missing_where_everything_holds(good_facts: SandboxFacts) -> None:
    assert missing_properties(good_facts) == ()


@pytest.mark.claim("Z16")
@pytest.mark.parametrize("code", SPOILED)
def test_each_missing_property_has_its_code_and_a_fix(good_facts: SandboxFacts, code: str) -> None:
    assert missing_properties(replace(good_facts, **SPOILED[code])) == (code,)
    assert fix_for(code)


def test_agent_is_named(good_facts: SandboxFacts) -> None:
    spoiled = replace(good_facts, host=replace(good_facts.host, agents=("LD_PRELOAD",)))
    assert missing_properties(spoiled) == ("agent_present",)
    assert fix_for("agent_present")


def test_audit_view_may_be_readable(good_facts: SandboxFacts) -> None:
    viewed = replace(good_facts, audit_view=True, limits=replace(_LIMITS, is_dumpable=True))
    assert missing_properties(viewed) == ()


def test_one_layer_is_enough_where_the_kernel_has_no_landlock_to_add(good_facts: SandboxFacts) -> None:
    old = replace(good_facts, landlock_abi=0, has_landlock=False, channels=(_ONE_LAYER,))
    assert missing_properties(old) == ("landlock_absent",)


def test_channel_that_a_role_may_have_is_not_missed(good_facts: SandboxFacts) -> None:
    own = ChannelResult("file_write", ChannelVerdict.OPEN, (), must_close=False)
    assert missing_properties(replace(good_facts, role=Role.VAULT, channels=(own,))) == ()


def test_supervisor_needs_no_wall_but_the_memory_profile(good_facts: SandboxFacts) -> None:
    bare = replace(good_facts, role=Role.SUPERVISOR, has_filter=False, has_landlock=False, channels=())
    assert missing_properties(bare) == ()
    assert missing_properties(replace(bare, swap=SwapState.POSSIBLE)) == ("swap_on",)
