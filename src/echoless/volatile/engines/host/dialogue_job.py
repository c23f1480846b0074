"""One job of several voices: their turns one after another, equally loud, with the gaps of a conversation. (4)

The loudness of a turn is measured on its first seconds, before its tags make it louder or quieter, and the gain
that levels it holds for the whole turn: nobody hears it move. A turn ends with its last audible sample; how long it
is silent then depends on how it ended (speech/dialogue.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from echoless.core.content import TextContent
from echoless.crossing.dialogue_records import DialogueSpeak, VoiceRun
from echoless.crossing.records import Speak
from echoless.volatile.engines.host.levelling import levelling_gain_db, louder, without_silent_end
from echoless.volatile.engines.host.speech_job import Outlet, SpeechJob, SpeechParts
from echoless.volatile.engines.host.voicing import Speaker, speak_utterance, speaker_of
from echoless.volatile.speech.dialogue import gaps_ms
from echoless.volatile.speech.ports import SpokenAudio, Utterance

# What a turn's loudness is measured on: enough for a stable mean, early enough for the first audio.
MEASURED_S: Final = 3


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one voice says, and how long it is silent before the next one speaks."""

    index: int
    text: TextContent
    speaker: Speaker
    gap_ms: int


@dataclass(frozen=True, slots=True)
class _Said:
    """One utterance of a turn as it will be heard, and the silence after it."""

    utterance: Utterance
    spoken: SpokenAudio
    pause_ms: int


class DialogueJob(SpeechJob):
    """A job of several turns; iterate over `steps()`. `close` ends it at any time and releases everything.

    raises: EcholessError(VOICE_NOT_FOUND, INVALID_PARAMETERS) when the job names what does not exist
    """

    def __init__(self, job: DialogueSpeak, parts: SpeechParts, outlet: Outlet) -> None:
        super().__init__(_as_speak(job), parts, outlet)
        self._turns = _turns_of(job, parts.languages)

    def close(self) -> None:
        """Release the encoder and what is still held. May be called twice."""
        self._turns.clear()
        super().close()

    # --- one turn ---

    def _say_all(self) -> Generator[None, None, None]:
        for turn in self._turns:
            for said in self._said(turn):
                yield
                yield from self._send_said(turn, said)

    def _measure(self) -> Generator[None, None, int]:
        """Speak all turns once to count their samples; the same is said again afterwards."""
        count = 0
        for turn in self._turns:
            for said in self._said(turn):
                count += said.spoken.sample_count + self._pause_samples(said.pause_ms)
                yield
        return count

    def _send_said(self, turn: _Turn, said: _Said) -> Generator[None, None, None]:
        first_sample = self._sample_count
        if self._wants_alignment:
            self._text = turn.text
            self._post_alignment(said.utterance, said.spoken, first_sample)
            self._outlet.post(self._run_of(turn, said, first_sample))
        yield from self._encode(said.spoken.pcm, 0)
        if said.pause_ms:
            yield from self._encode(self._silence(said.pause_ms), 0)

    def _run_of(self, turn: _Turn, said: _Said, first_sample: int) -> VoiceRun:
        assert self._encoder is not None, "a closed job makes no step"
        start_s = first_sample / self._rate_hz + self._encoder.delay_s
        return VoiceRun(
            turn_index=turn.index,
            start_s=start_s,
            end_s=start_s + said.spoken.sample_count / self._rate_hz,
            character_count=said.utterance.source_end - said.utterance.source_start,
        )

    def _said(self, turn: _Turn) -> Iterator[_Said]:
        """Yield what is heard of a turn; it ends with its last audible sample, then comes the gap."""
        options = replace(self._options, language=turn.speaker.language)
        waiting: deque[tuple[Utterance, SpokenAudio]] = deque()
        gain_db: float | None = None
        for utterance in self._parts.plan(turn.text, options):
            waiting.append((utterance, speak_utterance(self._parts.engine, utterance, turn.speaker)))
            if gain_db is None and self._is_measurable(waiting):
                gain_db = self._gain_db(waiting)
            if gain_db is not None and len(waiting) > 1:
                yield _levelled(*waiting.popleft(), gain_db)
        if gain_db is None:
            gain_db = self._gain_db(waiting)
        while len(waiting) > 1:
            yield _levelled(*waiting.popleft(), gain_db)
        for utterance, spoken in waiting:
            ended = SpokenAudio(without_silent_end(spoken.pcm), spoken.marks)
            said = _levelled(utterance, ended, gain_db)
            yield replace(said, pause_ms=said.pause_ms + turn.gap_ms)

    def _is_measurable(self, waiting: Iterable[tuple[Utterance, SpokenAudio]]) -> bool:
        return sum(spoken.sample_count for _, spoken in waiting) >= MEASURED_S * self._rate_hz

    def _gain_db(self, waiting: Iterable[tuple[Utterance, SpokenAudio]]) -> float:
        return levelling_gain_db((spoken.pcm for _, spoken in waiting), self._rate_hz)


def _levelled(utterance: Utterance, spoken: SpokenAudio, gain_db: float) -> _Said:
    return _Said(utterance, louder(spoken, gain_db + utterance.manner.gain_db), utterance.pause_after_ms)


def _turns_of(job: DialogueSpeak, languages: Sequence[str]) -> list[_Turn]:
    turns: list[_Turn] = []
    for gap_ms, turn in zip(gaps_ms([turn.text for turn in job.turns]), job.turns, strict=True):
        speaker = speaker_of(turn.catalogue_id, job.language_code, turn.settings, job.seed, languages)
        turns.append(_Turn(len(turns), TextContent(turn.text), speaker, gap_ms))
    return turns


def _as_speak(job: DialogueSpeak) -> Speak:
    return Speak(
        text="",
        catalogue_id=job.catalogue_id,
        language_code=job.language_code,
        output_format=job.output_format,
        settings={},
        seed=job.seed,
        normalization=job.normalization,
        wants_alignment=job.wants_alignment,
        window_bytes=job.window_bytes,
        rules=job.rules,
        reads_tags=True,
    )
