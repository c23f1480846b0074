"""Memory stays flat however many requests there were (C33); the long form is `script/soak`."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.search.needles import text_needles
from echoless.audit.soak import soak
from tests.leak.conftest import Watched

pytestmark = [pytest.mark.leak, pytest.mark.claim("Z1")]


def test_memory_is_flat_over_many_requests(watched: Watched, mint: CanaryMint) -> None:
    result = soak(watched.server.url, watched.server.api_key, watched.family, mint, request_count=400)
    assert result.request_count == 400
    assert result.is_flat, result.growth_mib
    watched.needles = text_needles(mint.canaries)
    watched.assert_clean()
