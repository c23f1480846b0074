"""Who speaks, and how: from a job's words to the engine's terms, and from a manner to what is heard.

Of `voice_settings` the engines honour `speed`, `stability` and `style`; `similarity_boost` and `use_speaker_boost`
have no meaning for voices that imitate nobody. Of a manner they honour pace, pitch, range and loudness; a whisper
is the engine's whispering throat in the voice's own language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICE_BY_ID, VOICES
from echoless.crossing.records import PronunciationRule as WireRule
from echoless.volatile.speech.ports import Delivery, EngineVoice, Manner, SpokenAudio, TTSEngine, Utterance
from echoless.volatile.speech.pronunciation import PronunciationRule

_SPEED_MIN, _SPEED_MAX = 0.2, 5.0
_ORDINAL_BY_ID: Final = MappingProxyType({voice.catalogue_id: index for index, voice in enumerate(VOICES)})
_WHISPER: Final = "whisper"
_WHISPER_BY_GENDER: Final = {"female": "whisperf"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice as a job uses it.

    whispering: the same language and pace, whispered
    """

    voice: EngineVoice
    whispering: EngineVoice
    delivery: Delivery

    @property
    def language(self) -> str:
        """The language that is spoken, ISO 639-1."""
        return self.voice.language


def speaker_of(
    catalogue_id: str,
    language_code: str,
    settings: Mapping[str, float | bool],
    seed: int | None,
    languages: Sequence[str] = (),
) -> Speaker:
    """Return who speaks.

    language_code: empty for the voice's own
    languages:     what the engine speaks, where that is not everything; it falls back on the first of them
    raises:        EcholessError(VOICE_NOT_FOUND)
    """
    voice = VOICE_BY_ID.get(catalogue_id)
    if voice is None:
        raise EcholessError(ErrorCode.VOICE_NOT_FOUND, "no such catalogue voice", param="voice_id")
    language = language_code or voice.language
    if languages and language not in languages:
        language = languages[0]
    speaking = EngineVoice(
        voice.engine_name_in(language), language, voice.pitch, voice.pitch_range, voice.words_per_minute,
        _ORDINAL_BY_ID[catalogue_id],
    )  # fmt: skip
    accent = speaking.engine_name.partition("+")[0]
    throat = _WHISPER_BY_GENDER.get(voice.gender, _WHISPER)
    delivery = Delivery(
        speed=float(settings.get("speed", 1.0)),
        stability=float(settings.get("stability", 0.5)),
        style=float(settings.get("style", 0.0)),
        seed=seed,
    )
    return Speaker(speaking, replace(speaking, engine_name=f"{accent}+{throat}"), delivery)


def speak_utterance(
    engine: TTSEngine,
    utterance: Utterance,
    speaker: Speaker,
    on_samples: Callable[[AudioContent], None] | None = None,
) -> SpokenAudio:
    """Speak an utterance in its manner, its loudness left aside; nothing to say is no samples.

    raises: as the engine does
    """
    if not len(utterance.spoken):
        return SpokenAudio(AudioContent(b""), ())
    manner = utterance.manner
    voice = speaker.whispering if manner.is_whispered else speaker.voice
    return engine.speak(utterance, voice, delivery_in(speaker.delivery, manner), on_samples)


def delivery_in(delivery: Delivery, manner: Manner) -> Delivery:
    """Return a delivery changed by a manner."""
    speed = min(max(delivery.speed * manner.speed, _SPEED_MIN), _SPEED_MAX)
    return replace(delivery, speed=speed, pitch_steps=manner.pitch_steps, range_factor=manner.range_factor)


def rules_of(records: list[WireRule]) -> tuple[PronunciationRule, ...]:
    """Return the rules of a job as the flow takes them."""
    return tuple(
        PronunciationRule(
            rule.string, rule.alias, rule.phoneme, rule.alphabet, rule.is_case_sensitive, rule.has_word_boundaries
        )
        for rule in records
    )
