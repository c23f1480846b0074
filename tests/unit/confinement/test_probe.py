"""How one call's answers before and behind the wall are judged."""

from __future__ import annotations

import errno

import pytest

from echoless.confinement.facts import ChannelVerdict, Layer
from echoless.confinement.kernel import Answer
from echoless.confinement.probe import judge
from echoless.confinement.rules import WALL_ERRNO

pytestmark = pytest.mark.unit

_REACHED = Answer(-1, errno.EFAULT)


def test_walls_errno_closes_what_reached_the_kernel_before() -> None:
    assert judge(_REACHED, Answer(-1, WALL_ERRNO)) == (ChannelVerdict.CLOSED, Layer.SECCOMP)


def test_walls_errno_closes_what_an_outer_container_refused_otherwise() -> None:
    assert judge(Answer(-1, errno.EPERM), Answer(-1, WALL_ERRNO)) == (ChannelVerdict.CLOSED, Layer.SECCOMP)


def test_same_refusal_before_and_behind_is_unproved() -> None:
    assert judge(Answer(-1, WALL_ERRNO), Answer(-1, WALL_ERRNO)) == (ChannelVerdict.UNPROVED, None)


@pytest.mark.parametrize("number", [errno.EFAULT, errno.EBADF, errno.EINVAL, errno.EPERM, errno.ENOENT, 0])
def test_any_other_answer_is_open(number: int) -> None:
    assert judge(_REACHED, Answer(-1 if number else 5, number)) == (ChannelVerdict.OPEN, None)


def test_call_that_vanished_is_closed_by_the_filter() -> None:
    assert judge(_REACHED, Answer(-1, errno.ENOSYS)) == (ChannelVerdict.CLOSED, Layer.SECCOMP)


def test_call_that_never_existed_is_absent() -> None:
    missing = Answer(-1, errno.ENOSYS)
    assert judge(missing, missing) == (ChannelVerdict.CLOSED, Layer.ABSENT)


def test_call_without_control_is_closed_by_the_walls_errno_alone() -> None:
    assert judge(None, Answer(-1, WALL_ERRNO)) == (ChannelVerdict.CLOSED, Layer.SECCOMP)
    assert judge(None, Answer(4321, 0)) == (ChannelVerdict.OPEN, None)
