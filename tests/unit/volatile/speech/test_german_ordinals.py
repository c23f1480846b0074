"""German ordinals: recognised by what stands around them, declined, and no end of a sentence."""

from __future__ import annotations

import pytest

from echoless.core.content import TextContent
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.german_ordinals import form_before, joins, ordinal_form
from echoless.volatile.speech.normalize import NumberSpeller
from echoless.volatile.speech.ports import TextOptions

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def planner() -> TextPlanner:
    return TextPlanner({"de": NumberSpeller("de")})


def said(planner: TextPlanner, text: str) -> list[str]:
    return [utterance.spoken.reveal() for utterance in planner(TextContent(text), TextOptions("de"))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Am 3. Mai kam sie.", ["Am dritten Mai kam sie."]),
        ("Der 3. Mai war schön.", ["Der dritte Mai war schön."]),
        ("3. Mai", ["dritter Mai"]),
        ("Vom 3. bis 5. Mai", ["Vom dritten bis fünften Mai"]),
        ("am 3. und 5. Mai", ["am dritten und fünften Mai"]),
        ("am 3.5. um acht", ["am dritten Mai um acht"]),
        ("am 3.5.2024", ["am dritten Mai zweitausendvierundzwanzig"]),
        ("3.5.2024", ["dritter Mai zweitausendvierundzwanzig"]),
        ("Der 2. Weltkrieg begann.", ["Der zweite Weltkrieg begann."]),
        ("in der 3. Klasse", ["in der dritten Klasse"]),
        ("die 1. Halbzeit", ["die erste Halbzeit"]),
        ("im 19. Jahrhundert", ["im neunzehnten Jahrhundert"]),
        ("das 1. Kind", ["das erste Kind"]),
        ("ein 2. Versuch", ["ein zweiter Versuch"]),
        ("sein 2. Buch", ["sein zweites Buch"]),
        ("auf 3. Platz", ["auf drittem Platz"]),
        ("in 5. Auflage", ["in fünfter Auflage"]),
        ("die 3. industrielle Revolution", ["die dritte industrielle Revolution"]),
    ],
)
def test_ordinals_are_said_in_one_piece_and_agree(planner: TextPlanner, text: str, expected: list[str]) -> None:
    assert said(planner, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Er ist 3. Mehr nicht.", ["Er ist drei. ", "Mehr nicht."]),
        ("Ich nehme die 3. Dann gehe ich.", ["Ich nehme die drei. ", "Dann gehe ich."]),
        ("Es waren 45. Mai und Juni kamen.", ["Es waren fünfundvierzig. ", "Mai und Juni kamen."]),
    ],
)
def test_a_number_at_the_end_of_a_sentence_stays_one(planner: TextPlanner, text: str, expected: list[str]) -> None:
    assert said(planner, text) == expected


def test_the_first_piece_is_not_cut_behind_an_ordinal() -> None:
    text = "Das alles geschah ganz plötzlich am 8. Mai und danach noch einmal, so wie damals."
    options = TextOptions("de", first_chars_max=40)
    pieces = [utterance.spoken.reveal() for utterance in TextPlanner({})(TextContent(text), options)]
    assert not any(piece.rstrip().endswith("8.") for piece in pieces)


def test_a_line_break_behind_a_number_ends_the_piece() -> None:
    assert not joins("am 3.\nMai", 6)
    assert joins("am 3. Mai", 6)


def test_forms_follow_the_word_before_and_the_gender() -> None:
    assert form_before(["in", "der"], "Reihe") == "ordinal-n"
    assert form_before(["der"], "Sitzung") == "ordinal-n"
    assert form_before(["der"], "Tag") == "ordinal-e"
    assert form_before([], "Kapitel") == "ordinal-s"
    assert ordinal_form("3. Haus", 0, 1) is None
