"""Judgements of an OpenAI-compatible moderation endpoint, in our own words.

Only what it flags is read, never what it says besides; a category that we have no word for is `other`.
source: OpenAI API reference, moderations: create
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec

from echoless.core.moderation import Category
from echoless.volatile.egress.connections import NoAnswerError

ANSWER_BYTES_MAX: Final = 1024 * 1024
_CATEGORIES: Final[Mapping[str, Category]] = {
    "harassment": Category.HARASSMENT,
    "hate": Category.HATE,
    "illicit": Category.ILLICIT,
    "self-harm": Category.SELF_HARM,
    "sexual": Category.SEXUAL,
    "sexual/minors": Category.SEXUAL_MINORS,
    "violence": Category.VIOLENCE,
}


class _Result(msgspec.Struct, frozen=True):
    flagged: bool
    categories: dict[str, bool | None]


class _Answer(msgspec.Struct, frozen=True):
    results: Annotated[list[_Result], msgspec.Meta(min_length=1, max_length=64)]


def flagged_of(answer: bytes) -> list[Category]:
    """Return what an answer flags, each category once.

    raises: NoAnswerError for an answer that is none: an unreadable judgement is not one of innocence
    """
    try:
        results = msgspec.json.decode(answer, type=_Answer).results
    except (msgspec.DecodeError, msgspec.ValidationError):
        results = []
    if not results:
        raise NoAnswerError
    found: dict[Category, None] = {}
    for result in results:
        named = [_category(name) for name, is_flagged in result.categories.items() if is_flagged]
        # A result may be flagged without a category; then it is flagged all the same.
        found |= dict.fromkeys(named or ([Category.OTHER] if result.flagged else []))
    return list(found)


def _category(name: str) -> Category:
    return _CATEGORIES.get(name) or _CATEGORIES.get(name.partition("/")[0], Category.OTHER)
