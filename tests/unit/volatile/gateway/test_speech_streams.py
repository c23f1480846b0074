"""One stream of speech: what it asks of the vault, and how much it lets wait."""

from __future__ import annotations

import asyncio
import json

import pytest

from echoless.crossing.socket_records import BeginGeneration, EndGeneration
from tests.fakes.socket_gateway import PATH, socket_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

INIT = {"text": " "}


async def test_each_text_is_counted_and_its_place_given_back() -> None:
    async with socket_gateway() as gateway:
        said = [{"text": text, "flush": True} for text in ("One. ", "Two and three. ")]
        await gateway.talk(f"{PATH}/stream-input?output_format=pcm_16000", INIT, *said, {"text": ""})
        begun = [question for question in gateway.vault.questions if isinstance(question, BeginGeneration)]
        assert [question.characters for question in begun] == [5, 15]
        assert {question.output_format for question in begun} == {"pcm_16000"}
        assert sum(isinstance(question, EndGeneration) for question in gateway.vault.questions) == 2


async def test_alignments_are_kept_with_times_of_the_whole_stream() -> None:
    async with socket_gateway() as gateway:
        said = [{"text": text, "flush": True} for text in ("One. ", "Two. ")]
        await gateway.talk(f"{PATH}/stream-input", INIT, *said, {"text": ""})
        source = [part for part in gateway.vault.last.alignments if not part.is_normalized]
        assert "".join(character for part in source for character in part.characters) == "One. Two. "
        assert source[1].start_s[0] == pytest.approx(0.5)


async def test_a_socket_is_not_read_while_an_engine_has_more_text_than_it_should() -> None:
    async with socket_gateway() as gateway:
        gateway.engine.is_mute = True
        opened = await gateway.open(f"{PATH}/stream-input?model_id=eleven_flash_v2_5")
        await opened.send(json.dumps(INIT))
        for _ in range(5):
            await opened.send(json.dumps({"text": "word " * 1900, "flush": True}))
        await asyncio.sleep(0.1)
        assert [len(more.text) for more in gateway.engine.streams[0].texts] == [9500] * 3
        opened.transport.abort()
        await opened.wait_closed()
