"""One stream of turns: what it asks of the vault, what it keeps, and how much it lets wait."""

from __future__ import annotations

import asyncio
import json

import pytest

from echoless.crossing.records import CloseStatus
from echoless.crossing.socket_records import BeginGeneration, EndGeneration, OpenContext
from tests.fakes.gateway import VOICE_ID
from tests.fakes.socket_gateway import SocketGateway, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

STREAM = "/v1/text-to-dialogue/stream-input"
FIRST = {"voices": [VOICE_ID]}
END = {"close_socket": True}


def turns(*texts: str) -> dict[str, object]:
    return {"inputs": [{"text": text, "voice_id": VOICE_ID, "new_turn": True} for text in texts]}


async def test_each_turn_has_a_ticket_and_gives_its_place_back() -> None:
    async with socket_gateway() as gateway:
        await gateway.talk(f"{STREAM}?output_format=pcm_16000", FIRST, turns("One.", "And two."), END)
        asked = gateway.vault.questions
        begun = [question for question in asked if isinstance(question, BeginGeneration)]
        assert [question.characters for question in begun] == [4, 8]
        assert {question.output_format for question in begun} == {"pcm_16000"}
        assert sum(isinstance(question, EndGeneration) for question in asked) == 2
        assert sum(isinstance(question, OpenContext) for question in asked) == 2


async def test_an_item_has_the_times_and_the_audio_of_its_turn_only() -> None:
    async with socket_gateway() as gateway:
        await gateway.talk(STREAM, FIRST, turns("ab", "cd"), END)
        kept = [kept for kept in gateway.vault.tickets.values() if kept.text is not None]
        assert [bytes(item.audio) for item in kept] == [b"ab", b"cd"]
        source = [[part for part in item.alignments if not part.is_normalized] for item in kept]
        assert [[part.characters for part in parts] for parts in source] == [[["a", "b"]], [["c", "d"]]]


async def test_a_turn_is_final_for_the_client_only_once_it_is_kept() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        for message in (FIRST, {**turns("Kept."), "flush": True}):
            await opened.send(json.dumps(message))
        await opened.recv()
        assert json.loads(await opened.recv()) == {"is_final_audio_for_turn": True}
        closed = [kept.closed for kept in gateway.vault.tickets.values() if kept.text is not None]
        assert [close.status for close in closed if close] == [CloseStatus.DONE]
        await opened.close()


async def test_what_was_said_before_an_error_stays_kept_and_what_was_not_is_no_item() -> None:
    async with socket_gateway() as gateway:
        opened = await gateway.open(STREAM)
        for message in (FIRST, {**turns("Said."), "flush": True}):
            await opened.send(json.dumps(message))
        await opened.recv()
        await opened.recv()
        gateway.engine.is_mute = True
        await opened.send(json.dumps({**turns("Unsaid."), "flush": True}))
        await _until_texts(gateway, 2)
        await opened.send("no json")
        await opened.wait_closed()
        await gateway.settle()
        statuses = [kept.closed.status for kept in gateway.vault.tickets.values() if kept.text and kept.closed]
        assert statuses == [CloseStatus.DONE, CloseStatus.REFUSED]


async def test_a_turn_begins_only_after_the_one_before_is_over() -> None:
    """So a stream holds one place among the requests of its workspace, however many turns a message brings."""
    async with socket_gateway() as gateway:
        gateway.engine.is_mute = True
        opened = await gateway.open(STREAM)
        for message in (FIRST, turns(*(f"{index}." for index in range(40))), END):
            await opened.send(json.dumps(message))
        await _until_texts(gateway, 1)
        await asyncio.sleep(0.05)
        assert [more.text for more in gateway.engine.streams[0].texts] == ["0."]
        assert sum(gateway.vault.running.values()) == 1
        opened.transport.abort()
        await opened.wait_closed()


async def test_a_turn_that_ends_within_a_phrase_is_pushed_out_of_the_encoder() -> None:
    async with socket_gateway() as gateway:
        long = {"inputs": [{"text": "one two three four five six seven eight nine ", "voice_id": VOICE_ID}]}
        heard = await gateway.talk(STREAM, FIRST, long, {"flush": True}, END)
        assert [more.text for more in gateway.engine.streams[0].texts][1:] == [""]
        assert gateway.engine.streams[0].texts[1].is_phrase_end
        assert sum("is_final_audio_for_turn" in message for message in heard.messages) == 1
        begun = [question for question in gateway.vault.questions if isinstance(question, BeginGeneration)]
        assert len(begun) == 1
        assert set(gateway.vault.running.values()) == {0}


async def _until_texts(gateway: SocketGateway, count: int) -> None:
    while sum(len(stream.texts) for stream in gateway.engine.streams) < count:
        await asyncio.sleep(0.005)
