"""Live recognition: hypotheses while somebody speaks, words with the session's times, nothing for the next one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.stt import sphinx_live
from echoless.volatile.engines.stt.sphinx_live import SphinxLiveRecognizer, SphinxLiveSession
from echoless.volatile.speech.hearing_ports import Heard, HearingOptions
from tests.fakes.other_memory import memory_after

pytestmark = pytest.mark.unit

OPTIONS = HearingOptions(tags_events=False)


@pytest.fixture(scope="module")
def recognizer() -> SphinxLiveRecognizer:
    return SphinxLiveRecognizer(sessions_max=2)


def _hear(session: SphinxLiveSession, pcm: bytes) -> list[str]:
    texts = [session.hear(AudioContent(pcm[at : at + 3_200])) for at in range(0, len(pcm), 3_200)]
    return [text.reveal() for text in texts if text is not None]


def _facts(heard: Heard) -> list[tuple[str, float, float, float]]:
    return [(word.text.reveal(), word.start_s, word.end_s, word.logprob) for word in heard.words]


def test_hypotheses_grow_while_somebody_speaks(recognizer: SphinxLiveRecognizer, speech: AudioContent) -> None:
    session = recognizer.open(OPTIONS)
    texts = _hear(session, speech.reveal())
    words = [word.text.reveal() for word in session.commit().words]
    session.close()
    assert len(texts) > 5
    assert len(texts[-1].split()) > len(texts[0].split())
    assert {"beautiful", "are"} <= set(words)
    assert all(one != two for one, two in pairwise(texts))


def test_times_go_on_from_segment_to_segment(recognizer: SphinxLiveRecognizer, speech: AudioContent) -> None:
    session = recognizer.open(OPTIONS)
    _hear(session, speech.reveal())
    first = session.commit()
    assert session.commit().words == []
    _hear(session, speech.reveal())
    second = session.commit()
    session.close()
    duration_s = len(speech) / 32_000
    assert first.words[-1].end_s <= duration_s
    assert second.words[0].start_s >= duration_s
    assert second.words[-1].end_s <= 2 * duration_s


def test_a_decoder_holds_no_hypothesis_once_its_segment_is_closed(
    recognizer: SphinxLiveRecognizer, speech: AudioContent
) -> None:
    """C32: an open session that rests."""
    session = recognizer.open(OPTIONS)
    _hear(session, speech.reveal())
    decoder = session._decoder
    assert decoder is not None
    assert decoder.hyp() is not None
    assert session.commit().words
    assert decoder.hyp() is None
    assert list(decoder.seg() or ()) == []
    session.close()


def test_a_session_hears_no_trace_of_another(recognizer: SphinxLiveRecognizer, speech: AudioContent) -> None:
    def run() -> list[tuple[str, float, float, float]]:
        session = recognizer.open(OPTIONS)
        _hear(session, speech.reveal())
        facts = _facts(session.commit())
        session.close()
        return facts

    before = run()
    other = recognizer.open(OPTIONS)
    _hear(other, speech.reveal()[30_000:] * 2)
    # One that is closed in the middle of a word, and one whose decoder is another.
    other.close()
    assert run() == before
    first = recognizer.open(OPTIONS)
    assert run() == before
    first.close()


def test_next_to_nothing_can_be_committed(recognizer: SphinxLiveRecognizer) -> None:
    session = recognizer.open(OPTIONS)
    for pcm in (b"", b"\0\0", bytes(100)):
        assert session.hear(AudioContent(pcm)) is None
        assert session.commit().words == []
    session.close()
    session.close()


def test_sessions_are_bounded_and_a_closed_one_makes_room(recognizer: SphinxLiveRecognizer) -> None:
    first, second = recognizer.open(OPTIONS), recognizer.open(OPTIONS)
    with pytest.raises(EcholessError) as caught:
        recognizer.open(OPTIONS)
    assert caught.value.code is ErrorCode.CONCURRENT_LIMIT_EXCEEDED
    first.close()
    first.close()
    recognizer.open(OPTIONS).close()
    second.close()


def test_another_language_is_refused(recognizer: SphinxLiveRecognizer) -> None:
    with pytest.raises(EcholessError) as caught:
        recognizer.open(HearingOptions(language="de"))
    assert (caught.value.code, caught.value.param) == (ErrorCode.INVALID_PARAMETERS, "language_code")
    assert recognizer.languages == ("en",)


def test_decoders_are_prepared_and_unloaded() -> None:
    recognizer = SphinxLiveRecognizer(sessions_max=3, idle_count=1)
    assert not recognizer.prepare()
    sessions = [recognizer.open(OPTIONS)]
    assert recognizer.prepare()
    assert not recognizer.prepare()
    sessions += [recognizer.open(OPTIONS), recognizer.open(OPTIONS)]
    # As many as may be are open: nobody could use another one.
    assert not recognizer.prepare()
    for session in sessions:
        session.close()
    assert len(recognizer._idle) == 3
    recognizer.trim()
    assert len(recognizer._idle) == 2


def test_a_decoder_that_cannot_be_loaded_costs_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*, is_live: bool) -> None:
        raise RuntimeError

    recognizer = SphinxLiveRecognizer(idle_count=1)
    monkeypatch.setattr(sphinx_live, "new_decoder", fail)
    session = recognizer.open(OPTIONS)
    assert not recognizer.prepare()
    for _ in range(2):
        with pytest.raises(EcholessError) as caught:
            recognizer.open(OPTIONS)
        assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    session.close()
    recognizer.open(OPTIONS).close()


def test_a_decoder_that_fails_is_not_used_again(speech: AudioContent) -> None:
    recognizer = SphinxLiveRecognizer(idle_count=1)
    session = recognizer.open(OPTIONS)
    decoder = session._decoder

    class Failing:
        def __getattr__(self, name: str) -> object:
            if name in ("process_raw", "end_utt"):
                raise RuntimeError("a text that must not travel")
            return getattr(decoder, name)

    session._decoder = Failing()
    with pytest.raises(EcholessError) as caught:
        session.hear(speech)
    assert caught.value.code is ErrorCode.ENGINE_UNAVAILABLE
    with pytest.raises(EcholessError):
        session.commit()
    session.close()
    assert recognizer._idle == []
    assert len(_hear(recognizer.open(OPTIONS), speech.reveal())) > 3


_CHILD = """
from echoless.core.content import AudioContent
from echoless.volatile.engines.stt.sphinx_live import SphinxLiveRecognizer
from echoless.volatile.speech.hearing_ports import HearingOptions
recognizer = SphinxLiveRecognizer(idle_count=1)
session = recognizer.open(HearingOptions(tags_events=False))
def run(data):
    for at in range(0, len(data), 3_200):
        session.hear(AudioContent(data[at : at + 3_200]))
    if MODE != "keeps":
        session.commit()
    if MODE == "closed":
        session.close()
"""


@pytest.mark.parametrize("mode", ["closed", "committed", "keeps"])
def test_neither_samples_nor_words_are_left_of_a_segment_that_is_committed(
    recognizer: SphinxLiveRecognizer, speech: AudioContent, mode: str
) -> None:
    """The control has said a hypothesis and not committed it: the search finds that."""
    session = recognizer.open(OPTIONS)
    words = _hear(session, speech.reveal())[-1].split()
    words += [word.text.reveal() for word in session.commit().words]
    session.close()
    phrases = [" ".join(words[at : at + 3]).encode() for at in range(len(words) - 2)]
    # Some of them stand in the texts of any program.
    common = memory_after(_CHILD, bytes(len(speech)), "closed")
    phrases = [phrase for phrase in phrases if phrase not in common]
    assert len(phrases) > 5
    memory = memory_after(_CHILD, speech.reveal(), mode)
    pcm = speech.reveal()
    windows = [pcm[at : at + 32] for at in range(20_000, len(pcm) - 20_000, 1_000)]
    found = [mark for mark in (*phrases, *windows) if len(set(mark)) > 6 and mark in memory]
    assert (found == []) is (mode != "keeps")


def test_only_decoders_beyond_the_most_there_were_make_the_process_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are loaded again take memory that is there already; what they take besides is growth."""
    size_bytes = [0]

    def load(*, is_live: bool) -> object:
        size_bytes[0] += 40
        return object()

    monkeypatch.setattr(sphinx_live, "new_decoder", load)
    monkeypatch.setattr(sphinx_live, "empty", lambda _decoder: None)
    recognizer = SphinxLiveRecognizer(size_bytes=lambda: size_bytes[0])
    sessions = [recognizer.open(OPTIONS) for _ in range(2)]
    assert recognizer.added_bytes == 0, "the first ones were there from the start"
    assert recognizer.prepare()
    sessions += [recognizer.open(OPTIONS) for _ in range(4)]
    assert (size_bytes[0], recognizer.added_bytes) == (240, 160)
    for session in sessions:
        session.close()
    recognizer.trim()
    for session in [recognizer.open(OPTIONS) for _ in range(6)]:
        session.close()
    assert (size_bytes[0], recognizer.added_bytes) == (400, 160)
