"""From a job's words to the engine's."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.voices import VOICE_BY_ID
from echoless.crossing.records import PronunciationRule
from echoless.volatile.engines.host.voicing import delivery_in, rules_of, speak_utterance, speaker_of
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.speech.ports import Delivery, Manner, Utterance

pytestmark = pytest.mark.unit
RACHEL, GEORGE = "21m00Tcm4TlvDq8ikWAM", "JBFqnCBsd6RMkjVDRZzb"


def test_a_speaker_has_the_voice_its_settings_and_its_whisper() -> None:
    speaker = speaker_of(RACHEL, "", {"speed": 1.5, "stability": 0.2, "similarity_boost": 1.0}, 7)
    assert speaker.voice.engine_name == VOICE_BY_ID[RACHEL].engine_name
    assert speaker.whispering.engine_name == "en-us+whisperf"
    assert speaker_of(GEORGE, "", {}, None).whispering.engine_name == "en+whisper"
    assert speaker.delivery == Delivery(speed=1.5, stability=0.2, seed=7)


def test_another_language_keeps_the_throat_and_whispers_in_that_language() -> None:
    speaker = speaker_of(RACHEL, "de", {}, None)
    assert (speaker.language, speaker.voice.engine_name) == ("de", "de+f3")
    assert speaker.whispering.engine_name == "de+whisperf"


def test_an_unknown_voice_is_refused() -> None:
    with pytest.raises(EcholessError) as caught:
        speaker_of("nobody", "", {}, None)
    assert caught.value.code is ErrorCode.VOICE_NOT_FOUND


def test_a_manner_changes_the_delivery_within_bounds() -> None:
    changed = delivery_in(Delivery(speed=2.0, style=0.4), Manner(speed=0.5, pitch_steps=7, range_factor=1.2))
    assert changed == Delivery(speed=1.0, style=0.4, pitch_steps=7, range_factor=1.2)
    assert delivery_in(Delivery(speed=4.0), Manner(speed=3.0)).speed == 5.0
    assert delivery_in(Delivery(speed=0.25), Manner(speed=0.3)).speed == 0.2


def test_whispers_are_spoken_by_the_whispering_voice_and_nothing_by_nobody() -> None:
    names: list[str] = []

    class Noting(ToneEngine):
        def speak(self, utterance, voice, delivery, on_samples=None):  # type: ignore[no-untyped-def]  # notes one name
            names.append(voice.engine_name)
            return super().speak(utterance, voice, delivery, on_samples)

    speaker = speaker_of(RACHEL, "", {}, None)
    for manner in (Manner(), Manner(is_whispered=True)):
        speak_utterance(Noting(), Utterance(0, 1, TextContent("a"), (0,), manner=manner), speaker)
    assert names == ["en-us+f3", "en-us+whisperf"]
    silent = speak_utterance(Noting(), Utterance(0, 1, TextContent(""), ()), speaker)
    assert (silent.pcm.reveal(), silent.marks, len(names)) == (AudioContent(b"").reveal(), (), 2)


def test_rules_cross_into_the_flow_unchanged() -> None:
    (alias, phoneme) = rules_of(
        [
            PronunciationRule("a", alias="b", is_case_sensitive=False),
            PronunciationRule("c", phoneme="k", alphabet="ipa"),
        ]
    )
    assert (alias.string, alias.alias, alias.is_case_sensitive, alias.has_word_boundaries) == (
        "a",
        "b",
        False,
        True,
    )
    assert (phoneme.string, phoneme.phoneme, phoneme.alphabet) == ("c", "k", "ipa")


def test_an_engine_of_few_languages_is_asked_for_one_of_them() -> None:
    """The voice's own where it is one of them, else the first; and what was asked for where that is one."""
    assert speaker_of(RACHEL, "", {}, None, ("de", "en")).language == "en"
    assert speaker_of(RACHEL, "", {}, None, ("de", "fr")).language == "de"
    assert speaker_of(RACHEL, "fr", {}, None, ("de", "fr")).language == "fr"
    assert speaker_of(RACHEL, "es", {}, None, ("de", "fr")).language == "de"


def test_each_voice_has_a_place_of_its_own() -> None:
    places = [speaker_of(voice_id, "", {}, None).voice.ordinal for voice_id in VOICE_BY_ID]
    assert places == list(range(len(VOICE_BY_ID)))
