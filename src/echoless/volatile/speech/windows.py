"""Cuts a recording into windows of speech as it comes: at silences, and nowhere longer than a recogniser takes.

Silence is not recognised. Memory is bounded by one window. The same samples give the same windows, however they
were cut into blocks.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final, Protocol

from echoless.core.content import AudioContent
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ

FRAME_MS: Final = 30
FRAME_BYTES: Final = HEARING_RATE_HZ * FRAME_MS // 1000 * 2
_FRAMES_PER_SECOND: Final = 1000 / FRAME_MS
# Kept on both sides of speech: consonants begin and end below what a detector hears.
_MARGIN_FRAMES: Final = 7
# Less voice than this is a click.
_SPEECH_FRAMES_MIN: Final = 2
_LAST_PART: Final = 2 / 3


class VoiceActivity(Protocol):
    """Tells voice from the rest, frame by frame, in the order of a recording."""

    def is_speech(self, frame: AudioContent) -> bool:
        """Return whether a frame of FRAME_BYTES holds voice."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a recording that holds speech; its start in seconds from the recording's."""

    start_s: float
    pcm: AudioContent


class Windows:
    """Takes a recording's samples in blocks of any size and gives windows.

    window_s_max: the longest window
    pause_s:      a silence that ends a window
    """

    def __init__(self, activity: VoiceActivity, window_s_max: float, *, pause_s: float = 0.3) -> None:
        self._activity = activity
        self._frames_max = int(window_s_max * _FRAMES_PER_SECOND)
        self._pause_frames = max(2, round(pause_s * _FRAMES_PER_SECOND))
        self._rest = b""
        self._frames: list[bytes] = []
        self._flags: list[bool] = []
        self._first_frame = 0

    def take(self, pcm: AudioContent) -> list[Window]:
        """Take the next samples and return the windows that are complete."""
        data = self._rest + pcm.reveal()
        done = len(data) // FRAME_BYTES * FRAME_BYTES
        self._rest = data[done:]
        windows: list[Window] = []
        for at in range(0, done, FRAME_BYTES):
            window = self._add(data[at : at + FRAME_BYTES])
            if window is not None:
                windows.append(window)
        return windows

    def finish(self) -> list[Window]:
        """Return the last windows, where there are any; nothing is held after them."""
        # The last piece of a frame may be what ends a pause, and with it a window.
        last = self._add(self._rest + bytes(FRAME_BYTES - len(self._rest))) if self._rest else None
        self._rest = b""
        rest = self._cut(len(self._frames)) if any(self._flags) else None
        self._frames, self._flags = [], []
        return [window for window in (last, rest) if window is not None]

    @property
    def held_bytes(self) -> int:
        """How much of the recording is held now."""
        return len(self._frames) * FRAME_BYTES + len(self._rest)

    def _add(self, frame: bytes) -> Window | None:
        self._frames.append(frame)
        self._flags.append(self._activity.is_speech(AudioContent(frame)))
        if not any(self._flags):
            self._forget(len(self._frames) - _MARGIN_FRAMES)
            return None
        if len(self._frames) >= self._frames_max:
            return self._cut(self._best_place())
        if not any(self._flags[-self._pause_frames :]):
            return self._cut(len(self._frames))
        return None

    def _cut(self, end: int) -> Window | None:
        """End the window at a frame; what follows begins the next one."""
        spoken = [index for index in range(end) if self._flags[index]]
        window = None
        if len(spoken) >= _SPEECH_FRAMES_MIN:
            first = max(0, spoken[0] - _MARGIN_FRAMES)
            last = min(end, spoken[-1] + 1 + _MARGIN_FRAMES)
            start_s = (self._first_frame + first) * FRAME_MS / 1000
            window = Window(start_s, AudioContent(b"".join(self._frames[first:last])))
        is_silent_after = spoken and not any(self._flags[end:])
        self._forget(min(end, len(self._frames) - _MARGIN_FRAMES) if is_silent_after else end)
        if is_silent_after:
            self._flags = [False] * len(self._flags)
        return window

    def _forget(self, count: int) -> None:
        if count > 0:
            del self._frames[:count], self._flags[:count]
            self._first_frame += count

    def _best_place(self) -> int:
        """Return where to cut a full window: in the longest silence of its last part, else where it is lowest."""
        begin = int(len(self._flags) * _LAST_PART)
        best, best_run, run = 0, 0, 0
        for index in range(begin, len(self._flags)):
            run = 0 if self._flags[index] else run + 1
            if run > best_run:
                best, best_run = index + 1 - run // 2, run
        if best_run:
            return best
        return min(range(begin, len(self._frames)), key=lambda index: _peak(self._frames[index])) + 1


def _peak(frame: bytes) -> int:
    samples = array("h", frame)
    return max(*samples, -min(samples))
