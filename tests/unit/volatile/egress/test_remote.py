"""The egress process refuses by itself what its remote may not have, whatever the gateway asks."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.ids import NO_TICKET
from echoless.crossing.egress_records import Fetch, FetchEnded, RemoteSpeak
from echoless.crossing.records import SpeechEnded
from tests.fakes.egress_pair import PEER
from tests.fakes.outside import Said
from tests.fakes.remotes import MODEL, speak, upstream

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@pytest.mark.claim("Z20")
@pytest.mark.parametrize("kind", ["openai", "elevenlabs"])
async def test_undeclared_zero_retention_work_is_refused_once_more(kind: str) -> None:
    async with upstream(kind, lambda _asked: Said(), is_zero_declared=False) as remote:
        link = remote.pair.links.link(PEER)
        answer = await link.call(RemoteSpeak(MODEL, True, speak()), NO_TICKET)
        assert answer == SpeechEnded(ErrorCode.ZERO_RETENTION_NOT_SUPPORTED.value, 0, 0)
    assert remote.outside.connection_count == 0


async def test_a_remotes_process_fetches_nothing() -> None:
    async with upstream("openai", lambda _asked: Said()) as remote:
        answer = await remote.pair.links.link(PEER).call(Fetch("https://files.example/", 1, 1))
        assert isinstance(answer, FetchEnded)
        assert answer.error_code == ErrorCode.INTERNAL_ERROR.value
    assert remote.outside.connection_count == 0
