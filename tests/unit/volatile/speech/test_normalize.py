"""What is written in digits is said in words, and each spoken character knows where it came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from echoless.core.content import TextContent
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.language_words import LANGUAGE_WORDS
from echoless.volatile.speech.mapped_text import MappedText, identity
from echoless.volatile.speech.normalize import NumberSpeller, load_spellers
from echoless.volatile.speech.ports import TextOptions

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def spellers() -> dict[str, NumberSpeller]:
    return load_spellers()


def _said(speller: NumberSpeller, text: str) -> str:
    return speller(identity(text, 0, len(text))).text


_ENGLISH = """
3 apples and 21 pears => three apples and twenty-one pears
It was 1984, then 2005. => It was nineteen eighty-four, then two thousand five.
1990-1995 => nineteen ninety to nineteen ninety-five
the 1980s and the 90s => the nineteen eighties and the nineties
1,234,567.89 => one million two hundred thirty-four thousand five hundred sixty-seven point eight nine
-5 or \u22123.14 => minus five or minus three point one four
0.05 => zero point zero five
$5.20 => five dollars and twenty cents
$1 and $0.50 and -$3 => one dollar and fifty cents and minus three dollars
$1.5 million, £3bn => one point five million dollars, three billion pounds
$5-$10 => five to ten dollars
20€ or 20 € => twenty euros or twenty euros
50% of 3.5% => fifty percent of three point five percent
1st 2nd 3rd 21st 100th => first second third twenty-first one hundredth
2024-03-05 => March fifth, twenty twenty-four
03/05/2024 => March fifth, twenty twenty-four
25/12/2024 => December twenty-fifth, twenty twenty-four
2024-03-05T14:30:00Z => March fifth, twenty twenty-four, fourteen thirty
March 3, 2024. => March third, twenty twenty-four.
Sept. 5, 2023 => September fifth, twenty twenty-three
3rd March 2024 => the third of March, twenty twenty-four
May 5 => May fifth
at 3:05 pm => at three oh five P M
3pm, 3:00, 15:30, 15:00 => three P M, three o'clock, fifteen thirty, fifteen hundred
10:30:45 => ten thirty forty-five
555-1234 => five five five, one two three four
+1 (555) 123-4567 => one, five five five, one two three, four five six seven
5 km, 1 kg, 60 mph, 20°C => five kilometers, one kilogram, sixty miles per hour, twenty degrees Celsius
5-10 km and 10\u201320% => five to ten kilometers and ten to twenty percent
1/2, 3/4, 2 1/2, 2½, 7/16 => one half, three quarters, two and one half, two and one half, seven over sixteen
1.2.3 => one point two point three
007 => zero zero seven
1234567890123456 => one two three four five six seven eight nine zero one two three four five six
(7) and (+5) => (seven) and (+five)
A4, MP3, COVID-19, v1.2 => A4, MP3, COVID-19, v1.2
99/99/9999 2024-13-45 25:61 1/2/3/4 => 99/99/9999 2024-13-45 25:61 1/2/3/4
\u0663 and \u00b3 => \u0663 and \u00b3
"""
_OTHERS = """
de Am 3. Mai 2024 um 15:30 Uhr => Am dritten Mai zweitausendvierundzwanzig um fünfzehn Uhr dreißig
de 3. Mai => dritter Mai
de 03.05.2024 => dritter Mai zweitausendvierundzwanzig
de 1.234,5 und 1984 => eintausendzweihundertvierunddreißig Komma fünf und neunzehnhundertvierundachtzig
de 1 €, 5,20 €, 3,5 % => ein Euro, fünf Euro zwanzig, drei Komma fünf Prozent
de 1 kWh, 5-10 km, 1/2 => eine Kilowattstunde, fünf bis zehn Kilometer, ein halb
fr 21 ans, 1 234,50 € => vingt-et-un ans, mille deux cent trente-quatre euros cinquante
fr 15h30, 1er, 1re, 2e => quinze heures trente, premier, première, deuxième
fr 3,14 et 80% => trois virgule quatorze et quatre-vingts pour cent
fr 01/05/2024 => premier mai deux mille vingt-quatre
fr 06 12 34 56 78 => zéro six, un deux, trois quatre, cinq six, sept huit
es 21 €, 1.234,50 € => veintiún euros, mil doscientos treinta y cuatro euros con cincuenta
es 1º, 3ª, 1,5 kg => primero, tercera, uno coma cinco kilogramos
es 1/5/2024 => primero de mayo de dos mil veinticuatro
it 5,20 €, 15:30, 3º => cinque euro e venti, quindici e trenta, terzo
pt R$ 5,20, 2 £, 3ª => cinco reais e vinte, duas libras, terceira
nl € 5,20, 1984, 3e => vijf euro twintig, negentienvierentachtig, derde
pl 1 zł, 2 zł, 5 zł, 5,20 zł => jeden złoty, dwa złote, pięć złotych, pięć złotych dwadzieścia groszy
pl 1,5 kg, -5 => jeden przecinek pięć kilograma, minus pięć
"""


def _table(rows: str) -> list[tuple[str, str]]:
    pairs = (row.split(" => ") for row in rows.strip().splitlines())
    return [(written, said) for written, said in pairs]


@pytest.mark.parametrize(("written", "said"), _table(_ENGLISH))
def test_english_is_read_aloud(spellers: dict[str, NumberSpeller], written: str, said: str) -> None:
    assert _said(spellers["en"], written) == said


@pytest.mark.parametrize(("row", "said"), _table(_OTHERS))
def test_other_languages_are_read_aloud(spellers: dict[str, NumberSpeller], row: str, said: str) -> None:
    language, _, written = row.partition(" ")
    assert _said(spellers[language], written) == said


def test_text_without_digits_is_handed_back_before_any_rule_is_tried() -> None:
    speller = NumberSpeller("en")
    del speller._rules
    mapped = identity("Nothing to count here, $ and % included.", 0, 40)
    assert speller(mapped) is mapped


def test_each_spoken_word_maps_to_what_was_written(spellers: dict[str, NumberSpeller]) -> None:
    text = "It weighs 5 kg on May 3, 2024 here"
    mapped = spellers["en"](identity(text, 0, len(text)))
    assert mapped.text == "It weighs five kilograms on May third, twenty twenty-four here"
    words = mapped.text.replace(",", "").split()
    origin = {word: text[mapped.source_of[mapped.text.index(word)] :] for word in words}
    assert origin["five"].startswith("5 kg")
    assert origin["kilograms"].startswith("kg on")
    assert origin["May"].startswith("May 3")
    assert origin["third"].startswith("3, 2024")
    assert origin["here"] == "here"


_FRAGMENTS = st.sampled_from(
    [*"0123456789", "1984", "12", "1,000", ".", ",", ":", "-", "/", " ", "$", "€", "£", "%", "(", ")", "+", "½",
     "¾", " km", "°C", "st", "th", "º", "May ", "Mai", " pm", "h", "zł", "R$", "\u2013", "\u00a0", "00", "s", "'",
     "\u0663", "99999999999999999999", "A", "é", "😀", "\u2212"]
)  # fmt: skip
_NUMBERISH = st.one_of(st.lists(_FRAGMENTS, max_size=25).map("".join), st.text(max_size=60))


@settings(max_examples=400, deadline=None)
@given(text=_NUMBERISH, language=st.sampled_from(sorted(LANGUAGE_WORDS)), offset=st.integers(0, 1_000))
def test_any_text_is_spelled_with_an_ordered_map_within_it(
    spellers: dict[str, NumberSpeller], text: str, language: str, offset: int
) -> None:
    mapped = spellers[language](MappedText(text, range(offset, offset + len(text))))
    assert len(mapped.source_of) == len(mapped.text)
    assert list(mapped.source_of) == sorted(mapped.source_of)
    assert all(offset <= index < offset + len(text) for index in mapped.source_of)


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet=st.characters(categories=["L", "P", "Zs"]), max_size=100))
def test_spelling_is_the_identity_without_digits_in_every_language(
    spellers: dict[str, NumberSpeller], text: str
) -> None:
    assert all(_said(speller, text) == text for speller in spellers.values())


@settings(max_examples=200, deadline=None)
@given(number=st.integers(0, 10**15 - 1), language=st.sampled_from(sorted(LANGUAGE_WORDS)))
def test_every_whole_number_becomes_words_in_every_language(
    spellers: dict[str, NumberSpeller], number: int, language: str
) -> None:
    said = _said(spellers[language], str(number))
    assert not any(char.isdigit() for char in said)
    assert said


def test_the_planner_spells_out_by_language_and_only_when_asked(spellers: dict[str, NumberSpeller]) -> None:
    planner = TextPlanner(spellers)
    text = TextContent("On 3 May 21 came.")

    def spoken(options: TextOptions) -> str:
        return "".join(utterance.spoken.reveal() for utterance in planner(text, options))

    assert spoken(TextOptions("en")) == "On the third of May twenty-one came."
    assert spoken(TextOptions("en", spells_out=False)) == "On 3 May 21 came."
    assert spoken(TextOptions("fi")) == "On 3 May 21 came."


def test_the_documentation_lists_the_languages() -> None:
    page = (Path(__file__).parents[4] / "docs/ENGINES.md").read_text()
    listed = re.findall(r"^\| ([a-z]{2}) \|", page, re.MULTILINE)
    assert listed == sorted(LANGUAGE_WORDS)
