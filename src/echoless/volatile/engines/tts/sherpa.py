"""Speech by an installed neural model, through sherpa-onnx: VITS (Piper and others), Kokoro, Kitten, Matcha.

A model has speakers of its own: a voice speaks as one of them, always the same one, chosen by the voice's place
among the premade voices. The model is given phonemes, which espeak-ng makes in this process and which are scrubbed
there after each text. It never sees the text: the library writes words that it does not know to standard error.

What of a delivery is honoured: `speed`. Pitch, range, style, whisper, seed and rules' phonemes have no effect.
The models give no times, so the words of an utterance share its length by their characters.

ONNX Runtime's arena is off: what it used goes back to the allocator, which overwrites it. One thread; no network.
source: sherpa-onnx 2.0, python-api-examples; `GenerationConfig` and provider files of its C++ sources
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.languages import LANGUAGE_BY_CODE
from echoless.core.model_catalogue import InstalledModel, part_paths
from echoless.volatile.engines.tts.kokoro_phonemes import kokoro_phonemes
from echoless.volatile.speech.ports import Delivery, EngineVoice, SpokenAudio, Utterance, WordMark

# A file that sherpa-onnx reads its session's options from.
_SESSION_FILE: Final = Path(__file__).resolve().parents[1] / "onnx_session.conf"
_WORD: Final = re.compile(r"\S+")
_SENTENCE_ENDS: Final = (".", "!", "?")
_FULL_SCALE: Final = 32767.0
_GOES_ON, _STOPS = 1, 0
_NO_TEXT: Final = " "

SamplesSink = Callable[[AudioContent], None]


class Phonemizer(Protocol):
    """Whoever knows what a text sounds like."""

    def phonemes(self, text: TextContent, voice_name: str) -> tuple[TextContent, ...]:
        """Return International Phonetic Alphabet, clause by clause, each with its mark of punctuation."""
        ...


class SherpaEngine:
    """A TTSEngine for one installed model.

    raises: EcholessError(CONFIGURATION) without the library, or when the model cannot be loaded
    """

    def __init__(self, model: InstalledModel, phonemizer: Phonemizer) -> None:
        runtime = _runtime()
        self._new_settings = runtime.GenerationConfig
        self._phonemizer = phonemizer
        self._card = model.card
        self._tokens = known_tokens((model.directory / model.card.parts["tokens"]).read_text(encoding="utf-8"))
        config = _config(runtime, model)
        if not config.validate():
            raise EcholessError(ErrorCode.CONFIGURATION, f"{model.card.name}: sherpa-onnx refuses its files")
        self._tts = runtime.OfflineTts(config)
        if self._tts.sample_rate <= 0 or self._tts.num_speakers < 0:
            raise EcholessError(ErrorCode.CONFIGURATION, f"{model.card.name}: the model states no sample rate")

    @property
    def sample_rate_hz(self) -> int:
        """As the model states."""
        return int(self._tts.sample_rate)

    @property
    def speaker_count(self) -> int:
        """How many speakers the model has; 1 where it knows nothing of speakers."""
        return max(1, int(self._tts.num_speakers))

    @property
    def languages(self) -> tuple[str, ...]:
        """What the model speaks, ISO 639-1."""
        return self._card.languages

    @property
    def wants_retirement(self) -> bool:
        """Never: nothing of a job stays."""
        return False

    def speak(
        self,
        utterance: Utterance,
        voice: EngineVoice,
        delivery: Delivery,
        on_samples: SamplesSink | None = None,
    ) -> SpokenAudio:
        """Speak one utterance and leave nothing of it in the engine.

        raises: EcholessError(ENGINE_UNAVAILABLE) when the model makes no samples; what `on_samples` raises
        """
        settings = self._new_settings()
        settings.sid = self._speaker(voice)
        settings.speed = delivery.speed
        sentences = self._sentences(utterance.spoken, voice.language)
        if not sentences:
            return SpokenAudio(AudioContent(b""), ())
        settings.phoneme_codepoints = [[ord(sign) for sign in sentence.reveal()] for sentence in sentences]
        pcm = self._generate(settings, on_samples)
        return SpokenAudio(AudioContent(pcm), spread_marks(utterance.spoken, len(pcm) // 2))

    def _speaker(self, voice: EngineVoice) -> int:
        first, last = self._card.speakers.get(voice.language, (0, self.speaker_count - 1))
        return first + voice.ordinal % (min(last, self.speaker_count - 1) - first + 1)

    def _sentences(self, text: TextContent, language: str) -> tuple[TextContent, ...]:
        """Return the phonemes of a text sentence by sentence, only those that the model knows."""
        clauses = self._phonemizer.phonemes(text, LANGUAGE_BY_CODE[language].engine_name)
        if self._card.family == "kokoro":
            clauses = tuple(TextContent(kokoro_phonemes(clause.reveal())) for clause in clauses)
        sentences = []
        for sentence in joined_clauses(clauses):
            known = "".join(
                sign for sign in unicodedata.normalize("NFD", sentence.reveal()) if sign in self._tokens
            )
            if any(sign.isalpha() for sign in known):
                sentences.append(TextContent(known))
        return tuple(sentences)

    def _generate(self, settings: Any, on_samples: SamplesSink | None) -> bytes:
        pieces: list[bytes] = []
        errors: list[BaseException] = []

        def take(samples: NDArray[np.float32], _fraction: float) -> int:
            try:
                pieces.append(pcm_of(samples))
                if on_samples is not None:
                    on_samples(AudioContent(pieces[-1]))
            except BaseException as error:  # kept, and raised again outside the library
                errors.append(error)
                return _STOPS
            return _GOES_ON

        made = self._tts.generate(_NO_TEXT, settings, take)
        if not pieces and not errors:
            # Some families give their samples at the end only.
            take(np.asarray(made.samples, dtype=np.float32), 1.0)
        if errors:
            raise errors[0]
        if not any(pieces):
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"{self._card.name} made no samples")
        return b"".join(pieces)


def known_tokens(table: str) -> frozenset[str]:
    """Return the single signs that a model knows, from its table of tokens: sign, blank, number on each line."""
    rows = (line.rsplit(" ", 1)[0] for line in table.splitlines() if line.strip())
    return frozenset(" " if row.strip() == "" else row for row in rows if len(row.strip()) <= 1)


def joined_clauses(clauses: Iterable[TextContent]) -> tuple[TextContent, ...]:
    """Return clauses as sentences: models were trained on whole ones."""
    sentences, held = [], ""
    for clause in clauses:
        held = f"{held} {clause.reveal()}".strip()
        if held.endswith(_SENTENCE_ENDS):
            sentences.append(TextContent(held))
            held = ""
    if held:
        sentences.append(TextContent(held))
    return tuple(sentences)


def pcm_of(samples: NDArray[np.float32]) -> bytes:
    """Turn samples of -1 to 1 into signed 16-bit PCM, and overwrite what was made on the way."""
    scaled = np.clip(samples, -1.0, 1.0)
    scaled *= _FULL_SCALE
    whole = scaled.astype("<i2")
    data = whole.tobytes()
    # numpy keeps small arrays for reuse without overwriting them.
    scaled.fill(0)
    whole.fill(0)
    return data


def spread_marks(text: TextContent, sample_count: int) -> tuple[WordMark, ...]:
    """Return where words begin if each character takes equally long."""
    shown = text.reveal()
    return tuple(
        WordMark(word.start(), word.end() - word.start(), word.start() * sample_count // len(shown))
        for word in _WORD.finditer(shown)
    )


def _runtime() -> Any:
    try:
        import sherpa_onnx
    except ImportError:
        sherpa_onnx = None
    if sherpa_onnx is None:
        raise EcholessError(ErrorCode.CONFIGURATION, "sherpa-onnx is not here: pip install echoless[neural]")
    return sherpa_onnx


def _config(runtime: Any, model: InstalledModel) -> Any:
    """Return the runtime's configuration of a model."""
    parts = {
        role: ",".join(str(model.directory / path) for path in part_paths(value))
        for role, value in model.card.parts.items()
        if role != "rule_fsts"
    }
    shape = {
        "vits": runtime.OfflineTtsVitsModelConfig,
        "kokoro": runtime.OfflineTtsKokoroModelConfig,
        "kitten": runtime.OfflineTtsKittenModelConfig,
        "matcha": runtime.OfflineTtsMatchaModelConfig,
    }[model.card.family]
    inner = runtime.OfflineTtsModelConfig(
        **{model.card.family: shape(**parts)}, num_threads=1, debug=False, provider=f"cpu:{_SESSION_FILE}"
    )
    rules = part_paths(model.card.parts.get("rule_fsts", ""))
    return runtime.OfflineTtsConfig(
        model=inner, rule_fsts=",".join(str(model.directory / path) for path in rules), max_num_sentences=1
    )
