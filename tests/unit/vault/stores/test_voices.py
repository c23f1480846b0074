"""Which voice an id means."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICES
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.voices import DEFAULT_VOICE_SETTINGS, VoiceBook, checked_settings
from tests.fakes.gateway_double import TurnedClock

pytestmark = pytest.mark.unit
FIRST, SECOND = VOICES[0].catalogue_id, VOICES[1].catalogue_id


def test_the_catalogue_wins_then_the_operator_then_the_configuration(clock: TurnedClock) -> None:
    accounts = Accounts(clock)
    accounts.voice_aliases |= {"alias": FIRST, FIRST: SECOND}
    book = VoiceBook(accounts, {"alias": SECOND, "configured": SECOND}, "error")
    found = {voice_id: book.find(voice_id) for voice_id in (FIRST, "alias", "configured", "unknown", "")}
    assert {voice_id: voice and voice.catalogue_id for voice_id, voice in found.items()} == {
        FIRST: FIRST, "alias": FIRST, "configured": SECOND, "unknown": None, "": None,
    }  # fmt: skip


def test_an_unknown_id_speaks_with_the_voice_that_the_operator_chose(clock: TurnedClock) -> None:
    book = VoiceBook(Accounts(clock), {}, SECOND)
    voice = book.find("anything")
    assert voice is not None
    assert (voice.voice_id, voice.catalogue_id, voice.name) == ("anything", SECOND, VOICES[1].name)
    assert book.find("") is None


@pytest.mark.parametrize(("aliases", "unknown"), [({"a": "nobody"}, "error"), ({}, "nobody")])
def test_a_configuration_that_names_no_voice_is_refused(
    clock: TurnedClock, aliases: dict[str, str], unknown: str
) -> None:
    with pytest.raises(EcholessError) as caught:
        VoiceBook(Accounts(clock), aliases, unknown)
    assert caught.value.code is ErrorCode.CONFIGURATION


def test_stored_settings_lie_over_the_default_ones_and_belong_to_a_workspace(clock: TurnedClock) -> None:
    accounts = Accounts(clock)
    accounts.voice_settings["w", FIRST] = {"speed": 1.5}
    book = VoiceBook(accounts, {}, "error")
    assert book.settings("w", FIRST) == {**DEFAULT_VOICE_SETTINGS, "speed": 1.5}
    assert book.settings("other", FIRST) == dict(DEFAULT_VOICE_SETTINGS)


def test_all_voices_are_the_catalogue_and_the_aliases(clock: TurnedClock) -> None:
    accounts = Accounts(clock)
    accounts.voice_aliases["alias"] = FIRST
    ids = [voice.voice_id for voice in VoiceBook(accounts, {"alias": SECOND, "more": SECOND}, "error").all()]
    assert ids == [*(voice.catalogue_id for voice in VOICES), "alias", "more"]


@pytest.mark.parametrize(
    ("settings", "param"),
    [
        ({"stability": 1.1}, "stability"), ({"stability": True}, "stability"), ({"speed": 0.1}, "speed"),
        ({"use_speaker_boost": 1.0}, "use_speaker_boost"), ({"free text goes here": 1.0}, "voice_settings"),
    ],
)  # fmt: skip
def test_settings_are_known_numbers_in_their_range(settings: dict[str, float | bool], param: str) -> None:
    """T31: no free word of a client becomes the name of a stored setting, nor of an error."""
    with pytest.raises(EcholessError) as caught:
        checked_settings(settings)
    assert caught.value.param == param
    good = {"stability": 0.0, "use_speaker_boost": False, "speed": 4.0}
    assert checked_settings(good) == good
