"""pocketsphinx: equal in, equal out; words with their times; nothing left; no worse than it is by itself."""

from __future__ import annotations

import os
import wave
from itertools import pairwise
from pathlib import Path

import pytest
from pocketsphinx import Decoder

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.stt.pocketsphinx import SphinxRecognizer
from echoless.volatile.engines.vad.webrtc import WebRtcVoiceActivity
from echoless.volatile.speech.hearing_ports import Heard, HearingOptions
from echoless.volatile.speech.windows import Windows
from tests.fakes.other_memory import memory_after
from tests.unit.volatile.engines.stt.conftest import SPOKEN
from tests.unit.volatile.engines.stt.word_errors import word_error_rate

pytestmark = pytest.mark.unit

OPTIONS = HearingOptions(tags_events=False)
DICKENS = (
    "it was the best of times it was the worst of times it was the age of wisdom it was the age of foolishness it "
    "was the epoch of belief it was the epoch of incredulity it was the season of light it was the season of "
    "darkness it was the spring of hope it was the winter of despair we had everything before us we had nothing "
    "before us we were all going direct to heaven we were all going direct the other way in short the period was "
    "so far like the present period that some of its noisiest authorities insisted on its being received for good "
    "or for evil in the superlative degree of comparison only"
)


def facts(heard: Heard) -> list[tuple[object, ...]]:
    return [(word.text.reveal(), word.start_s, word.end_s, word.logprob) for word in heard.words]


def test_words_have_texts_times_and_confidence(recognizer: SphinxRecognizer, speech: AudioContent) -> None:
    heard = recognizer.recognise(speech, OPTIONS)
    texts = [word.text.reveal() for word in heard.words]
    assert {"beautiful", "today", "we"} <= set(texts)
    assert all(set(text) <= set("abcdefghijklmnopqrstuvwxyzI'.-") for text in texts)
    assert all(word.logprob <= 0 for word in heard.words)
    assert len({word.logprob for word in heard.words}) > 3
    # Half a second of silence on both sides.
    assert heard.words[0].start_s >= 0.4
    assert heard.words[-1].end_s <= len(speech) / 32_000 - 0.3
    times = [time_s for word in heard.words for time_s in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert (heard.language, heard.language_probability) == ("en", 1.0)


def test_the_same_samples_give_the_same_words_whatever_came_before(
    recognizer: SphinxRecognizer, speech: AudioContent
) -> None:
    before = facts(recognizer.recognise(speech, OPTIONS))
    for other in (bytes(64_000), os.urandom(48_000), speech.reveal()[40_000:90_000], b"", b"\0\0"):
        recognizer.recognise(AudioContent(other), OPTIONS)
        assert facts(recognizer.recognise(speech, OPTIONS)) == before
    assert facts(SphinxRecognizer().recognise(speech, OPTIONS)) == before


@pytest.mark.parametrize("sample_count", [0, 1, 100, 500, 1600])
def test_next_to_nothing_is_heard_as_nothing(recognizer: SphinxRecognizer, sample_count: int) -> None:
    assert not recognizer.recognise(AudioContent(bytes(2 * sample_count)), OPTIONS).words


def test_characters_share_their_words_time(recognizer: SphinxRecognizer, speech: AudioContent) -> None:
    for word in recognizer.recognise(speech, HearingOptions(wants_characters=True)).words:
        assert len(word.character_start_s) == len(word.character_end_s) == len(word.text)
        assert word.character_start_s[0] == pytest.approx(word.start_s, abs=1e-3)
        assert word.character_end_s[-1] == pytest.approx(word.end_s, abs=1e-3)


def test_what_it_cannot_do_is_said(recognizer: SphinxRecognizer) -> None:
    assert recognizer.languages == ("en",)
    assert recognizer.window_s_max == 30.0
    assert not recognizer.can_bias
    with pytest.raises(EcholessError) as caught:
        recognizer.recognise(AudioContent(b""), HearingOptions(language="de"))
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_PARAMETERS, "language_code")


def test_a_decoder_that_fails_is_named_and_serves_again(
    recognizer: SphinxRecognizer, speech: AudioContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = facts(recognizer.recognise(speech, OPTIONS))

    class Failing:
        def __getattr__(self, name: str) -> object:
            if name == "process_raw":
                raise RuntimeError("a text that must not travel")
            return getattr(inner, name)

    inner = recognizer._decoder
    monkeypatch.setattr(recognizer, "_decoder", Failing())
    with pytest.raises(EcholessError) as caught:
        recognizer.recognise(speech, OPTIONS)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    assert caught.value.__context__ is None
    monkeypatch.undo()
    assert facts(recognizer.recognise(speech, OPTIONS)) == before


_CHILD = """
from echoless.core.content import AudioContent
from echoless.volatile.engines.stt.pocketsphinx import SphinxRecognizer
from echoless.volatile.speech.hearing_ports import HearingOptions
recognizer = SphinxRecognizer()
if MODE == "keeps":
    recognizer._forget = lambda: None
def run(data):
    recognizer.recognise(AudioContent(data), HearingOptions())
"""


def _windows_left(pcm: bytes, memory: bytes) -> int:
    spoken = [pcm[at : at + 32] for at in range(20_000, len(pcm) - 20_000, 1_000)]
    loud = [window for window in spoken if len(set(window)) > 20]
    assert len(loud) > 50
    return sum(window in memory for window in loud)


@pytest.mark.parametrize("mode", ["forgets", "keeps"])
def test_neither_samples_nor_words_are_left_in_memory(
    recognizer: SphinxRecognizer, speech: AudioContent, mode: str
) -> None:
    """The control that keeps shows that the search would find them."""
    words = [word.text.reveal() for word in recognizer.recognise(speech, HearingOptions()).words]
    phrases = [f"{one} {two}".encode() for one, two in pairwise(words) if len(one) > 2 < len(two)]
    assert len(phrases) >= 4
    memory = memory_after(_CHILD, speech.reveal(), mode)
    assert len(memory) > 50_000_000
    found = sum(phrase in memory for phrase in phrases), _windows_left(speech.reveal(), memory)
    assert (found == (0, 0)) is (mode == "forgets"), found


@pytest.fixture
def human() -> AudioContent:
    """Return the reading that ECHOLESS_TEST_SPEECH names."""
    path = os.environ.get("ECHOLESS_TEST_SPEECH", "")
    if not Path(path).is_file():
        pytest.skip("NO HUMAN SPEECH: set ECHOLESS_TEST_SPEECH to the WAV file of the reading")
    with wave.open(path) as recording:
        assert (recording.getframerate(), recording.getnchannels()) == (16_000, 1)
        return AudioContent(recording.readframes(recording.getnframes()))


def test_human_speech_is_heard_no_worse_than_by_the_bare_decoder(
    recognizer: SphinxRecognizer, human: AudioContent
) -> None:
    decoder = Decoder(samprate=16_000.0, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(human.reveal(), no_search=False, full_utt=True)
    decoder.end_utt()
    bare = word_error_rate(DICKENS, decoder.hyp().hypstr)
    windows = Windows(WebRtcVoiceActivity(2), recognizer.window_s_max)
    found = [*windows.take(human), *windows.finish()]
    texts = [w.text.reveal() for window in found for w in recognizer.recognise(window.pcm, OPTIONS).words]
    ours = word_error_rate(DICKENS, " ".join(texts))
    assert ours <= bare, f"of the words said, ours misses {ours:.3f} and the bare decoder {bare:.3f}"
    assert ours < 0.4


def test_the_word_error_rate_counts() -> None:
    assert word_error_rate("a b c d", "A x c") == 0.5
    assert word_error_rate(SPOKEN, SPOKEN) == 0.0


def test_synthesised_speech_has_a_rate_of_16_khz(speech: AudioContent) -> None:
    assert 4.0 < len(speech) / 32_000 < 8.0
