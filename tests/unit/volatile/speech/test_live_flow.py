"""When a live segment is closed, what is refused, and whose times are told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.crossing.live_records import CommitCause
from echoless.volatile.speech.hearing_ports import Heard, HeardWord
from echoless.volatile.speech.live_flow import Committed, LiveFlow, LiveRules, NotCommitted, Outcome, Partial
from echoless.volatile.speech.windows import FRAME_BYTES

pytestmark = pytest.mark.unit

MANUAL = LiveRules(commits_by_silence=False, silence_s=1.5, speech_ms_min=100, silence_ms_min=100)
BY_SILENCE = LiveRules(commits_by_silence=True, silence_s=0.6, speech_ms_min=100, silence_ms_min=100)
FRAME_S = 0.03


class LoudIsSpeech:
    def is_speech(self, frame: AudioContent) -> bool:
        return any(frame.reveal())


@dataclass
class Counting:
    """A session whose words are spans of loud frames, with the times of what it was given."""

    heard: bytearray = field(default_factory=bytearray)
    done: int = 0
    closed_count: int = 0

    def hear(self, pcm: AudioContent) -> TextContent | None:
        self.heard += pcm.reveal()
        return TextContent("loud " * len(self._spans()))

    def commit(self) -> Heard:
        words = [
            HeardWord(TextContent("loud"), start * FRAME_S, end * FRAME_S, -0.1) for start, end in self._spans()
        ]
        self.done = len(self.heard)
        return Heard(words, "en")

    def close(self) -> None:
        self.closed_count += 1

    def _spans(self) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        for index in range(self.done // FRAME_BYTES, len(self.heard) // FRAME_BYTES):
            if any(self.heard[index * FRAME_BYTES : (index + 1) * FRAME_BYTES]):
                if spans and spans[-1][1] == index:
                    spans[-1] = (spans[-1][0], index + 1)
                else:
                    spans.append((index, index + 1))
        return spans


def _pcm(pattern: str) -> AudioContent:
    return AudioContent(b"".join((b"\0" if sign == "." else b"\1") * FRAME_BYTES for sign in pattern))


def _flow(rules: LiveRules = MANUAL) -> tuple[LiveFlow, Counting]:
    session = Counting()
    return LiveFlow(rules, session, LoudIsSpeech()), session


def _committed(outcomes: list[Outcome]) -> list[tuple[CommitCause, list[tuple[float, float]]]]:
    return [
        (outcome.cause, [(w.start_s, w.end_s) for w in outcome.words if w.text != " "])
        for outcome in outcomes
        if isinstance(outcome, Committed)
    ]


def test_a_partial_is_told_when_it_has_changed_and_not_again() -> None:
    flow, _session = _flow()
    texts = [
        [outcome.text.reveal() for outcome in flow.hear(_pcm(piece)) if isinstance(outcome, Partial)]
        for piece in ("...", "##", "##", "." * 3, "#", "#")
    ]
    assert texts == [[], ["loud "], [], [], ["loud loud "], []]


def test_silence_is_not_given_to_the_recogniser() -> None:
    flow, session = _flow()
    flow.hear(_pcm("." * 1000))
    assert not session.heard
    flow.hear(_pcm("####" + "." * 1000))
    assert len(session.heard) == (8 + 4 + 20) * FRAME_BYTES


def test_times_are_those_of_the_session() -> None:
    flow, _session = _flow()
    flow.hear(_pcm("." * 100 + "#" * 10 + "." * 200 + "#" * 5))
    ((cause, words),) = _committed(flow.commit())
    assert cause is CommitCause.MANUAL
    assert words == [(3.0, 3.3), (pytest.approx(9.3), pytest.approx(9.45))]
    flow.hear(_pcm("." * 85 + "#" * 10))
    ((_cause, words),) = _committed(flow.commit())
    assert words == [(pytest.approx(12.0), pytest.approx(12.3))]


def test_a_commit_too_soon_is_throttled() -> None:
    flow, _session = _flow()
    flow.hear(_pcm("#" * 9))
    assert flow.commit() == [NotCommitted("commit_throttled")]
    flow.hear(_pcm("#"))
    assert len(_committed(flow.commit())) == 1
    assert flow.commit() == [NotCommitted("commit_throttled")]


def test_a_commit_without_speech_is_refused_and_the_session_goes_on() -> None:
    flow, _session = _flow()
    flow.hear(_pcm("." * 50 + "##" + "." * 50))
    assert flow.commit() == [NotCommitted("insufficient_audio_activity")]
    flow.hear(_pcm("#" * 10))
    assert len(_committed(flow.commit())) == 1


def test_silence_commits_where_the_session_wants_it() -> None:
    flow, _session = _flow(BY_SILENCE)
    assert _committed(flow.hear(_pcm("#" * 10 + "." * 19))) == []
    assert _committed(flow.hear(_pcm("."))) == [(CommitCause.VOICE_ACTIVITY, [(0.0, pytest.approx(0.3))])]
    assert _committed(flow.hear(_pcm("." * 500))) == []


def test_silence_commits_nothing_where_nobody_wants_it() -> None:
    flow, _session = _flow()
    assert _committed(flow.hear(_pcm("#" * 10 + "." * 500))) == []


def test_too_little_voice_is_no_segment() -> None:
    flow, session = _flow(BY_SILENCE)
    assert _committed(flow.hear(_pcm("##" + "." * 30))) == []
    # What was heard of the click is not in the next segment.
    ((_cause, words),) = _committed(flow.hear(_pcm("#" * 10 + "." * 30)))
    assert len(words) == 1
    assert session.done


def test_several_segments_in_one_piece_of_audio_are_all_committed() -> None:
    flow, _session = _flow(BY_SILENCE)
    outcomes = flow.hear(_pcm(("#" * 10 + "." * 30) * 3))
    assert [round(words[0][0], 2) for _cause, words in _committed(outcomes)] == [0.0, 1.2, 2.4]


def test_after_ninety_seconds_a_segment_is_closed() -> None:
    flow, _session = _flow()
    assert _committed(flow.hear(_pcm("#" * 2999))) == []
    assert [cause for cause, _words in _committed(flow.hear(_pcm("##")))] == [CommitCause.TIME_LIMIT]
    # Ninety seconds of silence close nothing.
    flow.hear(_pcm("." * 40))
    assert _committed(flow.hear(_pcm("." * 3100))) == []


def test_the_end_commits_what_is_open() -> None:
    flow, _session = _flow()
    flow.hear(AudioContent(_pcm("#" * 10).reveal() + b"\1" * 100))
    assert [cause for cause, _words in _committed(flow.end())] == [CommitCause.END]


def test_the_end_of_silence_commits_nothing() -> None:
    flow, _session = _flow()
    flow.hear(_pcm("." * 100))
    assert flow.end() == []


def test_audio_is_counted_to_the_sample() -> None:
    flow, _session = _flow()
    flow.hear(AudioContent(bytes(FRAME_BYTES + 320)))
    flow.end()
    assert flow.audio_s == pytest.approx(0.04)


def test_closing_releases_the_session() -> None:
    flow, session = _flow()
    flow.hear(_pcm("####"))
    flow.close()
    flow.close()
    assert session.closed_count == 2


@pytest.mark.parametrize("block_bytes", [2, 100, 958, 5_000])
def test_the_outcome_does_not_depend_on_the_blocks(block_bytes: int) -> None:
    pcm = _pcm("...#######.......######" + "." * 40 + "#####" + "." * 30).reveal()
    whole, _session = _flow(BY_SILENCE)
    pieces, _session = _flow(BY_SILENCE)
    found: list[Outcome] = []
    for at in range(0, len(pcm), block_bytes):
        found += pieces.hear(AudioContent(pcm[at : at + block_bytes]))
    assert _committed(found) == _committed(whole.hear(AudioContent(pcm)))
