"""Recognition of whole windows by an installed Whisper model, through faster-whisper and CTranslate2.

Each window stands for itself: no text of one is a hint for the next. Of the options it honours the language (it
finds one out where none is given), `keyterms` (as hot words before the window), `temperature`, `wants_characters`
(the letters of a word share its time evenly) and `drops_fillers`. Events are not told apart, and `seed` has no
effect: CTranslate2 seeds a thread once. Without a temperature the same window always gives the same words.

The model is loaded from its directory and nothing is fetched. CTranslate2 has a thread of its own, so a model is
loaded after the wall has closed, which threads inherit; only the libraries are imported before. One thread
computes. The tokenizer's cache of words is off: terms would stay there.
source: faster-whisper 1.2, transcribe.py
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import InstalledModel
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, Heard, HeardWord, HearingOptions

# What the model hears in one go.
_WINDOW_S_MAX: Final = 30.0
_SAMPLES_MIN: Final = HEARING_RATE_HZ // 10
_FULL_SCALE: Final = 32768.0
_BEAM_SIZE: Final = 5
_TOKENS_MAX: Final = 220
_TERMS_CHARACTERS_MAX: Final = 600
_PROBABILITY_MIN: Final = 1e-10
_FILLERS: Final = frozenset(
    ("uh", "um", "uhm", "er", "erm", "hm", "hmm", "mm", "mhm", "\u00e4h", "\u00e4hm", "\u00f6h", "euh", "eh")
)


def import_runtime() -> Any:
    """Import the libraries: what a process does before its wall closes.

    raises: EcholessError(CONFIGURATION) without them
    """
    try:
        import faster_whisper
    except ImportError:
        faster_whisper = None
    if faster_whisper is None:
        raise EcholessError(ErrorCode.CONFIGURATION, "faster-whisper is not here: pip install echoless[neural]")
    # It counts progress that nobody sees, and would start a thread to look after that.
    faster_whisper.transcribe.tqdm.monitor_interval = 0
    return faster_whisper


class WhisperRecognizer:
    """A Recognizer for one installed model.

    raises: EcholessError(CONFIGURATION) without the libraries, or when the model cannot be loaded
    """

    def __init__(self, model: InstalledModel) -> None:
        runtime = import_runtime()
        self._name = model.card.name
        reason = ""
        try:
            self._whisper = runtime.WhisperModel(
                str(model.directory), device="cpu", compute_type="default", cpu_threads=1, num_workers=1,
                local_files_only=True,
            )  # fmt: skip
        except (RuntimeError, ValueError, OSError) as error:
            reason = type(error).__name__
        if reason:
            raise EcholessError(ErrorCode.CONFIGURATION, f"{self._name}: the model cannot be loaded ({reason})")
        # It keeps the words that it has cut into tokens otherwise.
        self._whisper.hf_tokenizer.model._resize_cache(0)
        known = self._whisper.supported_languages
        self._languages = tuple(code for code in model.card.language_codes if code in known)

    @property
    def languages(self) -> tuple[str, ...]:
        """What the model understands, ISO 639-1."""
        return self._languages

    @property
    def window_s_max(self) -> float:
        """Half a minute."""
        return _WINDOW_S_MAX

    @property
    def can_bias(self) -> bool:
        """Terms are hot words."""
        return True

    @property
    def wants_retirement(self) -> bool:
        """Never; the process watches its own size."""
        return False

    def recognise(self, pcm: AudioContent, options: HearingOptions) -> Heard:
        """Recognise one window and leave nothing of it in the engine.

        raises: EcholessError(INVALID_PARAMETERS) for a language it does not know, ENGINE_UNAVAILABLE when it fails
        """
        if options.language and options.language not in self._languages:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, "no such language here", param="language_code")
        if len(pcm) < 2 * _SAMPLES_MIN:
            return Heard((), options.language or self._languages[0])
        samples = _samples_of(pcm)
        try:
            heard: Heard | None = self._transcribe(samples, options)
        except (RuntimeError, ValueError):
            heard = None
        samples.fill(0)
        if heard is None:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "the recogniser failed")
        return heard

    def _transcribe(self, samples: NDArray[np.float32], options: HearingOptions) -> Heard:
        segments, info = self._whisper.transcribe(
            samples,
            language=options.language or None,
            beam_size=_BEAM_SIZE if options.temperature == 0.0 else 1,
            best_of=1,
            temperature=options.temperature,
            hotwords=_hotwords(options.keyterms),
            condition_on_previous_text=False,
            word_timestamps=True,
            max_new_tokens=_TOKENS_MAX,
            vad_filter=False,
            language_detection_segments=1,
        )
        end_s = len(samples) / HEARING_RATE_HZ
        words = [word for segment in segments for word in words_of(segment.words or (), end_s, options)]
        return Heard(tuple(words), info.language, float(info.language_probability))


def words_of(words: Iterable[Any], end_s: float, options: HearingOptions) -> list[HeardWord]:
    """Return a segment's words as ours, within the window and in order.

    words: with `word`, `start`, `end` and `probability`
    """
    made: list[HeardWord] = []
    for word in words:
        text = word.word.strip()
        is_filler = options.drops_fillers and text.strip(".,!?\u2026").casefold() in _FILLERS
        if not text or is_filler:
            continue
        start_s = min(max(float(word.start), made[-1].start_s if made else 0.0), end_s)
        stop_s = min(max(float(word.end), start_s), end_s)
        step_s = (stop_s - start_s) / len(text)
        edges = [start_s + index * step_s for index in range(len(text))] + [stop_s]
        made.append(
            HeardWord(
                TextContent(text),
                start_s,
                stop_s,
                min(0.0, math.log(max(float(word.probability), _PROBABILITY_MIN))),
                character_start_s=edges[:-1] if options.wants_characters else (),
                character_end_s=edges[1:] if options.wants_characters else (),
            )
        )
    return made


def _hotwords(terms: Iterable[TextContent]) -> str | None:
    """Return as many terms as fit before a window."""
    held: list[str] = []
    left = _TERMS_CHARACTERS_MAX
    for term in terms:
        left -= len(term) + 2
        if left < 0:
            break
        held.append(term.reveal())
    return ", ".join(held) or None


def _samples_of(pcm: AudioContent) -> NDArray[np.float32]:
    data = pcm.reveal()
    samples = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float32)
    samples /= _FULL_SCALE
    return samples
