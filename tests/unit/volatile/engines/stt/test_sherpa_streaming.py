"""The code that loads and runs streaming models, with a tiny transducer that hears loudness."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.stt.sherpa_streaming import Piece, SherpaLiveRecognizer, SherpaLiveSession, words_of
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HearingOptions

pytest.importorskip("sherpa_onnx", reason="the extra `neural` is not installed")
pytest.importorskip("onnx", reason="tiny models are made with onnx")
from tests.fakes.neural_models import transducer_model  # needs onnx

pytestmark = pytest.mark.unit


def loud(seconds: float, seed: int = 1) -> AudioContent:
    samples = np.random.default_rng(seed).standard_normal(int(seconds * HEARING_RATE_HZ)) * 9_000
    return AudioContent(np.clip(samples, -32_000, 32_000).astype("<i2").tobytes())


def silent(seconds: float) -> AudioContent:
    return AudioContent(bytes(2 * int(seconds * HEARING_RATE_HZ)))


@pytest.fixture
def recognizer(tmp_path: Path) -> SherpaLiveRecognizer:
    return SherpaLiveRecognizer(transducer_model(tmp_path / "tiny"), sessions_max=2)


def texts(heard: Heard) -> list[str]:
    return [word.text.reveal() for word in heard.words]


def hear(session: SherpaLiveSession, *parts: AudioContent) -> list[str]:
    return [found.reveal() for part in parts if (found := session.hear(part)) is not None]


def test_partial_texts_grow_while_somebody_speaks(recognizer: SherpaLiveRecognizer) -> None:
    session = recognizer.open(HearingOptions())
    found = hear(session, silent(0.5), loud(0.1), loud(0.1), loud(0.1), silent(0.3), silent(0.3))
    assert found[0].startswith("hey")
    assert all(later.startswith(sooner) for sooner, later in pairwise(found))
    assert len(set(found)) == len(found) >= 2
    session.close()


def test_words_have_times_from_the_start_of_the_session_and_confidence(recognizer: SherpaLiveRecognizer) -> None:
    session = recognizer.open(HearingOptions())
    hear(session, silent(1.0), loud(0.3), silent(0.2))
    first = session.commit()
    assert texts(first)[:2] == ["hey", "bc"]
    hear(session, silent(1.0), loud(0.3), silent(0.2))
    second = session.commit()
    # Nothing of the first segment steers the second.
    assert texts(second) == texts(first)
    for heard, begin_s in ((first, 1.0), (second, 2.5)):
        starts = [word.start_s for word in heard.words]
        assert starts == sorted(starts)
        assert begin_s - 0.2 < starts[0] < begin_s + 0.3
        assert all(word.start_s <= word.end_s <= begin_s + 0.5 for word in heard.words)
        assert all(-10 < word.logprob <= 0 and math.isfinite(word.logprob) for word in heard.words)
    assert (first.language, first.language_probability) == ("en", 1.0)
    session.close()


def test_a_commit_hears_the_last_samples(recognizer: SherpaLiveRecognizer) -> None:
    session = recognizer.open(HearingOptions())
    hear(session, silent(0.5), loud(0.06))
    assert texts(session.commit())
    session.close()


def test_a_commit_of_nothing_is_empty(recognizer: SherpaLiveRecognizer) -> None:
    session = recognizer.open(HearingOptions(language="de"))
    assert session.commit() == Heard((), "de")
    assert session.hear(AudioContent(b"\x00")) is None
    hear(session, silent(0.4))
    assert session.commit().words == ()
    session.close()


def test_sessions_do_not_hear_each_other(recognizer: SherpaLiveRecognizer) -> None:
    one, other = recognizer.open(HearingOptions()), recognizer.open(HearingOptions())
    hear(one, loud(0.3))
    hear(other, silent(0.3))
    assert texts(one.commit()) and not texts(other.commit())
    one.close()
    other.close()


def test_sessions_are_bounded_and_given_back_once(recognizer: SherpaLiveRecognizer) -> None:
    sessions = [recognizer.open(HearingOptions()) for _ in range(2)]
    with pytest.raises(EcholessError) as caught:
        recognizer.open(HearingOptions())
    assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED
    sessions[0].close()
    sessions[0].close()
    recognizer.open(HearingOptions())
    with pytest.raises(EcholessError):
        recognizer.open(HearingOptions())


def test_a_language_that_the_model_does_not_know_is_refused(recognizer: SherpaLiveRecognizer) -> None:
    assert recognizer.languages == ("en", "de")
    with pytest.raises(EcholessError) as caught:
        recognizer.open(HearingOptions(language="fr"))
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS


def test_characters_share_a_words_time() -> None:
    (word,) = words_of([Piece(" ab", 1.0, -0.1), Piece("c", 1.2, -0.2)], 5.0, wants_characters=True)
    assert (word.text.reveal(), word.start_s, word.end_s) == ("abc", 1.0, 1.5)
    assert word.logprob == pytest.approx(-0.3)
    assert list(word.character_start_s) == pytest.approx([1.0, 1.0 + 1 / 6, 1.0 + 2 / 6])
    assert word.character_end_s[-1] == 1.5
    assert words_of([Piece(" ab", 1.0, 0.5)], 1.1, wants_characters=False)[0].end_s == 1.1


def test_a_piece_prints_no_text() -> None:
    assert "secret" not in repr(Piece(" secret", 1.0, -1.0))


def test_a_model_without_its_files_is_refused(tmp_path: Path) -> None:
    model = transducer_model(tmp_path / "tiny")
    (model.directory / "joiner.onnx").unlink()
    with pytest.raises(EcholessError, match=r"joiner\.onnx is not there"):
        SherpaLiveRecognizer(model)


def test_without_the_library_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(EcholessError, match=r"pip install echoless\[neural\]"):
        SherpaLiveRecognizer(transducer_model(tmp_path / "tiny"))
