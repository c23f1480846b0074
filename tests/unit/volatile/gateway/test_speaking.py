"""One generation: the sink sees what the client sees, and first."""

from __future__ import annotations

import pytest

from echoless.crossing.records import CloseTicket, KeepText
from echoless.volatile.gateway.speaking import WINDOW_BYTES
from tests.fakes.fake_engine import FakeEngine
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = f"/v1/text-to-speech/{VOICE_ID}"
AUDIO = bytes(range(256)) * 4000


async def test_commit_lies_between_the_last_audio_and_the_end() -> None:
    order: list[str] = []
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        closing = gateway.vault._answer

        def answer(record: object, ticket: object) -> object:
            if isinstance(record, CloseTicket | KeepText):
                order.append(type(record).__name__)
            return closing(record, ticket)  # type: ignore[arg-type]  # passed on as it came

        gateway.vault._answer = answer  # type: ignore[method-assign, assignment]  # listens to the order
        reply = await gateway.ask("POST", PATH, {"text": "a"})
        assert reply.is_complete
        assert bytes(gateway.vault.last.audio) == AUDIO
        assert order == ["KeepText", "CloseTicket"]


@pytest.mark.claim("Z2")
async def test_zero_request_meets_a_sink_that_cannot_take_content(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(
        "echoless.crossing.sinks.RetainingSink.keep_audio", lambda _, audio: taken.append(len(audio))
    )
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        reply = await gateway.ask("POST", f"{PATH}?enable_logging=0", {"text": "a"})
        assert reply.is_complete
        assert not taken


async def test_credit_is_given_as_the_client_takes() -> None:
    async with running_gateway(FakeEngine(AUDIO)) as gateway:
        await gateway.ask("POST", PATH, {"text": "a"})
        job = gateway.engine.jobs[0]
        assert len(AUDIO) - WINDOW_BYTES <= job.taken_bytes <= len(AUDIO)
