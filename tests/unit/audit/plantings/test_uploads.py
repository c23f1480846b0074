"""A form with a recording has a word of its own in every place that a client fills."""

from __future__ import annotations

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.groundwork import Groundwork
from echoless.audit.plantings.uploads import PLACES, fields_of, form_of, upload

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("is_file_first", [False, True])
def test_every_place_has_a_word_and_the_file_stands_where_it_should(
    mint: CanaryMint, ground: Groundwork, is_file_first: bool
) -> None:
    sound = ground.sounds.sound("kept/it", "wav", is_kept=True)
    form = upload(mint, sound, "file", {"model_id": "m"}, is_file_first=is_file_first)
    sent = form.encoded()
    words = [canary.words[0] for canary in mint.canaries if canary.name.startswith("kept/it/")]
    assert len(words) == len(PLACES)
    assert all(word.encode() in sent or word in form.media_type for word in words)
    assert (form.parts[0].file_name is not None) is is_file_first
    assert sound.data in sent
    assert [canary for canary in mint.where(is_kept=True) if canary.name.startswith("kept/it")] == []


def test_headerless_samples_are_announced(ground: Groundwork) -> None:
    raw = ground.sounds.sound("a", "pcm", is_kept=False)
    wav = ground.sounds.sound("b", "wav", is_kept=False)
    assert [part.name for part in fields_of(raw, {"model_id": "m"})] == ["model_id", "file_format"]
    assert [part.name for part in fields_of(wav, {"model_id": "m"})] == ["model_id"]


def test_what_is_no_recording_can_be_sent_too(mint: CanaryMint) -> None:
    assert b"not a sound" in form_of(mint, "it", "audio", b"not a sound", []).encoded()
