"""What a request may be counted as."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError
from echoless.core.models import MODELS, Model
from echoless.crossing.records import ReserveUnits
from echoless.retention.endpoints import Product
from echoless.vault.intake.counting import checked_model, credits_of

pytestmark = pytest.mark.unit
FORMAT = "mp3_44100_128"
SPEAKING = (Product.TEXT_TO_SPEECH, Product.TEXT_TO_DIALOGUE)


def products_of(model: Model) -> set[Product]:
    """Say under which products a model may be counted."""
    found = set()
    for product in (*SPEAKING, Product.VOICE_CHANGER, Product.SPEECH_TO_TEXT):
        try:
            checked_model(product, ReserveUnits(model.model_id, FORMAT, 0))
        except EcholessError:
            continue
        found.add(product)
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.model_id)
def test_a_model_counts_for_what_it_can_do_and_for_nothing_else(model: Model) -> None:
    expected = set(SPEAKING) if model.can_do_text_to_speech else set()
    expected |= {Product.VOICE_CHANGER} if model.can_do_voice_conversion else set()
    expected |= {Product.SPEECH_TO_TEXT} if model.can_do_speech_to_text else set()
    assert products_of(model) == expected


@pytest.mark.parametrize("model_id", ["eleven_english_sts_v2", "scribe_v1"])
def test_what_is_counted_by_the_minute_has_no_characters(model_id: str) -> None:
    product = Product.VOICE_CHANGER if "sts" in model_id else Product.SPEECH_TO_TEXT
    with pytest.raises(EcholessError):
        checked_model(product, ReserveUnits(model_id, FORMAT, 1))


@pytest.mark.parametrize(
    ("audio_ms", "expected"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (60_000, 60), (36_000_000, 36_000)]
)
def test_a_begun_unit_is_a_whole_one(audio_ms: int, expected: int) -> None:
    assert credits_of("scribe_v1", audio_ms) == expected


def test_models_of_characters_and_none_at_all_count_no_minutes() -> None:
    assert credits_of("eleven_v3", 60_000) == credits_of("", 60_000) == 0
