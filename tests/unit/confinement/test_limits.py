"""A child asks to die with its parent, and notices a parent that is gone."""

from __future__ import annotations

import os

import pytest

from echoless.confinement.kernel import Kernel
from echoless.confinement.limits import die_with_parent
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit


def test_parent_that_is_gone_is_noticed() -> None:
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent(Kernel(), os.getpid())
        except EcholessError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_parent_that_lives_is_accepted() -> None:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        die_with_parent(Kernel(), parent)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
