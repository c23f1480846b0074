"""One job of several voices whose turns are given piece by piece; their audio is one encoded stream. (4)

A turn is levelled as in a dialogue that is known as a whole: its loudness is measured on its first text and the
gain holds for the whole turn. How long it is silent between two turns depends on how the first one ended and on
whether the next one interrupts it. What is silent after a text belongs to the times of its last character, so that
the times that were stated last and the audio that was sent never drift apart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

from echoless.core.content import AudioContent, TextContent
from echoless.crossing.socket_records import MoreText, SpeakOn
from echoless.volatile.engines.host.levelling import levelling_gain_db, louder, without_silent_end
from echoless.volatile.engines.host.speech_job import Outlet, SpeechParts
from echoless.volatile.engines.host.stream_job import StreamJob
from echoless.volatile.engines.host.voicing import speak_utterance, speaker_of
from echoless.volatile.speech.dialogue import CUT_OFF_MS, gap_after_ms, interrupts
from echoless.volatile.speech.ports import SpokenAudio, Utterance

# What a turn's loudness is measured on, as where a dialogue is known as a whole.
_MEASURED_S: Final = 3
_SAMPLE_BYTES: Final = 2


class StreamDialogueJob(StreamJob):
    """A dialogue that takes more turns; otherwise as any job that takes more text."""

    def __init__(self, job: SpeakOn, parts: SpeechParts, outlet: Outlet) -> None:
        super().__init__(job, parts, outlet)
        self._language_code = job.language_code
        self._seed = job.seed
        self._gain_db: float | None = None
        # Silence that is still due before the next text: where its turn goes on, and where a new one begins.
        self._due_within = 0
        self._due_between = 0

    def _say_text(self, more: MoreText, planned: TextContent) -> Generator[None, None, None]:
        due = self._due_before(more)
        self._begin_turn(more)
        options = replace(self._options, language=self._speaker.language)
        said = self._said(self._parts.plan(planned, options))
        last = next(said, None)
        if last is None:
            yield from self._push(more)
            return
        for following in said:
            yield from self._send_said(*last, due)
            due, last = 0, following
        yield from self._send_last(*last, due, more)

    def _push(self, more: MoreText) -> Generator[None, None, None]:
        """Push out what the encoder holds where there is nothing to say: only that was wanted."""
        pushed = self._pushed_samples(more)
        self._due_within = max(0, self._due_within - pushed)
        self._due_between = max(0, self._due_between - pushed)
        yield from self._encode(AudioContent(bytes(pushed * _SAMPLE_BYTES)), 0)

    def _pushed_samples(self, more: MoreText) -> int:
        return self._pause_samples(self._push_ms) if self._is_pushed(more) else 0

    def _begin_turn(self, more: MoreText) -> None:
        if more.turn is None:
            return
        turn = more.turn
        self._speaker = speaker_of(
            turn.catalogue_id, self._language_code, turn.settings, self._seed, self._parts.languages
        )
        self._gain_db = None

    def _due_before(self, more: MoreText) -> int:
        """Return how many samples of silence come first."""
        if more.turn is None:
            return self._due_within
        if interrupts(more.text):
            return min(self._due_between, self._pause_samples(CUT_OFF_MS))
        return self._due_between

    # --- one text ---

    def _said(self, plan: Iterator[Utterance]) -> Iterator[tuple[Utterance, SpokenAudio]]:
        """Yield what is heard of a text, once the gain of its turn is known."""
        waiting: deque[tuple[Utterance, SpokenAudio]] = deque()
        for utterance in plan:
            waiting.append((utterance, speak_utterance(self._parts.engine, utterance, self._speaker)))
            measured = sum(spoken.sample_count for _, spoken in waiting)
            if self._gain_db is None and measured < _MEASURED_S * self._rate_hz:
                continue
            while waiting:
                yield self._levelled(waiting)
        while waiting:
            yield self._levelled(waiting)

    def _levelled(self, waiting: deque[tuple[Utterance, SpokenAudio]]) -> tuple[Utterance, SpokenAudio]:
        if self._gain_db is None:
            self._gain_db = levelling_gain_db((spoken.pcm for _, spoken in waiting), self._rate_hz)
        utterance, spoken = waiting.popleft()
        return utterance, louder(spoken, self._gain_db + utterance.manner.gain_db)

    def _send_last(
        self, utterance: Utterance, spoken: SpokenAudio, due: int, more: MoreText
    ) -> Generator[None, None, None]:
        """Send the end of a text without the engine's own silence, which comes back where the turn goes on."""
        heard = SpokenAudio(without_silent_end(spoken.pcm), spoken.marks)
        pushed = self._pushed_samples(more)
        pause = self._pause_samples(utterance.pause_after_ms)
        self._due_within = max(0, spoken.sample_count - heard.sample_count - pushed)
        self._due_between = max(0, self._pause_samples(gap_after_ms(more.text)) - pushed - pause)
        yield from self._send_said(utterance, heard, due, pushed)

    def _send_said(
        self, utterance: Utterance, spoken: SpokenAudio, due: int, silence_after: int = 0
    ) -> Generator[None, None, None]:
        """Send times and audio of one utterance, with the silence that is due before it and the one after it."""
        pause = self._pause_samples(utterance.pause_after_ms) + silence_after
        whole = SpokenAudio(AudioContent(spoken.pcm.reveal() + bytes(pause * _SAMPLE_BYTES)), spoken.marks)
        timed = replace(utterance, pause_after_ms=0)
        self._post_alignment(timed, whole, self._sample_count + due)
        if due:
            yield from self._encode(AudioContent(bytes(due * _SAMPLE_BYTES)), 0)
        yield from self._encode(whole.pcm, 0)
        yield
