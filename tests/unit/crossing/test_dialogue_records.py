"""Records of dialogues: what is content, and what bounds hold on arrival."""

from __future__ import annotations

import msgspec
import pytest

from echoless.core.errors import EcholessError
from echoless.crossing.dialogue_records import (
    DIALOGUE_RECORDS,
    VOICE_RECORDS,
    VOICES_MAX,
    DialogueSpeak,
    DialogueTurn,
    ResolveVoices,
    VoiceRun,
)
from echoless.crossing.records import Normalization, RecordRegistry
from echoless.crossing.wire import FrameReader, encode_frame

pytestmark = pytest.mark.unit


def arrive(data: bytes) -> object:
    registry = RecordRegistry(VOICE_RECORDS, DIALOGUE_RECORDS)
    reader = FrameReader()
    reader.writable()[: len(data)] = data
    (frame,) = reader.advance(len(data))
    return registry.decode(frame)


def test_jobs_are_content_and_look_ups_are_not() -> None:
    assert DialogueSpeak.IS_CONTENT
    assert not ResolveVoices.IS_CONTENT
    assert not VoiceRun.IS_CONTENT


def test_more_voices_than_a_dialogue_may_have_do_not_arrive() -> None:
    """C30: the look-up of a zero-retention request has room for ten ids and nothing else."""
    good = encode_frame(ResolveVoices.KIND, msgspec.msgpack.encode(ResolveVoices(["v"] * VOICES_MAX)))
    assert arrive(good) == ResolveVoices(["v"] * VOICES_MAX)
    for ids in (["v"] * (VOICES_MAX + 1), ["v" * 257]):
        with pytest.raises(EcholessError):
            arrive(encode_frame(ResolveVoices.KIND, msgspec.msgpack.encode(ResolveVoices(ids))))


def test_the_first_voice_stands_for_the_job() -> None:
    def job(*turns: DialogueTurn) -> DialogueSpeak:
        return DialogueSpeak(list(turns), "", "pcm_8000", None, Normalization.AUTO, False, 1)

    assert job(DialogueTurn("a", "first", {}), DialogueTurn("b", "second", {})).catalogue_id == "first"
    assert job().catalogue_id == ""
