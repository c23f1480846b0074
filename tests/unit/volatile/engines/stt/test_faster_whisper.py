"""The code that loads and runs Whisper models, with a tiny one of random weights in the right shapes."""

from __future__ import annotations

import math
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.stt.faster_whisper import WhisperRecognizer, _hotwords, words_of
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HearingOptions

pytest.importorskip("faster_whisper", reason="the extra `neural` is not installed")
pytest.importorskip("onnx", reason="tiny models are made with onnx")
from tests.fakes.whisper_model import whisper_model  # needs the runtime

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def recognizer(tmp_path_factory: pytest.TempPathFactory) -> WhisperRecognizer:
    return WhisperRecognizer(whisper_model(tmp_path_factory.mktemp("models") / "tiny"))


def sound(seconds: float = 3.0, seed: int = 1) -> AudioContent:
    samples = np.random.default_rng(seed).standard_normal(int(seconds * HEARING_RATE_HZ)) * 3_000
    return AudioContent(samples.astype("<i2").tobytes())


def shape(heard: Heard) -> list[tuple[str, float, float]]:
    return [(word.text.reveal(), word.start_s, word.end_s) for word in heard.words]


def heard_words(recognizer: WhisperRecognizer, **options: object) -> list[tuple[str, float, float]]:
    """Return what is heard in a few windows: random weights hear nothing in some."""
    wanted = HearingOptions(language="en", **options)  # type: ignore[arg-type]  # each test names real fields
    return [word for seed in range(6) for word in shape(recognizer.recognise(sound(seed=seed), wanted))]


def test_a_multilingual_model_is_loaded_and_knows_its_languages(recognizer: WhisperRecognizer) -> None:
    from faster_whisper.tokenizer import _LANGUAGE_CODES as taught

    assert recognizer.languages == tuple(code for code in taught if len(code) == 2)
    assert recognizer.window_s_max == 30.0
    assert recognizer.can_bias and not recognizer.wants_retirement


def test_words_have_times_within_the_window_and_confidence(recognizer: WhisperRecognizer) -> None:
    found = 0
    for seed in range(6):
        heard = recognizer.recognise(sound(seed=seed), HearingOptions(language="en"))
        starts = [word.start_s for word in heard.words]
        assert starts == sorted(starts)
        assert all(0 <= word.start_s <= word.end_s <= 3.0 for word in heard.words)
        assert all(word.logprob <= 0 and math.isfinite(word.logprob) for word in heard.words)
        assert (heard.language, heard.language_probability) == ("en", 1.0)
        found += len(heard.words)
    assert found > 5


def test_the_language_is_found_where_none_is_given(recognizer: WhisperRecognizer) -> None:
    heard = recognizer.recognise(sound(), HearingOptions())
    assert heard.language
    assert 0 < heard.language_probability < 1


def test_the_same_window_gives_the_same_words_whatever_was_heard_before(recognizer: WhisperRecognizer) -> None:
    before = heard_words(recognizer)
    recognizer.recognise(sound(seed=99), HearingOptions(keyterms=(TextContent("Zorvaltick"),)))
    assert heard_words(recognizer) == before


def test_terms_and_temperature_make_a_difference(recognizer: WhisperRecognizer) -> None:
    plain = heard_words(recognizer)
    assert heard_words(recognizer, keyterms=(TextContent("Zorvaltick"),)) != plain
    assert heard_words(recognizer, temperature=1.0) != plain


def test_a_language_that_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    recognizer = WhisperRecognizer(whisper_model(tmp_path / "two", languages=("de", "en")))
    assert recognizer.languages == ("de", "en")
    with pytest.raises(EcholessError) as caught:
        recognizer.recognise(sound(), HearingOptions(language="fr"))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


@pytest.mark.parametrize("pcm", [b"", b"\x00", bytes(3_000)])
def test_too_little_to_hear_is_no_words(recognizer: WhisperRecognizer, pcm: bytes) -> None:
    assert recognizer.recognise(AudioContent(pcm), HearingOptions(language="en")).words == ()


@pytest.mark.parametrize("seconds", [0.1, 30.0])
def test_silence_and_full_windows_are_survived(recognizer: WhisperRecognizer, seconds: float) -> None:
    recognizer.recognise(AudioContent(bytes(2 * int(seconds * HEARING_RATE_HZ))), HearingOptions(language="en"))
    recognizer.recognise(sound(seconds), HearingOptions(language="en", keyterms=(TextContent("a" * 500),)))


def said(text: str, start: float, end: float, probability: float = 0.5) -> SimpleNamespace:
    return SimpleNamespace(word=text, start=start, end=end, probability=probability)


def test_fillers_are_dropped_when_they_shall_be() -> None:
    words = [said(" Um,", 0, 1), said(" yes", 1, 2), said(" ", 2, 3)]
    assert [word.text.reveal() for word in words_of(words, 9, HearingOptions())] == ["Um,", "yes"]
    assert [word.text.reveal() for word in words_of(words, 9, HearingOptions(drops_fillers=True))] == ["yes"]


def test_times_stay_in_order_and_characters_share_them() -> None:
    words = [said("ab", 1.0, 2.0), said("c", 0.5, 99.0, 0.0)]
    first, second = words_of(words, 3.0, HearingOptions(wants_characters=True))
    assert (list(first.character_start_s), list(first.character_end_s)) == ([1.0, 1.5], [1.5, 2.0])
    assert (second.start_s, second.end_s) == (1.0, 3.0)
    assert math.isfinite(second.logprob)


def test_terms_are_bounded() -> None:
    assert _hotwords(()) is None
    assert _hotwords([TextContent("one"), TextContent("two")]) == "one, two"
    held = _hotwords([TextContent("x" * 50)] * 99)
    assert held is not None and len(held) <= 600


def test_nothing_is_fetched_for_a_model_that_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = whisper_model(tmp_path / "tiny")
    (model.directory / "model.bin").unlink()

    def refused(*_args: object, **_more: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refused)
    with pytest.raises(EcholessError, match="cannot be loaded"):
        WhisperRecognizer(model)


def test_without_the_library_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = whisper_model(tmp_path / "tiny")
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    with pytest.raises(EcholessError, match=r"pip install echoless\[neural\]"):
        WhisperRecognizer(model)
