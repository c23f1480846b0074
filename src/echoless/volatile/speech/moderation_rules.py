"""Rules of moderation: which words count as what, and how a text is searched for them.

A rule has phrases: words that stand one after another, whatever stands between them that is no letter or digit. A
word that ends in `*` is a beginning. Upper and lower case, widths and accents written apart are all one, and signs
that nobody sees are passed over. In scripts that part no words a phrase is found wherever it stands.
source: Unicode Standard Annex 15 (NFKC), Unicode 17 chapter 5.18 (caseless matching)
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.moderation import Action, Category, Severity
from echoless.volatile.speech.audio_tags import mask_audio_tags
from echoless.volatile.speech.markup import DROPPED, mask_tags

PHRASE_WORDS_MAX: Final = 12
PHRASE_CHARACTERS_MAX: Final = 200
PHRASES_MAX: Final = 20_000
_PREFIX_MIN: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")
# Thai, Lao, Khmer, and the scripts of East Asia: they part no words.
_UNPARTED: Final = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ACTIONS: Final = {"pass": Action.PASSED, "refuse": Action.REFUSED}
_KEYS: Final = frozenset({"category", "severity", "action", "reads", "phrases"})


class Read(StrEnum):
    """What a rule is applied to: what a client wants spoken, or what was heard in a recording."""

    TEXT = "text"
    TRANSCRIPTS = "transcripts"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    category: Category
    severity: Severity
    action: Action
    phrases: tuple[str, ...] = field(repr=False)
    reads: frozenset[Read] = frozenset({Read.TEXT})


@dataclass(frozen=True, slots=True)
class Match:
    """Where a rule holds: characters [start, end) of the text."""

    rule: Rule
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Phrase:
    words: tuple[str, ...]
    rule: Rule


class RuleBook:
    """Rules, made ready for searching. It remembers nothing of what it has read."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._by_word: dict[str, list[_Phrase]] = {}
        self._by_beginning: dict[str, list[_Phrase]] = {}
        self._anywhere: list[tuple[str, Rule]] = []
        self.longest_phrase = 0
        for rule in rules:
            for phrase in rule.phrases:
                self._add(phrase, rule)

    def matches(self, text: str, read: Read) -> list[Match]:
        """Return where rules hold in a text, as it is written and as it is heard: without its tags.

        Each rule once at its first place after `Match.start`.
        """
        found = self._matches(text, read)
        heard = mask_audio_tags(mask_tags(text))
        if heard != text:
            found += self._matches(heard, read)
        return list(dict.fromkeys(found))

    # --- inner ---

    def _matches(self, text: str, read: Read) -> list[Match]:
        folded, source_of = _folded(text)
        words = [(match[0], match.start(), match.end()) for match in _WORD.finditer(folded)]
        found = [
            Match(phrase.rule, words[index][1], words[index + len(phrase.words) - 1][2])
            for index in range(len(words))
            for phrase in self._beginning_with(words[index][0])
            if read in phrase.rule.reads and _stands(phrase.words, words, index)
        ]
        for needle, rule in self._anywhere:
            if read in rule.reads:
                found += [Match(rule, start, start + len(needle)) for start in _places(folded, needle)]
        return [Match(match.rule, source_of[match.start], source_of[match.end - 1] + 1) for match in found]

    def _add(self, phrase: str, rule: Rule) -> None:
        folded, _ = _folded(phrase)
        self.longest_phrase = max(self.longest_phrase, len(phrase))
        if _UNPARTED.search(folded):
            self._anywhere.append((folded.strip(), rule))
            return
        words = tuple(_words_of(folded))
        first = words[0]
        place = self._by_beginning if first.endswith("*") else self._by_word
        key = first[:_PREFIX_MIN] if first.endswith("*") else first
        place.setdefault(key, []).append(_Phrase(words, rule))

    def _beginning_with(self, word: str) -> Iterator[_Phrase]:
        yield from self._by_word.get(word, ())
        for phrase in self._by_beginning.get(word[:_PREFIX_MIN], ()):
            if word.startswith(phrase.words[0][:-1]):
                yield phrase


def rules_from(text: str) -> tuple[Rule, ...]:
    """Read a file of rules.

    raises: EcholessError(CONFIGURATION) in plain words that say which rule is at fault, never its phrases
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        found = {}
    listed = found.get("rules")
    if set(found) != {"rules"} or not isinstance(listed, list) or not listed:
        raise _fault("a file of rules is TOML with one or more [[rules]]")
    rules = tuple(_rule(entry, number) for number, entry in enumerate(listed, 1))
    if sum(len(rule.phrases) for rule in rules) > PHRASES_MAX:
        raise _fault(f"there are more than {PHRASES_MAX} phrases")
    return rules


def _rule(entry: Any, number: int) -> Rule:
    if not isinstance(entry, Mapping) or not set(entry) <= _KEYS:
        raise _fault(f"rule {number} has a key that is none of {', '.join(sorted(_KEYS))}")
    try:
        rule = Rule(
            Category(str(entry.get("category"))),
            Severity(str(entry.get("severity"))),
            _ACTIONS[entry.get("action", "pass")],
            tuple(entry.get("phrases", ())),
            frozenset(Read(read) for read in entry.get("reads", ["text"])),
        )
        is_whole = bool(rule.phrases) and all(_is_phrase(phrase) for phrase in rule.phrases)
    except (ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise _fault(
            f"rule {number} needs a category, a severity (low, flagged, severe), an action (pass, refuse), and "
            f"phrases of 1 to {PHRASE_WORDS_MAX} words; a beginning* has at least {_PREFIX_MIN} letters"
        )
    return rule


def _is_phrase(phrase: Any) -> bool:
    if not isinstance(phrase, str) or not 0 < len(phrase) <= PHRASE_CHARACTERS_MAX:
        return False
    folded, _ = _folded(phrase)
    if _UNPARTED.search(folded):
        return True
    words = _words_of(folded)
    return 0 < len(words) <= PHRASE_WORDS_MAX and all(
        len(word) > _PREFIX_MIN for word in words if word.endswith("*")
    )


def _words_of(folded: str) -> list[str]:
    return re.findall(r"[^\W_]+\*?", folded)


def _stands(wanted: tuple[str, ...], words: Sequence[tuple[str, int, int]], index: int) -> bool:
    if index + len(wanted) > len(words):
        return False
    pairs = zip(wanted, words[index : index + len(wanted)], strict=True)
    return all(found[0].startswith(word[:-1]) if word.endswith("*") else found[0] == word for word, found in pairs)


def _places(text: str, needle: str) -> Iterator[int]:
    start = text.find(needle)
    while start >= 0:
        yield start
        start = text.find(needle, start + 1)


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Return a text as it is compared, and the index that each character came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    parts: list[str] = []
    source_of: list[int] = []
    # Of this text alone, and gone with this call.
    known: dict[str, str] = {}
    for index, character in enumerate(text):
        folded = known.get(character)
        if folded is None:
            folded = known[character] = _folded_character(character)
        parts.append(folded)
        source_of.extend([index] * len(folded))
    return "".join(parts), source_of


def _folded_character(character: str) -> str:
    """Return a character as it is compared: without accents; formatting and tags inside a word are not seen."""
    if character == DROPPED:
        return ""
    apart = unicodedata.normalize("NFKD", character).casefold()
    return "".join(one for one in apart if unicodedata.category(one) not in {"Mn", "Cf"})


def _fault(words: str) -> EcholessError:
    return EcholessError(ErrorCode.CONFIGURATION, f"the rules of moderation: {words}", param="moderation")
