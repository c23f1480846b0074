"""Live recognition by an installed streaming transducer (Zipformer and alike), through sherpa-onnx.

Each segment is a stream of its own, so nothing of one segment is left when the next begins. A model hears in
chunks; at a commit it is given as much silence as it takes to hear the last samples. A word's time is that of its
first piece, its confidence the sum of its pieces' logarithms.

Of the options it takes the language, and `wants_characters` (the letters of a word share its time evenly). It has
no fillers, no events and no bias. ONNX Runtime's arena is off, as for speech; one thread; no network.
source: sherpa-onnx 2.0, python-api-examples
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import InstalledModel
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HeardWord, HearingOptions

SESSIONS_MAX: Final = 32
# A file that sherpa-onnx reads its session's options from.
_SESSION_FILE: Final = Path(__file__).resolve().parents[1] / "onnx_session.conf"
_PARTS: Final = ("encoder", "decoder", "joiner", "tokens")
_FULL_SCALE: Final = 32768.0
_PROBE_SAMPLES: Final = HEARING_RATE_HZ // 20
_CHUNK_SAMPLES_MAX: Final = 8 * HEARING_RATE_HZ
# Beyond a chunk: a model may say a piece some frames after it was heard.
_DELAY_SAMPLES: Final = HEARING_RATE_HZ // 3
# How long the last piece of a word is taken to sound.
_PIECE_S_MAX: Final = 0.3


class SherpaLiveRecognizer:
    """A LiveRecognizer for one installed model.

    raises: EcholessError(CONFIGURATION) without the library, or when the model cannot be loaded
    """

    def __init__(self, model: InstalledModel, *, sessions_max: int = SESSIONS_MAX) -> None:
        self._card = model.card
        self._sessions_max = sessions_max
        self._open_count = 0
        self._recognizer = _loaded(model)
        self._tail_samples = self._chunk_samples() + _DELAY_SAMPLES

    @property
    def languages(self) -> tuple[str, ...]:
        """What the model understands, ISO 639-1."""
        return self._card.languages

    def open(self, options: HearingOptions) -> SherpaLiveSession:
        """Begin a session.

        raises: EcholessError(INVALID_PARAMETERS) for a language it does not know, CONCURRENT_LIMIT_EXCEEDED
        """
        if options.language and options.language not in self._card.languages:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such language here", param="language_code")
        if self._open_count >= self._sessions_max:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "too many live sessions")
        self._open_count += 1
        language = options.language or self._card.languages[0]
        return SherpaLiveSession(self._recognizer, self._tail_samples, language, options, self)

    def session_ended(self) -> None:
        """Take note that a session has been closed."""
        self._open_count -= 1

    def _chunk_samples(self) -> int:
        """Return how much the model must have heard before it decodes anything."""
        stream, silence = self._recognizer.create_stream(), np.zeros(_PROBE_SAMPLES, dtype=np.float32)
        for count in range(_PROBE_SAMPLES, _CHUNK_SAMPLES_MAX, _PROBE_SAMPLES):
            stream.accept_waveform(HEARING_RATE_HZ, silence)
            if self._recognizer.is_ready(stream):
                self._recognizer.decode_stream(stream)
                return count
        raise EcholessError(ErrorCode.CONFIGURATION, f"{self._card.name}: the model never begins to decode")


class SherpaLiveSession:
    """A LiveSession."""

    def __init__(
        self,
        recognizer: Any,
        tail_samples: int,
        language: str,
        options: HearingOptions,
        owner: SherpaLiveRecognizer,
    ) -> None:
        self._recognizer = recognizer
        self._tail_samples = tail_samples
        self._language = language
        self._options = options
        self._owner: SherpaLiveRecognizer | None = owner
        self._stream: Any = None
        self._start_sample = 0
        self._sample_count = 0
        self._hypothesis = ""

    def hear(self, pcm: AudioContent) -> TextContent | None:
        """Take the next samples; return the new hypothesis of the open segment where it changed."""
        assert self._owner is not None, "a closed session hears nothing"
        if len(pcm) < 2:
            return None
        if self._stream is None:
            self._stream = self._recognizer.create_stream()
            self._start_sample = self._sample_count
        self._sample_count += len(pcm) // 2
        self._decode(_samples_of(pcm))
        hypothesis = self._recognizer.get_result(self._stream).strip()
        if hypothesis == self._hypothesis:
            return None
        self._hypothesis = hypothesis
        return TextContent(hypothesis)

    def commit(self) -> Heard:
        """Close the open segment and begin the next; times from the start of the session."""
        self._hypothesis = ""
        if self._stream is None:
            return Heard((), self._language)
        self._decode(np.zeros(self._tail_samples, dtype=np.float32))
        result = self._recognizer.get_result_all(self._stream)
        start_s, end_s = self._start_sample / HEARING_RATE_HZ, self._sample_count / HEARING_RATE_HZ
        pieces = [
            Piece(text, start_s + time_s, logprob)
            for text, time_s, logprob in zip(result.tokens, result.timestamps, result.ys_probs, strict=True)
        ]
        self._stream = None
        return Heard(words_of(pieces, end_s, wants_characters=self._options.wants_characters), self._language)

    def close(self) -> None:
        """Release everything. May be called twice."""
        self._stream = None
        self._hypothesis = ""
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.session_ended()

    def _decode(self, samples: NDArray[np.float32]) -> None:
        self._stream.accept_waveform(HEARING_RATE_HZ, samples)
        # numpy keeps small arrays for reuse without overwriting them.
        samples.fill(0)
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a word; one that begins with a blank begins a word. It prints no text."""

    text: str
    start_s: float
    logprob: float

    def __repr__(self) -> str:
        return f"<Piece at {self.start_s:.2f}>"


def words_of(pieces: list[Piece], end_s: float, *, wants_characters: bool) -> tuple[HeardWord, ...]:
    """Put pieces together to words.

    end_s: where the segment ends; no word lasts longer
    """
    groups: list[list[Piece]] = []
    for piece in pieces:
        if not groups or piece.text.startswith(" "):
            groups.append([])
        groups[-1].append(piece)
    starts = [group[0].start_s for group in groups] + [max(end_s, 0.0)]
    words = []
    for group, next_s in zip(groups, starts[1:], strict=True):
        text = "".join(piece.text for piece in group).strip()
        start_s = min(group[0].start_s, end_s)
        word_end_s = max(start_s, min(group[-1].start_s + _PIECE_S_MAX, next_s, end_s))
        if text:
            words.append(_word(text, start_s, word_end_s, group, wants_characters=wants_characters))
    return tuple(words)


def _word(text: str, start_s: float, end_s: float, group: list[Piece], *, wants_characters: bool) -> HeardWord:
    step_s = (end_s - start_s) / len(text)
    edges = [start_s + index * step_s for index in range(len(text))] + [end_s]
    return HeardWord(
        TextContent(text),
        start_s,
        end_s,
        min(0.0, sum(piece.logprob for piece in group)),
        character_start_s=edges[:-1] if wants_characters else (),
        character_end_s=edges[1:] if wants_characters else (),
    )


def _samples_of(pcm: AudioContent) -> NDArray[np.float32]:
    data = pcm.reveal()
    samples = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float32)
    samples /= _FULL_SCALE
    return samples


def _loaded(model: InstalledModel) -> Any:
    try:
        import sherpa_onnx
    except ImportError:
        sherpa_onnx = None
    if sherpa_onnx is None:
        raise EcholessError(ErrorCode.CONFIGURATION, "sherpa-onnx is not here: pip install echoless[neural]")
    paths = {role: model.directory / model.card.parts[role] for role in _PARTS}
    if missing := [path.name for path in paths.values() if not path.is_file()]:
        raise EcholessError(ErrorCode.CONFIGURATION, f"{model.card.name}: {missing[0]} is not there")
    return sherpa_onnx.OnlineRecognizer.from_transducer(
        **{role: str(path) for role, path in paths.items()},
        num_threads=1,
        sample_rate=HEARING_RATE_HZ,
        decoding_method="greedy_search",
        enable_endpoint_detection=False,
        provider=f"cpu:{_SESSION_FILE}",
    )
