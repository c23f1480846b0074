"""`doctor` enters every wall in a process of its own and says what it found there."""

from __future__ import annotations

import pytest

from echoless.confinement.doctor import diagnose, fix_for
from echoless.confinement.facts import ChannelVerdict, Layer
from echoless.confinement.kernel import Kernel
from echoless.confinement.landlock import abi_version
from echoless.confinement.profile import Role

pytestmark = pytest.mark.confinement


def test_doctor_reports_each_channel_of_each_role_with_its_layers() -> None:
    report = diagnose()
    assert [each.role for each in report.roles] == [Role.GATEWAY, Role.ENGINE, Role.EGRESS, Role.VAULT]
    assert report.landlock_abi == abi_version(Kernel())
    for each in report.roles:
        assert len(each.channels) > 60
        for channel in each.channels:
            assert (channel.verdict is ChannelVerdict.CLOSED) == bool(channel.layers)
    for code in report.missing:
        assert fix_for(code)
    gateway = {channel.name: channel for channel in report.roles[0].channels}
    assert Layer.SECCOMP in gateway["file_write"].layers
    assert gateway["inherited_file"].layers == (Layer.LIMIT,)
