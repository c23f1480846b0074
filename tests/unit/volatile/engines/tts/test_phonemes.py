"""From the phonemes of dictionaries to the engine's: known ones only, for English only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.content import TextContent
from echoless.volatile.engines.tts.phonemes import engine_phonemes, with_phonemes
from echoless.volatile.speech.ports import PhonemeSpan

pytestmark = pytest.mark.unit


def named(phonemes: str, alphabet: str) -> str | None:
    return engine_phonemes(TextContent(phonemes), alphabet)


def span(start: int, end: int, phonemes: str = "T UW1") -> PhonemeSpan:
    return PhonemeSpan(start, end, TextContent(phonemes), "cmu-arpabet")


@pytest.mark.parametrize(
    ("phonemes", "expected"),
    [
        ("T AH0 M EY1 T OW2", "t@m'eIt,oU"),
        ("t ah0 m aa1 t ow0", "t@m'A:toU"),
        ("HH AH0 L OW1", "h@l'oU"),
        ("B ER1 D", "b'3:d"),
        ("F AA1 DH ER0", "f'A:D3"),
        ("CH IY Z", "tSi:z"),
    ],
)
def test_arpabet_is_read_with_its_stress(phonemes: str, expected: str) -> None:
    assert named(phonemes, "cmu-arpabet") == expected


@pytest.mark.parametrize(
    ("phonemes", "expected"),
    [
        ("t\u0259\u02c8m\u0251\u02d0t\u0259\u028a", "t@m'A:toU"),
        ("/t\u0259\u02c8me\u026at\u0259\u028a/", "t@m'eItoU"),
        ("\u02c8t\u0283i\u02d0z", "tS'i:z"),
        ("\u02ccn\u028ames\u02c8\u03b8\u026a\u014bk", "n,UmEs" + "T'INk"),
        ("\u02c8n\u028a. j\u0254\u02d0k", "n'U||jO:k"),
    ],
)
def test_the_ipas_stress_moves_to_the_vowel(phonemes: str, expected: str) -> None:
    assert named(phonemes, "ipa") == expected


@pytest.mark.parametrize(
    ("phonemes", "alphabet"),
    [("T AH0 XX", "cmu-arpabet"), ("T1", "cmu-arpabet"), ("", "cmu-arpabet"), ("", "ipa"), ("t\u0265", "ipa"),
     ("a]]b", "sampa")],
)  # fmt: skip
def test_what_is_unknown_is_not_spoken_by_phonemes(phonemes: str, alphabet: str) -> None:
    assert named(phonemes, alphabet) is None


@given(text=st.text(max_size=40), alphabet=st.sampled_from(["ipa", "cmu-arpabet"]))
def test_nothing_but_names_of_our_own_reaches_the_engine(text: str, alphabet: str) -> None:
    names = named(text, alphabet)
    assert names is None or set(names) <= set("',:@#|0123456789aAbdDeEfghiIjklmnNoOpPrRsStTuUvVwzZ")


def test_spans_are_put_in_brackets_and_every_character_knows_where_it_came_from() -> None:
    read, origins = with_phonemes(TextContent("go to it"), [span(3, 5)], "en")
    assert read.reveal() == "go [[t'u:]] it"
    assert origins == (0, 1, 2, *[3] * 8, 5, 6, 7)


def test_brackets_of_the_text_itself_open_nothing() -> None:
    read, _ = with_phonemes(TextContent("[[a]] to [[b]]"), [span(6, 8)], "en")
    assert read.reveal() == "((a]] [[t'u:]] ((b]]"


@pytest.mark.parametrize(("phonemes", "language"), [("T UW1", "de"), ("??", "en")])
def test_another_language_or_unknown_phonemes_leave_the_text_alone(phonemes: str, language: str) -> None:
    text = TextContent("go [[to]] it")
    read, origins = with_phonemes(text, [span(5, 7, phonemes)], language)
    assert read is text
    assert origins is None
