"""Records of pronunciation dictionaries: retained configuration of a workspace, made and changed like its voices.

A generation may use one, in either mode: it names it by id, is given its rules, and leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, PronunciationRule, Record

RULES_MAX: Final = 4_000
RULES_BYTES_MAX: Final = 512 * 1024
STRING_CHARACTERS_MAX: Final = 200
REPLACEMENT_CHARACTERS_MAX: Final = 300
LOCATORS_MAX: Final = 3
_OVERHEAD_BYTES: Final = 6
DESCRIPTION_CHARACTERS_MAX: Final = 1_000

DictionaryId = Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[A-Za-z0-9]*\Z")]
"""20 letters and digits of ours: there is no room for anything else. An empty version is the latest one."""
_Rules = Annotated[list[PronunciationRule], msgspec.Meta(max_length=RULES_MAX)]
_Strings = Annotated[list[str], msgspec.Meta(max_length=RULES_MAX)]
_Description = Annotated[str, msgspec.Meta(max_length=DESCRIPTION_CHARACTERS_MAX)]


class CreateDictionary(Record, frozen=True):
    """Makes a dictionary with its first version. Answered by DictionaryView or Refused.

    access: what others of the workspace may do with it: `admin`, `editor`, `commenter`, `viewer`, or empty
    """

    KIND: ClassVar[int] = 170
    name: Name
    description: _Description
    access: Code
    rules: _Rules


class GetDictionary(Record, frozen=True):
    """Asks for one dictionary. Answered by DictionaryView or Refused."""

    KIND: ClassVar[int] = 171
    dictionary_id: DictionaryId


class ListDictionaries(Record, frozen=True):
    """Asks for a page. Answered by DictionaryPage or Refused.

    cursor: the last id of the page before, or empty
    """

    KIND: ClassVar[int] = 172
    page_size: Count
    cursor: DictionaryId
    is_by_name: bool
    is_ascending: bool
    includes_archived: bool


class EditDictionary(Record, frozen=True):
    """Changes name or state; None leaves it as it is. Answered by DictionaryView or Refused."""

    KIND: ClassVar[int] = 173
    dictionary_id: DictionaryId
    name: Name | None
    is_archived: bool | None


class SetRules(Record, frozen=True):
    """Makes a version with these rules and no others. Answered by DictionaryVersion or Refused."""

    KIND: ClassVar[int] = 174
    dictionary_id: DictionaryId
    rules: _Rules


class AddRules(Record, frozen=True):
    """Makes a version with these rules added; one for the same string is replaced in its place. Answered alike."""

    KIND: ClassVar[int] = 175
    dictionary_id: DictionaryId
    rules: _Rules


class RemoveRules(Record, frozen=True):
    """Makes a version without the rules for these strings. Answered alike."""

    KIND: ClassVar[int] = 176
    dictionary_id: DictionaryId
    strings: _Strings


class ReadRules(Record, frozen=True):
    """Asks for the rules of a version. Answered by DictionaryRules or Refused."""

    KIND: ClassVar[int] = 177
    dictionary_id: DictionaryId
    version_id: DictionaryId = ""


class UseDictionary(Record, frozen=True):
    """(1) Asks, for a generation, for the rules of a version. Answered by DictionaryRules or Refused."""

    KIND: ClassVar[int] = 178
    dictionary_id: DictionaryId
    version_id: DictionaryId = ""


class DictionaryView(Record, frozen=True):
    """A dictionary without its rules. Content.

    archived_unix: 0 where it is not
    """

    KIND: ClassVar[int] = 180
    IS_CONTENT: ClassVar[bool] = True
    dictionary_id: Code
    name: Name
    description: str
    access: Code
    created_by: Code
    created_unix: Count
    archived_unix: Count
    version_id: Code
    rule_count: Count


class DictionaryPage(Record, frozen=True):
    """A page of dictionaries. Content.

    next_cursor: empty on the last page
    """

    KIND: ClassVar[int] = 181
    IS_CONTENT: ClassVar[bool] = True
    dictionaries: list[DictionaryView]
    next_cursor: Code


class DictionaryVersion(Record, frozen=True):
    """The version that a change made."""

    KIND: ClassVar[int] = 182
    dictionary_id: Code
    version_id: Code
    rule_count: Count


class DictionaryRules(Record, frozen=True):
    """The rules of one version, in their order. Content."""

    KIND: ClassVar[int] = 183
    IS_CONTENT: ClassVar[bool] = True
    version_id: Code
    rules: list[PronunciationRule]


def rules_bytes(rules: Sequence[PronunciationRule]) -> int:
    """Return how many bytes rules have in a frame at most; both sides refuse more than RULES_BYTES_MAX."""
    return sum(
        len(word.encode("utf-8", "surrogatepass")) + _OVERHEAD_BYTES
        for rule in rules
        for word in (rule.string, rule.alias, rule.phoneme, rule.alphabet)
    )


DICTIONARY_RECORDS: Final[tuple[type[Record], ...]] = (
    CreateDictionary, GetDictionary, ListDictionaries, EditDictionary, SetRules, AddRules, RemoveRules, ReadRules,
    UseDictionary, DictionaryView, DictionaryPage, DictionaryVersion, DictionaryRules,
)  # fmt: skip
"""From a gateway to the vault, and back."""
DICTIONARY_QUESTIONS: Final[tuple[type[Record], ...]] = (
    CreateDictionary, GetDictionary, ListDictionaries, EditDictionary, SetRules, AddRules, RemoveRules, ReadRules,
)  # fmt: skip
"""Those of the dictionaries' own routes."""
