"""What a child gets and what it cannot say."""

from __future__ import annotations

import pytest

from echoless.supervisor.children import child_environment

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
