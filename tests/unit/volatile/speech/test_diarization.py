"""Speakers are told apart by their voices' statistics, numbered as they are first heard."""

from __future__ import annotations

import numpy as np
import pytest

from echoless.core.content import AudioContent
from echoless.volatile.speech.diarization import PIECES_MAX, BasicDiarizer, Matrix
from echoless.volatile.speech.windows import Window

pytestmark = pytest.mark.unit

SIZE = 6


def _voice(seed: int, distance: float) -> tuple[Matrix, Matrix]:
    """Return the mean and the mixing of one voice's features."""
    maker = np.random.default_rng(seed)
    return distance * maker.normal(size=SIZE), np.eye(SIZE) + 0.3 * maker.normal(size=(SIZE, SIZE))


class Told:
    """Windows whose features are of known voices."""

    def __init__(self, distance: float = 3.0) -> None:
        self._distance = distance
        self._maker = np.random.default_rng(1)
        self._rows: Matrix = np.empty((0, SIZE))
        self.diarizer = BasicDiarizer(lambda _pcm: self._rows)
        self._at_s = 0.0

    def say(self, *voices: int, words: int = 8) -> None:
        """One window in which each voice says words of 0.4 s."""
        spans = []
        rows = []
        start_s = self._at_s
        for voice in voices:
            mean, mixing = _voice(voice, self._distance)
            rows.append(self._maker.normal(size=(40 * words, SIZE)) @ mixing + mean)
            spans += [(self._at_s + 0.4 * at, self._at_s + 0.4 * (at + 1)) for at in range(words)]
            self._at_s += 0.4 * words
        self._rows = np.concatenate(rows)
        self.diarizer.note(Window(start_s, AudioContent(b"")), spans)
        self._at_s += 1.0


def _runs(speakers: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for speaker in speakers:
        if runs and runs[-1][0] == speaker:
            runs[-1] = (speaker, runs[-1][1] + 1)
        else:
            runs.append((speaker, 1))
    return runs


def test_two_voices_are_two_speakers_numbered_as_they_are_heard() -> None:
    told = Told()
    for voice in (7, 7, 3, 7, 3):
        told.say(voice)
    assert _runs(told.diarizer.speakers(None, None)) == [(0, 16), (1, 8), (0, 8), (1, 8)]


def test_one_voice_is_one_speaker() -> None:
    told = Told()
    for _ in range(6):
        told.say(5)
    assert set(told.diarizer.speakers(None, None)) == {0}


def test_voices_change_within_a_window_too() -> None:
    told = Told()
    told.say(1, 2)
    told.say(2, 1)
    assert _runs(told.diarizer.speakers(None, None)) == [(0, 8), (1, 16), (0, 8)]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_given_number_of_speakers_is_kept(count: int) -> None:
    told = Told()
    for voice in (1, 2, 3, 1, 2, 3):
        told.say(voice)
    assert len(set(told.diarizer.speakers(count, None))) == count


def test_there_are_no_more_speakers_than_pieces() -> None:
    told = Told()
    told.say(1, words=2)
    assert told.diarizer.speakers(5, None) == [0, 0]


def test_a_higher_threshold_finds_no_more_speakers() -> None:
    told = Told(distance=0.3)
    for voice in (*range(6), *range(6)):
        told.say(voice, words=5)
    counts = [len(set(told.diarizer.speakers(None, threshold))) for threshold in (0.1, 0.16, 0.22, 0.3, 0.4)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    assert told.diarizer.speakers(None, None) == told.diarizer.speakers(None, 0.22)


def test_a_long_recording_keeps_a_bounded_number_of_pieces() -> None:
    told = Told()
    for turn in range(PIECES_MAX // 2 + 20):
        told.say(turn % 2 + 1, words=20)
    assert len(told.diarizer._pieces) <= 2 * PIECES_MAX
    speakers = told.diarizer.speakers(2, None)
    assert len(told.diarizer._pieces) <= PIECES_MAX
    assert [run[0] for run in _runs(speakers)][:6] == [0, 1, 0, 1, 0, 1]
    assert len(speakers) == (PIECES_MAX // 2 + 20) * 20


def test_nothing_said_has_no_speaker() -> None:
    diarizer = BasicDiarizer(lambda _pcm: np.empty((0, SIZE)))
    diarizer.note(Window(0.0, AudioContent(b"")), [])
    assert diarizer.speakers(None, None) == []


def test_features_are_overwritten_once_they_are_counted() -> None:
    rows = np.ones((400, SIZE))
    diarizer = BasicDiarizer(lambda _pcm: rows)
    diarizer.note(Window(0.0, AudioContent(b"")), [(0.0, 2.0)])
    assert not rows.any()
