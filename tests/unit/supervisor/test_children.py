"""What a child gets and what it cannot say."""

from __future__ import annotations

import os
from unittest.mock import Mock

import pytest

from echoless.supervisor.children import Child, child_environment
from echoless.supervisor.plan import Role, Slot

pytestmark = pytest.mark.unit

ALLOCATOR = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "x"}


@pytest.mark.claim("Z17")
def test_a_child_gets_the_allocators_profile_and_no_secret() -> None:
    """T26, T36: no key, no debug switch, no agent's hook is inherited."""
    surroundings = {
        "ECHOLESS_API_KEY": "sk_secret", "AWS_SECRET_ACCESS_KEY": "x", "PYTHONASYNCIODEBUG": "1", "OPENAI_LOG": "1",
        "LD_PRELOAD": "spy.so", "PYTHONPATH": "/somewhere", "LANG": "C.UTF-8", "HOME": "/root",
    }  # fmt: skip
    environment = child_environment(surroundings, ALLOCATOR, has_allocator_profile=True)
    assert environment.items() >= ALLOCATOR.items()
    assert environment["LANG"] == "C.UTF-8"
    assert set(environment) == {
        *ALLOCATOR, "LANG", "PATH", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED", "PYTHONNOUSERSITE",
    }  # fmt: skip


def test_the_profile_can_be_left_out_for_the_audits_own_control() -> None:
    """C34."""
    assert not set(ALLOCATOR) & set(child_environment({}, ALLOCATOR, has_allocator_profile=False))


@pytest.mark.claim("Z10")
def test_what_a_ready_child_prints_is_counted_and_held_nowhere() -> None:
    output, writing = os.pipe()
    child = Child(Slot(Role.ENGINE, 0), 1, Mock(), Mock(), -1, output, 0.0)
    os.write(writing, b"early")
    assert child.read_output()
    assert bytes(child.start_output) == b"early"
    child.became_ready()
    os.write(writing, b"later words")
    os.close(writing)
    assert child.read_output()
    assert (child.output_bytes, bytes(child.start_output)) == (16, b"")
    assert not child.read_output()
    os.close(output)
