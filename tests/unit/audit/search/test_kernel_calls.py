"""The calls fail as the kernel says, and leave nothing behind."""

from __future__ import annotations

import os

import pytest

from echoless.audit.search.kernel_calls import attached_segment, key_description, message_copies, mounted_queues

pytestmark = pytest.mark.unit
_NO_SUCH = 0x7FFF_FFF0


def test_what_is_not_there_is_refused_with_the_kernels_reason() -> None:
    with pytest.raises(OSError, match="Invalid argument"), attached_segment(_NO_SUCH, 1):
        pass
    with pytest.raises(OSError, match="Invalid argument"):
        list(message_copies(_NO_SUCH))
    with pytest.raises(OSError, match="Required key not available"):
        key_description(_NO_SUCH)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting takes root")
def test_the_queues_are_mounted_nowhere_that_others_see() -> None:
    open_before = os.listdir("/proc/self/fd")
    with mounted_queues() as directory, open("/proc/self/mountinfo") as mounts:
        assert os.listdir(directory) is not None
        assert "mqueue" not in mounts.read()
    assert os.listdir("/proc/self/fd") == open_before
