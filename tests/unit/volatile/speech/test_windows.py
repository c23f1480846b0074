"""A recording is cut at its silences, and nothing of its speech is lost."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.speech.windows import FRAME_BYTES, Window, Windows

pytestmark = pytest.mark.unit

FRAME_S = 0.03


class _LoudIsSpeech:
    def is_speech(self, frame: AudioContent) -> bool:
        assert len(frame) == FRAME_BYTES
        return any(frame.reveal())


def _pcm(pattern: str) -> bytes:
    """One frame for each sign: a digit is that loud, a point is silent."""
    return b"".join(
        bytes(FRAME_BYTES) if sign == "." else int(sign).to_bytes(2, "little") * (FRAME_BYTES // 2)
        for sign in pattern
    )


def _cut(pattern: str, window_s_max: float = 30.0, block_bytes: int = 10_000_000) -> list[Window]:
    windows = Windows(_LoudIsSpeech(), window_s_max)
    pcm = _pcm(pattern)
    found: list[Window] = []
    for at in range(0, len(pcm), block_bytes):
        found += windows.take(AudioContent(pcm[at : at + block_bytes]))
    return found + windows.finish()


def test_silence_is_no_window() -> None:
    assert _cut("." * 500) == []
    assert _cut("") == []


def test_a_click_is_no_window() -> None:
    assert _cut("." * 50 + "9" + "." * 50) == []


def test_windows_are_cut_at_silences_and_have_margins() -> None:
    first, second = _cut("." * 40 + "5" * 20 + "." * 40 + "6" * 30 + "." * 40)
    assert first.start_s == pytest.approx(33 * FRAME_S)
    assert first.pcm.reveal() == _pcm("." * 7 + "5" * 20 + "." * 7)
    assert second.start_s == pytest.approx(93 * FRAME_S)
    assert second.pcm.reveal() == _pcm("." * 7 + "6" * 30 + "." * 7)


@pytest.mark.parametrize("silent_frames", range(16))
@pytest.mark.parametrize("more_bytes", [0, 2, FRAME_BYTES - 2])
def test_speech_is_heard_however_long_the_silence_is_in_which_a_recording_ends(
    silent_frames: int, more_bytes: int
) -> None:
    windows = Windows(_LoudIsSpeech(), 30.0)
    pcm = _pcm("5" * 20 + "." * silent_frames) + bytes(more_bytes)
    found = windows.take(AudioContent(pcm)) + windows.finish()
    assert [window.pcm.reveal()[: 20 * FRAME_BYTES] for window in found] == [_pcm("5" * 20)]


def test_a_short_silence_does_not_cut() -> None:
    (window,) = _cut("5" * 20 + "." * 5 + "5" * 20)
    assert window.pcm.reveal() == _pcm("5" * 20 + "." * 5 + "5" * 20)


def test_no_window_is_longer_than_the_recogniser_takes_and_no_speech_is_lost() -> None:
    windows = _cut("7" * 1000, window_s_max=3.0)
    assert max(len(window.pcm) for window in windows) <= 100 * FRAME_BYTES
    assert b"".join(window.pcm.reveal() for window in windows) == _pcm("7" * 1000)
    assert [window.start_s for window in windows] == sorted(window.start_s for window in windows)


def test_a_full_window_is_cut_in_its_longest_silence() -> None:
    first, second = _cut("7" * 80 + "..." + "7" * 40, window_s_max=3.0)
    assert first.pcm.reveal() + second.pcm.reveal() == _pcm("7" * 80 + "..." + "7" * 40)
    assert 80 * FRAME_S < second.start_s < 83 * FRAME_S


def test_a_full_window_without_a_silence_is_cut_where_it_is_lowest() -> None:
    first, second = _cut("9" * 80 + "1" + "9" * 60, window_s_max=3.0)
    assert first.pcm.reveal() == _pcm("9" * 80 + "1")
    assert second.pcm.reveal() == _pcm("9" * 60)


@pytest.mark.parametrize("block_bytes", [1, 333, FRAME_BYTES, 31_999])
def test_the_cuts_do_not_depend_on_the_blocks(block_bytes: int) -> None:
    pattern = "..5555.......66666666............................................7777.777"
    whole = _cut(pattern)
    pieces = _cut(pattern, block_bytes=block_bytes)
    assert [(w.start_s, w.pcm.reveal()) for w in pieces] == [(w.start_s, w.pcm.reveal()) for w in whole]


def test_the_last_samples_count_though_they_fill_no_frame() -> None:
    windows = Windows(_LoudIsSpeech(), 30.0)
    assert windows.take(AudioContent(_pcm("55") + b"\5\0" * 10)) == []
    (window,) = windows.finish()
    assert window.pcm.reveal() == _pcm("55") + b"\5\0" * 10 + bytes(FRAME_BYTES - 20)


def test_nothing_is_held_after_the_end() -> None:
    windows = Windows(_LoudIsSpeech(), 30.0)
    windows.take(AudioContent(_pcm("555555")))
    assert len(windows.finish()) == 1
    assert windows.finish() == []


def test_silence_is_not_held() -> None:
    windows = Windows(_LoudIsSpeech(), 30.0)
    windows.take(AudioContent(_pcm("." * 1000)))
    assert windows.held_bytes <= 8 * FRAME_BYTES
