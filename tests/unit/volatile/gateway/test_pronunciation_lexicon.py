"""PLS files: read whole and safely, written back, and refused without a word of theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.dictionary_records import RULES_MAX
from echoless.crossing.records import PronunciationRule
from echoless.volatile.gateway.pronunciation_lexicon import NAMESPACE, LexiconReader, write_lexicon

pytestmark = pytest.mark.unit
_WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
_RULES = st.lists(
    st.one_of(
        st.builds(PronunciationRule, _WORDS, alias=_WORDS),
        st.builds(PronunciationRule, _WORDS, phoneme=_WORDS, alphabet=st.sampled_from(["ipa", "cmu-arpabet"])),
    ),
    max_size=8,
)


def read(data: bytes, piece_bytes: int = 7) -> list[PronunciationRule]:
    reader = LexiconReader()
    for start in range(0, len(data), piece_bytes):
        reader.feed(data[start : start + piece_bytes])
    return reader.finish()


def lexicon(body: str, attributes: str = 'alphabet="ipa"') -> bytes:
    return f'<?xml version="1.0"?><lexicon version="1.0" xmlns="{NAMESPACE}" {attributes}>{body}</lexicon>'.encode()


def refusal(data: bytes) -> str:
    with pytest.raises(EcholessError) as caught:
        read(data)
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
    assert caught.value.param == "file"
    return caught.value.public_description


@given(rules=_RULES, piece_bytes=st.integers(1, 200))
def test_what_is_written_is_read_again(rules: list[PronunciationRule], piece_bytes: int) -> None:
    assert read(write_lexicon(rules), piece_bytes) == rules


def test_each_grapheme_is_a_rule_and_an_alias_wins_over_phonemes() -> None:
    rules = read(
        lexicon(
            "<metadata><x/></metadata><lexeme role='noun'><grapheme> a \n b</grapheme><grapheme>c</grapheme>"
            "<phoneme>p</phoneme><alias>said</alias><alias>never</alias><example>e</example></lexeme>"
            "<lexeme><grapheme>d</grapheme><phoneme prefer='true'>q</phoneme><phoneme>r</phoneme></lexeme>"
        )
    )
    assert rules == [
        PronunciationRule("a b", alias="said"),
        PronunciationRule("c", alias="said"),
        PronunciationRule("d", phoneme="q", alphabet="ipa"),
    ]


def test_the_alphabet_is_the_phonemes_own_or_the_lexicons() -> None:
    body = "<lexeme><grapheme>d</grapheme><phoneme{}>K</phoneme></lexeme>"
    assert read(lexicon(body.format(""), 'alphabet="CMU-Arpabet"'))[0].alphabet == "cmu-arpabet"
    assert read(lexicon(body.format(' alphabet="cmu"')))[0].alphabet == "cmu-arpabet"
    assert "alphabet" in refusal(lexicon(body.format(' alphabet="x-sampa"')))


def test_a_lexicon_without_a_namespace_is_read_and_foreign_elements_are_passed_over() -> None:
    data = b"<lexicon><o:lexeme xmlns:o='other'><o:grapheme>x</o:grapheme></o:lexeme>"
    data += b"<lexeme><grapheme>a</grapheme><alias>b</alias></lexeme></lexicon>"
    assert read(data) == [PronunciationRule("a", alias="b")]


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    "data",
    [
        b"", b"canary words", b"<lexicon><lexeme>canary", b"\xff\xfe\x00", b"<html>canary</html>",
        lexicon("<lexeme><alias>canary</alias></lexeme>"),
        lexicon("<lexeme><grapheme>canary</grapheme></lexeme>"),
        lexicon("<lexeme><grapheme/><alias>canary</alias></lexeme>"),
        lexicon(f"<lexeme><grapheme>{'canary' * 50}</grapheme><alias>b</alias></lexeme>"),
        lexicon(f"<lexeme><grapheme>canary</grapheme><alias>{'b' * 301}</alias></lexeme>"),
        lexicon("<a>" * 40 + "canary" + "</a>" * 40),
    ],
)  # fmt: skip
def test_what_is_no_lexicon_is_refused_by_its_line_and_nothing_else(data: bytes) -> None:
    assert "canary" not in refusal(data)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE lexicon [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE lexicon SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE lexicon [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE lexicon>",
    ],
)
def test_a_document_type_ends_the_reading(doctype: str) -> None:
    """Nothing is expanded and nothing outside of the file is named."""
    body = "<lexicon><lexeme><grapheme>a</grapheme><alias>&b;&x;</alias></lexeme></lexicon>"
    assert "document type" in refusal(f"{doctype}{body}".encode())


def test_more_rules_than_a_dictionary_has_are_refused() -> None:
    lexeme = "<lexeme><grapheme>a</grapheme><alias>b</alias></lexeme>"
    assert len(read(lexicon(lexeme * 50), 4096)) == 50
    assert str(RULES_MAX) in refusal(lexicon(lexeme * (RULES_MAX + 1)))
