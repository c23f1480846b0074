"""Transcripts in the wire's shapes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from echoless.crossing.media_records import TranscriptEnded, TranscriptWord, WordKind
from echoless.volatile.gateway.transcript_wire import PlacedWord, Transcript, combined, text_of, wire_transcript
from tests.fakes.fake_media import HELLO, word

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
ENDED = TranscriptEnded("", 12_345, 1, "de", 0.5)


def placed(words: list[TranscriptWord], channel_index: int | None = None) -> list[PlacedWord]:
    return [PlacedWord(one, None, channel_index) for one in words]


async def shown(words: list[PlacedWord], granularity: str, ended: TranscriptEnded = ENDED) -> Any:
    return json.loads(msgspec.json.encode(await wire_transcript(Transcript([words], ended), words, granularity)))


@pytest.mark.parametrize("granularity", ["none", "word", "character"])
async def test_granularity_decides_about_times(granularity: str) -> None:
    first = (await shown(placed(HELLO), granularity))["words"][0]
    assert (first["start"], first["end"]) == ((None, None) if granularity == "none" else (0.1, 0.4))
    characters = first["characters"]
    if granularity == "character":
        assert "".join(one["text"] for one in characters) == "Hello"
        assert characters[0]["start"] == 0.1
    else:
        assert characters is None


async def test_text_is_the_words_one_after_another_however_many() -> None:
    words = placed(HELLO * 1000)
    answer = await shown(words, "word")
    assert answer["text"] == text_of(words) == "".join(one["text"] for one in answer["words"])
    assert len(answer["words"]) == 3000


async def test_nothing_heard_is_an_empty_transcript() -> None:
    answer = await shown([], "word")
    assert (answer["text"], answer["words"], answer["language_code"]) == ("", [], "deu")
    unknown = await shown([], "word", TranscriptEnded("", 1, 1, "xx", 1.0))
    assert unknown["language_code"] == "xx"


async def test_confidence_is_never_above_certainty() -> None:
    sure = TranscriptWord("a", WordKind.WORD, 0.0, 0.1, 0.0000001)
    assert (await shown(placed([sure]), "word"))["words"][0]["logprob"] <= 0


def test_channels_are_joined_by_time_with_spaces_where_they_change() -> None:
    space = word(" ", 0.5, 3.0, WordKind.SPACING)
    first = placed([word("one", 0.0, 0.5), space, word("four", 3.0, 3.5)], 0)
    second = placed([word("two", 1.0, 1.5), word("three", 1.5, 2.0)], 1)
    joined = combined([first, second])
    assert text_of(joined) == "one twothree four"
    starts = [one.word.start_s for one in joined]
    assert starts == sorted(starts)
    assert all(one.word.end_s >= one.word.start_s for one in joined)
    assert len(joined[1].word.character_start_s) == 1


def test_a_transcript_prints_nothing_of_what_was_said() -> None:
    assert "Hello" not in repr([Transcript([placed(HELLO)], ENDED), placed(HELLO)])
