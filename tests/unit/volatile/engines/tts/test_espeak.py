"""espeak-ng: equal in, equal out; word starts; nothing left; whatever the text."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICES
from echoless.volatile.engines.tts.espeak import EspeakEngine, residue_in, speakable, word_marks
from echoless.volatile.engines.tts.espeak_library import WORDS_PER_MINUTE_MIN
from echoless.volatile.speech.ports import Delivery, EngineVoice, SpokenAudio, Utterance

pytestmark = pytest.mark.unit

ENGLISH = EngineVoice("en-us+f3", "en", 50, 50, 175)
GERMAN = EngineVoice("de", "de", 50, 50, 165)
CATALOGUE = [EngineVoice(v.engine_name, v.language, v.pitch, v.pitch_range, v.words_per_minute) for v in VOICES]
SENTENCE = "Every word of this sentence has its place."
HARD_TEXTS = (
    "Привет мир, hello", "你好世界 and English", "مرحبا بالعالم", "😀😀 smile 😀",
    "\x00\x01 50P\x02 nul", "\ud800 half",
    "Ελληνικά 123,456.78", "한국어 ไทย", "[[h@l'oU]] <speak>&amp;", "x" * 100, " ", "...", "\u202e\u200f abc",
)  # fmt: skip


def utterance(text: str) -> Utterance:
    return Utterance(0, len(text), TextContent(text), tuple(range(len(text))))


def say(engine: EspeakEngine, text: str, voice: EngineVoice = ENGLISH, **delivery: float) -> SpokenAudio:
    return engine.speak(utterance(text), voice, Delivery(**delivery))


def digest(spoken: SpokenAudio) -> str:
    return hashlib.sha256(spoken.pcm.reveal() + repr(spoken.marks).encode()).hexdigest()


def test_the_same_text_gives_the_same_samples_whatever_was_spoken_between(engine: EspeakEngine) -> None:
    before = digest(say(engine, SENTENCE))
    for text in HARD_TEXTS:
        say(engine, text)
        say(engine, text, GERMAN)
        assert digest(say(engine, SENTENCE)) == before


def test_another_process_gives_the_same_samples(engine: EspeakEngine) -> None:
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
from tests.unit.volatile.engines.tts.test_espeak import *
engine = EspeakEngine()
say(engine, "Something else first.", GERMAN)
print(digest(say(engine, SENTENCE)), end="")
"""
    profile = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"}
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=60, env=os.environ | profile
    )
    assert other.stdout.decode() == digest(say(engine, SENTENCE)), other.stderr.decode()


@pytest.mark.parametrize("voice", CATALOGUE, ids=lambda v: v.engine_name)
def test_every_voice_of_the_catalogue_speaks(engine: EspeakEngine, voice: EngineVoice) -> None:
    spoken = say(engine, "One two three four five.", voice)
    assert spoken.sample_count > engine.sample_rate_hz // 2
    assert len(set(spoken.pcm.reveal())) > 100
    assert len(spoken.marks) >= 3


def test_word_starts_lie_on_the_words_in_order(engine: EspeakEngine) -> None:
    spoken = say(engine, SENTENCE)
    words = [SENTENCE[mark.spoken_start :].split(maxsplit=1)[0] for mark in spoken.marks]
    starts = [mark.start_sample for mark in spoken.marks]
    assert words[0] == "Every"
    assert set(words) <= set(SENTENCE.split())
    assert len(words) >= 6
    assert starts == sorted(set(starts))
    assert starts[-1] < spoken.sample_count


def test_marks_skip_blanks_and_words_that_are_spelled() -> None:
    events = [(0, 1, 0), (1, 2, 10), (1, 2, 20), (4, 0, 30), (90, 1, 40)]
    marks = word_marks(TextContent("a bc d"), events, 99)
    seen = [(mark.spoken_start, mark.spoken_length, mark.start_sample) for mark in marks]
    assert seen == [(0, 1, 0), (2, 1, 10), (5, 1, 30)]


@pytest.mark.parametrize("speed", [0.5, 0.7, 1.2, 2.0, 4.0])
def test_speed_changes_the_length(engine: EspeakEngine, speed: float) -> None:
    usual = say(engine, SENTENCE * 3).sample_count
    assert say(engine, SENTENCE * 3, speed=speed).sample_count == pytest.approx(usual / speed, rel=0.2)


def test_stability_and_style_change_the_delivery_and_the_seed_may_be_any(engine: EspeakEngine) -> None:
    usual = digest(say(engine, SENTENCE))
    assert digest(say(engine, SENTENCE, stability=1.0)) != usual
    assert digest(say(engine, SENTENCE, style=1.0)) != usual
    assert digest(say(engine, SENTENCE, seed=4_294_967_295)) == digest(say(engine, SENTENCE, seed=4_294_967_295))


def test_samples_are_given_as_they_are_made(engine: EspeakEngine) -> None:
    pieces: list[AudioContent] = []
    spoken = engine.speak(utterance(SENTENCE), ENGLISH, Delivery(), pieces.append)
    assert len(pieces) > 5
    assert b"".join(piece.reveal() for piece in pieces) == spoken.pcm.reveal()


def test_what_a_listener_raises_comes_out_and_the_engine_goes_on(engine: EspeakEngine) -> None:
    before = digest(say(engine, SENTENCE))

    def refuse(_piece: AudioContent) -> None:
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "no more")

    with pytest.raises(EcholessError, match="no more"):
        engine.speak(utterance(SENTENCE), ENGLISH, Delivery(), refuse)
    assert digest(say(engine, SENTENCE)) == before


def test_an_unknown_voice_is_an_error_without_content(engine: EspeakEngine) -> None:
    with pytest.raises(EcholessError) as caught:
        say(engine, SENTENCE, EngineVoice("xx-none", "xx", 50, 50, 175))
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert say(engine, SENTENCE).sample_count > 0


def test_steering_characters_become_blanks_of_the_same_length() -> None:
    assert speakable(TextContent("a\0b\x01c\ud800d\n")) == b"a b c d \0"


@pytest.mark.claim("Z17")
def test_nothing_is_left_in_the_library_after_an_utterance(engine: EspeakEngine) -> None:
    """Text and samples are gone from its segments and its buffer, with clauses of 5, 300 and 5,000 characters."""
    engine.prove_scrubbed()
    for length in (5, 300, 5_000):
        text = ("quixotic zephyrs vex jumbled owls nightly " * 200)[:length]
        spoken = say(engine, text)
        assert residue_in(engine._memory(), text, spoken.pcm.reveal()) == 0


@pytest.mark.claim("Z17")
def test_the_proof_fails_when_the_flush_is_off(engine: EspeakEngine) -> None:
    engine._is_scrubbing = False
    try:
        with pytest.raises(EcholessError) as caught:
            engine.prove_scrubbed()
    finally:
        engine._is_scrubbing = True
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE


@pytest.mark.claim("Z17")
def test_the_sample_buffer_is_empty_even_after_a_break_in_the_middle_of_a_word(engine: EspeakEngine) -> None:
    pieces: list[AudioContent] = []

    def refuse_the_fifth(piece: AudioContent) -> None:
        pieces.append(piece)
        if len(pieces) == 5:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, "no more")

    with pytest.raises(EcholessError, match="no more"):
        engine.speak(utterance(SENTENCE), ENGLISH, Delivery(), refuse_the_fifth)
    assert any(pieces[-1].reveal())
    address, size_bytes = engine._sample_buffer
    assert size_bytes >= len(pieces[-1])
    assert not any(ctypes.string_at(address, size_bytes))


def test_memory_stays_flat_over_changing_voices_and_scripts(engine: EspeakEngine) -> None:
    for voice in CATALOGUE:
        say(engine, HARD_TEXTS[0], voice)
    loads, resident = engine.voice_load_count, engine._resident_bytes()
    for turn in range(300):
        say(engine, HARD_TEXTS[turn % len(HARD_TEXTS)], CATALOGUE[turn * 7 % len(CATALOGUE)])
    assert engine.voice_load_count == loads
    assert engine._resident_bytes() - resident < 8 * 2**20


def test_a_second_engine_in_one_process_is_refused(engine: EspeakEngine) -> None:
    with pytest.raises(EcholessError, match="in use already"):
        EspeakEngine()
    assert say(engine, SENTENCE).sample_count > 0


def test_an_engine_asks_to_be_replaced_at_its_bounds(engine: EspeakEngine) -> None:
    assert not engine.wants_retirement
    engine._voice_changes_max, kept = engine.voice_load_count, engine._voice_changes_max
    assert engine.wants_retirement
    engine._voice_changes_max = kept
    engine._growth_bytes_max, kept = -(2**40), engine._growth_bytes_max
    assert engine.wants_retirement
    engine._growth_bytes_max = kept


def test_no_voice_speaks_slower_than_the_documented_floor(engine: EspeakEngine) -> None:
    page = (Path(__file__).parents[5] / "docs/ENGINES.md").read_text()
    assert f"never below {WORDS_PER_MINUTE_MIN} words per minute" in page
    voice = EngineVoice("en-us", "en", 50, 50, 160)
    counts = [say(engine, SENTENCE, voice, speed=speed).sample_count for speed in (0.25, 0.5, 0.6)]
    assert counts[0] == counts[1] > counts[2]


def test_phonemes_come_by_clause_with_their_marks(engine: EspeakEngine) -> None:
    text = TextContent("Hello there, you two! Right? Yes: a é, b")
    clauses = [clause.reveal() for clause in engine.phonemes(text, "en-us")]
    assert [clause[-1] for clause in clauses[:4]] == [",", "!", "?", ":"]
    assert clauses[0] == "h\u0259l\u02c8o\u028a \u00f0\u02c8\u025b\u0279,"
    assert clauses[-2].endswith(",") and clauses[-1][-1].isalpha()


def test_phonemes_are_those_of_the_voice(engine: EspeakEngine) -> None:
    assert engine.phonemes(TextContent("Wasser."), "de") != engine.phonemes(TextContent("Wasser."), "en-us")
    with pytest.raises(EcholessError):
        engine.phonemes(TextContent("Wasser."), "no-such-voice")


def test_a_text_whose_phonemes_were_asked_for_leaves_nothing_and_changes_nothing(engine: EspeakEngine) -> None:
    before = say(engine, SENTENCE).pcm.reveal()
    said = engine.phonemes(TextContent("Quixotic zephyrs vex jumbled owls nightly."), "en-us")
    assert residue_in(engine._memory(), "Quixotic zephyrs vex jumbled owls nightly.", b"") == 0
    inside = said[0].reveal().split()[1].encode()
    assert not any(inside in piece for piece in engine._memory())
    assert say(engine, SENTENCE).pcm.reveal() == before


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_phonemes_of_any_text_are_survived(engine: EspeakEngine, text: str) -> None:
    assert all(isinstance(clause, TextContent) for clause in engine.phonemes(TextContent(text), "en-us"))
