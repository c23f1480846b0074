"""Records of dictionaries: ids with room for nothing else, rules that fit into a frame."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.dictionary_records import (
    DICTIONARY_QUESTIONS,
    DICTIONARY_RECORDS,
    RULES_BYTES_MAX,
    RULES_MAX,
    SetRules,
    UseDictionary,
    rules_bytes,
)
from echoless.crossing.records import PronunciationRule, RecordRegistry
from echoless.crossing.wire import PAYLOAD_BYTES_MAX, FrameReader, encode_frame

pytestmark = pytest.mark.unit


def arrive(data: bytes) -> object:
    reader = FrameReader(2 * 1024 * 1024)
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return RecordRegistry(DICTIONARY_RECORDS).decode(frame)


@pytest.mark.claim("Z8")
@pytest.mark.parametrize("smuggled", ["two words", "a" * 21, "id-with-dash", "ä"])
def test_what_a_generation_asks_with_has_no_room_for_sentences(smuggled: str) -> None:
    """C30: a zero-retention request may name a dictionary; the name can carry nothing."""
    good = UseDictionary("a" * 20, "B1")
    assert arrive(encode_frame(UseDictionary.KIND, msgspec.msgpack.encode(good))) == good
    for record in (UseDictionary(smuggled), UseDictionary("a", smuggled)):
        with pytest.raises(EcholessError) as caught:
            arrive(encode_frame(UseDictionary.KIND, msgspec.msgpack.encode(record)))
        assert smuggled not in str(caught.value)


def test_the_dictionaries_own_questions_are_not_those_of_generations() -> None:
    assert UseDictionary not in DICTIONARY_QUESTIONS
    assert set(DICTIONARY_QUESTIONS) < set(DICTIONARY_RECORDS)


def test_rules_that_both_sides_accept_fit_into_one_frame() -> None:
    word = "w" * 120
    rules = [PronunciationRule(word[: 20 + index % 90], alias=word[:3]) for index in range(RULES_MAX)]
    while rules_bytes(rules) <= RULES_BYTES_MAX:
        rules.append(PronunciationRule(word, alias=word))
    assert len(msgspec.msgpack.encode(SetRules("d", rules))) < PAYLOAD_BYTES_MAX


def test_more_rules_than_a_dictionary_has_do_not_arrive() -> None:
    rules = [PronunciationRule("a", alias="b")] * (RULES_MAX + 1)
    with pytest.raises(EcholessError):
        arrive(encode_frame(SetRules.KIND, msgspec.msgpack.encode(SetRules("d", rules))))
