"""Queries, bodies and the form of pronunciation dictionaries.

source: the wire contract, text to speech, section 6
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from echoless.crossing.dictionary_records import (
    DESCRIPTION_CHARACTERS_MAX,
    REPLACEMENT_CHARACTERS_MAX,
    RULES_MAX,
    STRING_CHARACTERS_MAX,
)
from echoless.crossing.records import PronunciationRule
from echoless.volatile.gateway.schemas.base import Body, Query

# What XML can hold, since every dictionary can be downloaded as XML, and at least one character that is seen.
_NEVER: Final = r"\x00-\x1f\x7f-\x9f\ufffe\uffff"
_SEEN: Final = rf"^[^{_NEVER}]*[^\s{_NEVER}][^{_NEVER}]*$"
_String = Annotated[str, Field(min_length=1, max_length=STRING_CHARACTERS_MAX, pattern=_SEEN)]
_Replacement = Annotated[str, Field(min_length=1, max_length=REPLACEMENT_CHARACTERS_MAX, pattern=_SEEN)]
_Name = Annotated[str, Field(min_length=1, max_length=256)]
_Description = Annotated[str, Field(max_length=DESCRIPTION_CHARACTERS_MAX)]
_Access = Literal["admin", "editor", "commenter", "viewer"]


class AliasRule(Body):
    """A string that is read as another one."""

    type: Literal["alias"]
    string_to_replace: _String
    alias: _Replacement
    case_sensitive: bool | None = None
    word_boundaries: bool | None = None

    def as_record(self) -> PronunciationRule:
        """Return the rule as it crosses."""
        return PronunciationRule(
            self.string_to_replace,
            alias=self.alias,
            is_case_sensitive=self.case_sensitive is not False,
            has_word_boundaries=self.word_boundaries is not False,
        )


class PhonemeRule(Body):
    """A string that is said by phonemes, by the models that read them."""

    type: Literal["phoneme"]
    string_to_replace: _String
    phoneme: _Replacement
    alphabet: Literal["ipa", "cmu-arpabet"]
    case_sensitive: bool | None = None
    word_boundaries: bool | None = None

    def as_record(self) -> PronunciationRule:
        """Return the rule as it crosses."""
        return PronunciationRule(
            self.string_to_replace,
            phoneme=self.phoneme,
            alphabet=self.alphabet,
            is_case_sensitive=self.case_sensitive is not False,
            has_word_boundaries=self.word_boundaries is not False,
        )


_Rule = Annotated[AliasRule | PhonemeRule, Field(discriminator="type")]
_Rules = Annotated[list[_Rule], Field(max_length=RULES_MAX)]


class CreateDictionaryBody(Body):
    """A new dictionary."""

    name: _Name
    rules: _Rules
    description: _Description | None = None
    workspace_access: _Access | None = None


class DictionaryForm(Body):
    """The fields beside the file of a new dictionary."""

    name: _Name
    description: _Description | None = None
    workspace_access: _Access | None = None


class EditDictionaryBody(Body):
    """Changes to a dictionary; what is absent stays as it is."""

    name: _Name | None = None
    archived: bool | None = None


class RulesBody(Body):
    """Rules of a new version."""

    rules: _Rules


class RuleStringsBody(Body):
    """The strings whose rules go."""

    rule_strings: Annotated[list[str], Field(max_length=RULES_MAX)]


class DictionariesQuery(Query):
    """Query of the list."""

    page_size: int = Field(30, ge=1, le=100)
    cursor: Annotated[str, Field(max_length=64)] | None = None
    sort: Literal["creation_time_unix", "name"] = "creation_time_unix"
    sort_direction: Literal["ascending", "descending", "ASCENDING", "DESCENDING", "asc", "desc"] = "descending"
    include_archived: bool = False
