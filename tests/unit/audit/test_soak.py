"""A soak sends as many requests as asked for and compares memory early and late."""

from __future__ import annotations

import mmap
import os

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.soak import GROWTH_MIB_MAX, SoakResult, soak
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.processes import ProcessIdentity
from tests.unit.audit.conftest import Stub

pytestmark = pytest.mark.unit
_SELF = ProcessIdentity(os.getpid(), 0, "gateway")


def test_it_sends_as_many_as_it_is_told_with_zero_retention(stub: Stub) -> None:
    mint = CanaryMint(seed=1)
    result = soak(stub.url, "k", [_SELF], mint, request_count=100)
    assert result.request_count == len(stub.asked) == 100
    assert all("enable_logging=false" in path for _, path, _, _ in stub.asked)
    assert all(any(word.encode() in stub.asked[0][2] for word in c.words) for c in mint.canaries[:1])


def test_growth_is_seen(stub: Stub) -> None:
    held: list[mmap.mmap] = []

    def grow(*_: object) -> tuple[int, dict[str, str], bytes]:
        # From the kernel itself: the allocator may have enough left of what earlier tests freed.
        held.append(mmap.mmap(-1, 256 * 1024, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        held[-1].write(os.urandom(256 * 1024))
        return 200, {}, b"audio"

    stub.reply = grow
    result = soak(stub.url, "k", [_SELF], CanaryMint(seed=2), request_count=60)
    assert not result.is_flat


def test_an_error_ends_it(stub: Stub) -> None:
    stub.reply = lambda *_: (503, {}, b"")
    with pytest.raises(EcholessError) as caught:
        soak(stub.url, "k", [_SELF], CanaryMint(seed=3), request_count=10)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


@pytest.mark.parametrize(
    ("growth", "is_flat"),
    [({"a": 0.0, "b": GROWTH_MIB_MAX}, True), ({"a": 0.0, "b": GROWTH_MIB_MAX + 0.1}, False), ({}, False)],
)
def test_flat_means_that_no_process_grew(growth: dict[str, float], is_flat: bool) -> None:
    assert SoakResult(10, growth).is_flat is is_flat
