"""The code that loads and runs neural voices, with tiny models of random weights in the right shapes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import InstalledModel
from echoless.volatile.engines.tts import sherpa
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.engines.tts.sherpa import SherpaEngine, joined_clauses, known_tokens, pcm_of, spread_marks
from echoless.volatile.speech.ports import Delivery, EngineVoice, SpokenAudio, Utterance

pytest.importorskip("sherpa_onnx", reason="the extra `neural` is not installed")
pytest.importorskip("onnx", reason="tiny models are made with onnx")
from tests.fakes.neural_models import KOKORO_RATE_HZ, VITS_RATE_HZ, piper_model, styled_model  # needs onnx

pytestmark = pytest.mark.unit
VOICE = EngineVoice("en-us", "en", 50, 50, 170)
TEXT = "Hello there, you two. Where are we?"
MAKERS: dict[str, Callable[[Path], InstalledModel]] = {
    "vits": piper_model,
    "kokoro": lambda directory: styled_model(directory, "kokoro"),
    "kitten": lambda directory: styled_model(directory, "kitten"),
}


def say(engine: SherpaEngine, text: str = TEXT, voice: EngineVoice = VOICE, **delivery: float) -> SpokenAudio:
    utterance = Utterance(0, len(text), TextContent(text), tuple(range(len(text))))
    return engine.speak(utterance, voice, Delivery(**delivery))


@pytest.fixture
def piper(tmp_path: Path, engine: EspeakEngine) -> SherpaEngine:
    return SherpaEngine(piper_model(tmp_path / "piper"), engine)


@pytest.mark.parametrize("family", MAKERS)
def test_each_family_is_loaded_and_speaks_at_its_own_rate(
    tmp_path: Path, engine: EspeakEngine, family: str
) -> None:
    speaking = SherpaEngine(MAKERS[family](tmp_path / "model"), engine)
    assert speaking.sample_rate_hz == (VITS_RATE_HZ if family == "vits" else KOKORO_RATE_HZ)
    assert speaking.speaker_count == (3 if family == "vits" else 4)
    assert speaking.languages == ("en",)
    assert not speaking.wants_retirement
    spoken = say(speaking)
    assert spoken.sample_count > 5_000
    assert len(set(spoken.pcm.reveal())) > 100
    assert say(speaking).pcm.reveal() == spoken.pcm.reveal()
    assert say(speaking, "Something else.").pcm.reveal() != spoken.pcm.reveal()


@pytest.mark.parametrize("family", MAKERS)
def test_voices_are_told_apart_by_their_place_and_return_after_the_last_speaker(
    tmp_path: Path, engine: EspeakEngine, family: str
) -> None:
    speaking = SherpaEngine(MAKERS[family](tmp_path / "model"), engine)
    heard = [say(speaking, voice=replace(VOICE, ordinal=ordinal)).pcm.reveal() for ordinal in range(5)]
    count = speaking.speaker_count
    assert len(set(heard[:count])) == count
    assert heard[count] == heard[0]


def test_a_language_with_speakers_of_its_own_is_spoken_by_those(tmp_path: Path, engine: EspeakEngine) -> None:
    model = piper_model(tmp_path / "two", speaker_count=4, languages=("en", "de"))
    every = SherpaEngine(model, engine)
    chosen = SherpaEngine(replace(model, card=replace(model.card, speakers={"en": (2, 3)})), engine)
    for ordinal, speaker in ((0, 2), (1, 3), (2, 2)):
        asked = say(chosen, voice=replace(VOICE, ordinal=ordinal)).pcm.reveal()
        assert asked == say(every, voice=replace(VOICE, ordinal=speaker)).pcm.reveal()


def test_the_language_decides_how_a_text_is_read(tmp_path: Path, engine: EspeakEngine) -> None:
    speaking = SherpaEngine(piper_model(tmp_path / "two", languages=("en", "de")), engine)
    german = replace(VOICE, engine_name="de", language="de")
    assert say(speaking, "Wasser", german).pcm.reveal() != say(speaking, "Wasser").pcm.reveal()


def test_speed_is_honoured(piper: SherpaEngine) -> None:
    usual = say(piper).sample_count
    assert say(piper, speed=2.0).sample_count == usual // 2
    assert say(piper, speed=0.5).sample_count == usual * 2


def test_samples_are_given_as_they_are_made_and_the_whole_is_the_same(piper: SherpaEngine) -> None:
    pieces: list[bytes] = []
    utterance = Utterance(0, len(TEXT), TextContent(TEXT), tuple(range(len(TEXT))))
    spoken = piper.speak(utterance, VOICE, Delivery(), lambda piece: pieces.append(piece.reveal()))
    assert b"".join(pieces) == spoken.pcm.reveal()
    assert len(pieces) == 2


def test_what_the_reader_raises_comes_out_and_the_engine_goes_on(piper: SherpaEngine) -> None:
    def broken(_piece: AudioContent) -> None:
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "gone")

    utterance = Utterance(0, len(TEXT), TextContent(TEXT), tuple(range(len(TEXT))))
    with pytest.raises(EcholessError, match="gone"):
        piper.speak(utterance, VOICE, Delivery(), broken)
    assert say(piper).sample_count > 0


def test_words_share_the_length_by_their_characters(piper: SherpaEngine) -> None:
    spoken = say(piper)
    words = [TEXT[mark.spoken_start : mark.spoken_start + mark.spoken_length] for mark in spoken.marks]
    assert words == TEXT.split()
    starts = [mark.start_sample for mark in spoken.marks]
    assert starts[0] == 0 and starts == sorted(starts) and starts[-1] < spoken.sample_count
    assert spread_marks(TextContent("  "), 100) == ()


@pytest.mark.parametrize("text", ["...", " ", "\u202e", "—"])
def test_what_has_no_sound_is_no_samples(piper: SherpaEngine, text: str) -> None:
    assert say(piper, text).sample_count == 0


@pytest.mark.parametrize(
    "text", ["日本語", "😀 smile", "\x00\x01nul", "\ud800 half", "[[h@l'oU]]", "x" * 500, "مرحبا"]
)
def test_any_text_is_survived_in_silence(piper: SherpaEngine, text: str, capfd: pytest.CaptureFixture[str]) -> None:
    say(piper, text)
    # The library complains of what it does not know, by name; it is never given anything like that.
    assert capfd.readouterr() == ("", "")


def test_a_model_without_its_files_is_refused(tmp_path: Path, engine: EspeakEngine) -> None:
    model = piper_model(tmp_path / "piper")
    (model.directory / "model.onnx").unlink()
    with pytest.raises(EcholessError) as caught:
        SherpaEngine(model, engine)
    assert caught.value.code is ErrorCode.CONFIGURATION


def test_without_the_library_it_is_said_how_to_get_it(
    tmp_path: Path, engine: EspeakEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(EcholessError, match=r"pip install echoless\[neural\]"):
        SherpaEngine(piper_model(tmp_path / "piper"), engine)


def test_the_arena_is_off_and_the_library_reads_that() -> None:
    lines = sherpa._SESSION_FILE.read_text(encoding="utf-8").splitlines()
    assert "EnableCpuMemArena=0" in lines


def test_a_table_of_tokens_gives_its_single_signs() -> None:
    assert known_tokens("_ 0\n  3\nab 4\n\u0303 5\n\nx 6\n") == {"_", " ", "\u0303", "x"}


def test_clauses_are_joined_to_sentences() -> None:
    clauses = [TextContent(text) for text in ("a,", "b.", "c?", "", "d;", "e")]
    assert [sentence.reveal() for sentence in joined_clauses(clauses)] == ["a, b.", "c?", "d; e"]


def test_samples_are_scaled_and_bounded() -> None:
    data = np.frombuffer(pcm_of(np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5], dtype=np.float32)), dtype="<i2")
    assert data.tolist() == [0, 32767, -32767, 32767, -32767, 16383]
