"""Bodies, form and query of dictionaries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from echoless.crossing.records import PronunciationRule
from echoless.volatile.gateway.problems import UnprocessableError
from echoless.volatile.gateway.pronunciation_lexicon import LexiconReader, write_lexicon
from echoless.volatile.gateway.schemas.pronunciation_dictionaries import (
    CreateDictionaryBody,
    DictionariesQuery,
    DictionaryForm,
    RulesBody,
)

pytestmark = pytest.mark.unit


def record(**rule: object) -> PronunciationRule:
    (made,) = RulesBody.checked({"rules": [rule]}).rules
    return made.as_record()


def test_rules_match_by_case_and_whole_words_unless_they_say_otherwise() -> None:
    plain = record(type="alias", string_to_replace="a", alias="b", case_sensitive=None)
    assert (plain.is_case_sensitive, plain.has_word_boundaries) == (True, True)
    loose = record(type="phoneme", string_to_replace="a", phoneme="k", alphabet="ipa", case_sensitive=False,
                   word_boundaries=False)  # fmt: skip
    assert (loose.is_case_sensitive, loose.has_word_boundaries) == (False, False)


@given(string=st.text(max_size=20), alias=st.text(max_size=20))
def test_every_rule_that_is_taken_can_be_downloaded(string: str, alias: str) -> None:
    try:
        rule = record(type="alias", string_to_replace=string, alias=alias)
    except UnprocessableError:
        return
    reader = LexiconReader()
    reader.feed(write_lexicon([rule]))
    (read,) = reader.finish()
    assert read.string.split() == string.split()
    assert read.alias.split() == alias.split()


@pytest.mark.parametrize("access", ["admin", "editor", "commenter", "viewer", None])
def test_access_is_one_of_the_known_words(access: str | None) -> None:
    assert DictionaryForm.checked({"name": "n", "workspace_access": access}).workspace_access == access
    with pytest.raises(UnprocessableError):
        CreateDictionaryBody.checked({"name": "n", "rules": [], "workspace_access": "owner"})


def test_pages_are_bounded() -> None:
    assert DictionariesQuery.parse([]).page_size == 30
    for value in ("0", "101", "x"):
        with pytest.raises(UnprocessableError):
            DictionariesQuery.parse([("page_size", value)])
