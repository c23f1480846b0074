"""The catalogue of premade voices is whole, distinct, and speakable by the embedded engine."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import espeakng_loader
import pytest

from echoless.core.languages import LANGUAGES, Language
from echoless.core.voices import DEFAULT_VOICE_ID, VOICE_BY_ID, VOICES, CatalogueVoice

pytestmark = pytest.mark.unit

_DATA = Path(espeakng_loader.get_data_path())
# Ids that programs in the field carry: the defaults of clients, and the ten that a proxy maps other names to.
_KNOWN_IDS = """
21m00Tcm4TlvDq8ikWAM JBFqnCBsd6RMkjVDRZzb EXAVITQu4vr4xnSDxMaL FGY2WhTYpPnrIDTdsKH5 IKne3meq5aSn9XLyUdCD
N2lVS1w4EtoT3dr4eOWO SAz9YHcvj6GT2YYXdXww TX3LPaxmHKxFdv7VOQHJ XB0fDUnXU5powFXDhCwa Xb7hH8MSUJpSbSDYk0k2
XrExE9yKIg1WjnnlVkGX bIHbv24MWmeRgasZH58o cgSgspJ2msm6clMCkdW9 cjVigY5qzO86Huf0OWal iP95p4xoKVk53GoZ742B
nPczCjzI2devNBz1zQrb onwK4e9ZLuTAKqWW03F9 pFZP5JQG7iQjIQuC4Bku pqHfZKP75CvOlQylNhV4 pNInz6obpgDQGcFmaJgB
ErXwobaYiN019PkySvjV IRHApOXLvnW57QJPQH2P hpp4J3VqNfWAUOO0d1Us 5Q0t7uMcjvnagumLfvZi AZnzlk1XvdvUeBnXmlld
D38z5RcWu1voky8WS1ja 2EiwWnXFnvU5JabPnv8n 9BWtsMINqrJLrRacOk9x 29vD33N1CtxCmqQRPOHJ CwhRBWXzGAHq8TQ4Fs17
CYw3kZ02Hs0563khs1Fj
"""


def _engine_languages() -> set[str]:
    return {path.name.lower() for path in (_DATA / "lang").rglob("*") if path.is_file()}


@pytest.mark.parametrize("voice_id", _KNOWN_IDS.split())
def test_well_known_ids_have_a_voice_of_their_own(voice_id: str) -> None:
    assert VOICE_BY_ID[voice_id].catalogue_id == voice_id


def test_ids_are_20_letters_and_digits_and_unique() -> None:
    assert all(re.fullmatch(r"[A-Za-z0-9]{20}", voice.catalogue_id) for voice in VOICES)
    assert len(VOICE_BY_ID) == len(VOICES) >= 20
    assert DEFAULT_VOICE_ID in VOICE_BY_ID


def test_names_are_unique_so_that_a_search_by_exact_name_finds_one() -> None:
    assert [name for name, count in Counter(voice.name for voice in VOICES).items() if count > 1] == []
    assert any(voice.name == "Adam" for voice in VOICES)


def test_no_two_voices_sound_the_same() -> None:
    assert len({(v.engine_name, v.pitch, v.pitch_range) for v in VOICES}) == len(VOICES)


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_the_engine_has_the_files_of_every_voice(voice: CatalogueVoice) -> None:
    base, _, variant = voice.engine_name.partition("+")
    assert base in _engine_languages()
    assert (_DATA / "voices" / "!v" / variant).is_file()
    assert 0 <= voice.pitch <= 99
    assert 0 <= voice.pitch_range <= 99
    assert 80 <= voice.words_per_minute <= 450


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_the_engine_has_the_rules_and_the_dictionary_of_every_language(language: Language) -> None:
    engine_name = language.engine_name
    dictionary = {"nb": "no", "en-us": "en"}.get(engine_name, engine_name)
    assert engine_name in _engine_languages()
    assert (_DATA / f"{dictionary}_dict").is_file()


def test_there_are_several_accents_languages_and_genders() -> None:
    assert len({voice.language for voice in VOICES}) >= 15
    assert len({voice.accent for voice in VOICES if voice.language == "en"}) >= 5
    assert {voice.gender for voice in VOICES} == {"female", "male", "neutral"}


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_every_voice_is_labelled_described_and_introduces_itself(voice: CatalogueVoice) -> None:
    assert set(voice.labels) == {"accent", "descriptive", "age", "gender", "language", "use_case"}
    assert all(voice.labels.values())
    assert "_" not in voice.description
    assert voice.name in voice.preview_text


def test_a_voice_keeps_its_throat_in_another_language() -> None:
    rachel = VOICE_BY_ID["21m00Tcm4TlvDq8ikWAM"]
    assert rachel.engine_name_in("de") == "de+f3"
    assert rachel.engine_name_in("no") == "nb+f3"


def test_a_voice_keeps_its_accent_in_its_own_language() -> None:
    fiona = next(voice for voice in VOICES if voice.accent == "scottish" and voice.gender == "female")
    assert fiona.engine_name_in("en") == fiona.engine_name
    assert fiona.engine_name_in("xx") == fiona.engine_name
