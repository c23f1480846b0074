"""The allocator's self-test tells overwritten memory from memory that was left (C35)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from echoless.confinement import allocator
from echoless.confinement.allocator import ALLOCATOR_ENVIRONMENT, AllocatorState, observe_allocator

pytestmark = pytest.mark.unit

_PROGRAM = "from echoless.confinement.allocator import observe_allocator as o; print(o().value)"


def _observed(**environment: str) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=kept | environment, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().strip()


@pytest.mark.claim("Z17")
def test_profile_overwrites_freed_memory() -> None:
    assert _observed(**ALLOCATOR_ENVIRONMENT) == AllocatorState.OVERWRITES


@pytest.mark.parametrize("name", ALLOCATOR_ENVIRONMENT)
def test_either_half_of_the_profile_alone_keeps_memory(name: str) -> None:
    assert _observed(**{name: ALLOCATOR_ENVIRONMENT[name]}) == AllocatorState.KEEPS
    assert _observed() == AllocatorState.KEEPS


_SHORT_TEXTS = """
import ctypes, sys
texts = ["".join(list(sys.argv[1])) for _ in range(8)]
addresses = [id(text) + sys.getsizeof("") - 1 for text in texts]
size = len(texts[0])
del texts
print(sum(ctypes.string_at(address, size) == sys.argv[1].encode() for address in addresses))
"""


def _short_texts_left(profile: str) -> int:
    """Return how many of 8 texts of five letters can be read after they were freed."""
    environment = {**ALLOCATOR_ENVIRONMENT, "PYTHONMALLOC": profile}
    done = subprocess.run(
        [sys.executable, "-c", _SHORT_TEXTS, "zuqov"], env=environment, capture_output=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.claim("Z17")
def test_texts_of_five_letters_are_overwritten_too() -> None:
    """The C library alone leaves the last eight bytes of a small block, which is all of such a text."""
    assert _short_texts_left(ALLOCATOR_ENVIRONMENT["PYTHONMALLOC"]) == 0
    assert _short_texts_left("malloc") > 0


def test_thread_cache_alone_keeps_memory() -> None:
    tunables = ALLOCATOR_ENVIRONMENT["GLIBC_TUNABLES"].partition(":")[0]
    assert _observed(PYTHONMALLOC="malloc_debug", GLIBC_TUNABLES=tunables) == AllocatorState.KEEPS


def test_another_c_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "libc_version", lambda: None)
    assert observe_allocator() is AllocatorState.NOT_GLIBC
