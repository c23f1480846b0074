"""The model ids of the wire protocol and what stands behind them, as data.

They differ in what they can do (speak a text, change a voice, hear), in limits and in languages.
source: the wire contract's tables of models. `languages` is what upstream lists, cut to what the embedded engines
can speak or hear. Rates by the minute are ours: upstream's prices are not part of its wire protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from echoless.core.languages import LANGUAGE_BY_CODE, LANGUAGES, Language


@dataclass(frozen=True, slots=True)
class Model:
    """One model id.

    characters_max:        most characters in one request; 0 where no text is given
    languages:             spoken languages, never empty: clients refuse a model without
    cost_factor:           units that one character counts
    honours_language_code: whether `language_code` has an effect; it is ignored otherwise
    can_stitch:            whether `previous_request_ids` and `next_request_ids` are accepted
    can_stream_input:      whether it may be used on the text socket
    concurrency_group:     which limit of concurrent requests it counts for
    can_do_dialogue:       whether it speaks several voices in turn, and takes audio tags in brackets for directions
    reads_phonemes:        whether phoneme rules of pronunciation dictionaries hold; they are skipped otherwise
    can_do_text_to_speech: whether it speaks a text
    can_do_voice_conversion: whether it says a recording again with another voice
    can_do_speech_to_text: whether it writes down what is said in a recording
    can_hear_live:         whether it writes down while somebody speaks, and only then
    credits_per_minute:    units that a minute of audio counts, where no characters are counted
    """

    model_id: str
    name: str
    description: str
    characters_max: int
    languages: tuple[Language, ...]
    cost_factor: float = 1.0
    honours_language_code: bool = True
    can_stitch: bool = True
    can_stream_input: bool = True
    can_use_style: bool = False
    can_use_speaker_boost: bool = False
    concurrency_group: str = "standard"
    can_do_dialogue: bool = False
    reads_phonemes: bool = False
    can_do_text_to_speech: bool = True
    can_do_voice_conversion: bool = False
    can_do_speech_to_text: bool = False
    can_hear_live: bool = False
    credits_per_minute: int = 0

    @property
    def is_listed(self) -> bool:
        """Whether the list of models names it; those of speech to text are not listed, as upstream."""
        return self.can_do_text_to_speech or self.can_do_voice_conversion

    def speaks(self, language_code: str) -> bool:
        """Say whether the model lists a language, by its wire code."""
        return any(language.code == language_code for language in self.languages)


def _languages(codes: str) -> tuple[Language, ...]:
    return tuple(LANGUAGE_BY_CODE[code] for code in codes.split())


_ENGLISH: Final = _languages("en")
_MULTILINGUAL_V1: Final = _languages("en de pl es it fr pt hi ar")
_MULTILINGUAL_V2: Final = _languages(
    "en ja zh de hi fr ko pt it es id nl tr pl sv bg ro ar cs el fi hr ms sk da ta uk ru"
)
_V2_5: Final = _MULTILINGUAL_V2 + _languages("hu no vi")
_CONVERSION_CREDITS_PER_MINUTE: Final = 1_000
_RECOGNITION_CREDITS_PER_MINUTE: Final = 60


def _converting(model_id: str, name: str, description: str, languages: tuple[Language, ...]) -> Model:
    return Model(
        model_id,
        name,
        description,
        0,
        languages,
        honours_language_code=False,
        can_stitch=False,
        can_stream_input=False,
        can_use_style=True,
        can_use_speaker_boost=True,
        can_do_text_to_speech=False,
        can_do_voice_conversion=True,
        credits_per_minute=_CONVERSION_CREDITS_PER_MINUTE,
    )


def _hearing(model_id: str, name: str, description: str, *, can_hear_live: bool = False) -> Model:
    return Model(
        model_id,
        name,
        description,
        0,
        _ENGLISH,
        can_stitch=False,
        can_stream_input=False,
        can_do_text_to_speech=False,
        can_do_speech_to_text=True,
        can_hear_live=can_hear_live,
        credits_per_minute=_RECOGNITION_CREDITS_PER_MINUTE,
    )


MODELS: Final[tuple[Model, ...]] = (
    Model(
        "eleven_multilingual_v2",
        "Multilingual v2",
        "Steady reading in many languages.",
        10_000,
        _MULTILINGUAL_V2,
        honours_language_code=False,
        can_use_style=True,
        can_use_speaker_boost=True,
    ),
    Model(
        "eleven_flash_v2_5",
        "Flash v2.5",
        "Low latency in many languages, long texts.",
        40_000,
        _V2_5,
        cost_factor=0.5,
        concurrency_group="turbo",
    ),
    Model(
        "eleven_flash_v2",
        "Flash v2",
        "Low latency, English only.",
        30_000,
        _ENGLISH,
        cost_factor=0.5,
        concurrency_group="turbo",
        reads_phonemes=True,
    ),
    Model(
        "eleven_turbo_v2_5",
        "Turbo v2.5",
        "The older name of Flash v2.5.",
        40_000,
        _V2_5,
        cost_factor=0.5,
        concurrency_group="turbo",
    ),
    Model(
        "eleven_turbo_v2",
        "Turbo v2",
        "The older name of Flash v2, English only.",
        30_000,
        _ENGLISH,
        cost_factor=0.5,
        concurrency_group="turbo",
        reads_phonemes=True,
    ),
    Model(
        "eleven_v3",
        "Eleven v3",
        "All languages; no stitching and no text socket.",
        5_000,
        LANGUAGES,
        can_stitch=False,
        can_stream_input=False,
        can_use_style=True,
        can_do_dialogue=True,
    ),
    Model(
        "eleven_v3_conversational",
        "Eleven v3 Conversational",
        "All languages, for dialogue.",
        5_000,
        LANGUAGES,
        can_stitch=False,
        can_do_dialogue=True,
    ),
    Model("eleven_v4", "Eleven v4", "All languages.", 5_000, LANGUAGES, can_use_style=True, can_do_dialogue=True),
    Model(
        "eleven_v4_turbo",
        "Eleven v4 Turbo",
        "All languages, low latency.",
        5_000,
        LANGUAGES,
        cost_factor=0.5,
        can_do_dialogue=True,
    ),
    Model(
        "eleven_multilingual_v1",
        "Multilingual v1",
        "Kept for older programs.",
        10_000,
        _MULTILINGUAL_V1,
        honours_language_code=False,
    ),
    Model(
        "eleven_monolingual_v1",
        "English v1",
        "Kept for older programs, English only.",
        10_000,
        _ENGLISH,
        reads_phonemes=True,
    ),
    _converting("eleven_english_sts_v2", "English STS v2", "Changes the voice of English speech.", _ENGLISH),
    _converting(
        "eleven_multilingual_sts_v2", "Multilingual STS v2", "Changes the voice of any speech.", _MULTILINGUAL_V2
    ),
    _hearing("scribe_v1", "Scribe v1", "Writes down recordings."),
    _hearing("scribe_v2", "Scribe v2", "Writes down recordings."),
    _hearing("scribe_v2_medical", "Scribe v2 Medical", "Writes down recordings."),
    _hearing("scribe_v3", "Scribe v3", "Writes down recordings."),
    _hearing("scribe_v2_realtime", "Scribe v2 Realtime", "Writes down live speech.", can_hear_live=True),
    _hearing("scribe_v3_live", "Scribe v3 Live", "Writes down live speech.", can_hear_live=True),
)
MODEL_BY_ID: Final[dict[str, Model]] = {model.model_id: model for model in MODELS}
DEFAULT_MODEL_ID: Final = "eleven_multilingual_v2"
DEFAULT_CONVERSION_MODEL_ID: Final = "eleven_english_sts_v2"
