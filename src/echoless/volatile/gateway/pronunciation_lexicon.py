"""Pronunciation lexicons: PLS files to rules and back.

A file comes from anybody, so it is read by expat with every door shut: a document type declaration ends the
reading, hence there are no entities to expand and nothing outside of the file is named. Each grapheme of a lexeme
becomes a rule. Where a lexeme has an alias that is taken, else its first phoneme; what PLS says beside (roles,
examples, metadata) is passed over.
source: W3C Pronunciation Lexicon Specification 1.0, section 4
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.dictionary_records import (
    REPLACEMENT_CHARACTERS_MAX,
    RULES_MAX,
    STRING_CHARACTERS_MAX,
)
from echoless.crossing.records import PronunciationRule

NAMESPACE: Final = "http://www.w3.org/2005/01/pronunciation-lexicon"
# Between namespace and name, as expat is told to put it.
_SEPARATOR: Final = " "
_DEPTH_MAX: Final = 16
_TEXTS: Final = frozenset({"grapheme", "alias", "phoneme"})
_ALPHABETS: Final = {"ipa": "ipa"} | dict.fromkeys(("cmu-arpabet", "cmu", "x-cmu-arpabet"), "cmu-arpabet")
_DEFAULT_ALPHABET: Final = "ipa"


class LexiconReader:
    """Reads one file, piece by piece. `feed` it, then `finish`.

    raises: EcholessError(INVALID_PARAMETERS) for what is no such lexicon; the description says a line, never a word
    """

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR, intern={})
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._take_text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._path: list[str] = []
        self._alphabet = _DEFAULT_ALPHABET
        self._lexeme = _Lexeme()
        self._text: list[str] | None = None
        self._phoneme_alphabet = ""
        self._fault = ""
        self._rules: list[PronunciationRule] = []

    def feed(self, data: bytes) -> None:
        """Read the next piece."""
        self._parse(data, is_last=False)

    def finish(self) -> list[PronunciationRule]:
        """Return the rules, in the order of the file."""
        self._parse(b"", is_last=True)
        return self._rules

    def _parse(self, data: bytes, *, is_last: bool) -> None:
        line = 0
        try:
            self._parser.Parse(data, is_last)
        except expat.ExpatError as error:
            line = error.lineno
        if line and not self._fault:
            self._fault = f"The file is not well-formed XML (line {line})."
        if self._fault:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, self._fault, param="file")

    # --- what the parser calls ---

    def _refuse_doctype(self, *_: object) -> None:
        self._stop("A document type declaration is not allowed.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, name = tag.rpartition(_SEPARATOR)
        name = name if namespace in {"", NAMESPACE} else "?"
        if self._fault:
            return
        if (not self._path and name != "lexicon") or len(self._path) >= _DEPTH_MAX:
            self._stop("The file is no pronunciation lexicon.")
            return
        self._path.append(name)
        if name == "lexicon":
            self._alphabet = self._known_alphabet(attributes.get("alphabet", _DEFAULT_ALPHABET))
        elif name == "lexeme":
            self._lexeme = _Lexeme()
        elif name in _TEXTS and self._path[-2:-1] == ["lexeme"]:
            self._text = []
            wanted = attributes.get("alphabet")
            self._phoneme_alphabet = self._alphabet if wanted is None else self._known_alphabet(wanted)

    def _take_text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def _end(self, _tag: str) -> None:
        if self._fault or not self._path:
            return
        name = self._path.pop()
        if self._text is not None and name in _TEXTS:
            self._lexeme.take(name, " ".join("".join(self._text).split()), self._phoneme_alphabet)
            self._text = None
        elif name == "lexeme":
            self._finish_lexeme()

    # --- inner ---

    def _finish_lexeme(self) -> None:
        rules = list(self._lexeme.rules())
        if not rules:
            self._stop("A lexeme has no grapheme, or neither alias nor phoneme, or one that is too long.")
        elif len(self._rules) + len(rules) > RULES_MAX:
            self._stop(f"The lexicon has more than {RULES_MAX} rules.")
        else:
            self._rules += rules

    def _known_alphabet(self, name: str) -> str:
        known = _ALPHABETS.get(name.lower())
        if known is None:
            self._stop("The alphabet of phonemes must be ipa or cmu-arpabet.")
        return known or _DEFAULT_ALPHABET

    def _stop(self, fault: str) -> None:
        """Read nothing more of this file."""
        self._fault = self._fault or f"{fault} (line {self._parser.CurrentLineNumber})"
        self._text = None


class _Lexeme:
    """What one lexeme says."""

    __slots__ = ("_alias", "_alphabet", "_graphemes", "_phoneme")

    def __init__(self) -> None:
        self._graphemes: list[str] = []
        self._alias = self._phoneme = self._alphabet = ""

    def take(self, name: str, text: str, alphabet: str) -> None:
        if name == "grapheme":
            self._graphemes.append(text)
        elif name == "alias":
            self._alias = self._alias or text
        elif not self._phoneme:
            self._phoneme, self._alphabet = text, alphabet

    def rules(self) -> Iterator[PronunciationRule]:
        """Yield a rule for each grapheme, or nothing where one of them may not be."""
        said = self._alias or self._phoneme
        is_good = 0 < len(said) <= REPLACEMENT_CHARACTERS_MAX and all(
            0 < len(grapheme) <= STRING_CHARACTERS_MAX for grapheme in self._graphemes
        )
        for grapheme in self._graphemes if is_good else ():
            if self._alias:
                yield PronunciationRule(grapheme, alias=self._alias)
            else:
                yield PronunciationRule(grapheme, phoneme=self._phoneme, alphabet=self._alphabet)


def write_lexicon(rules: Sequence[PronunciationRule]) -> bytes:
    """Return a PLS file of rules. What PLS cannot say of a rule (case, word boundaries) is left out."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<lexicon version="1.0" xmlns="{NAMESPACE}" alphabet="{_DEFAULT_ALPHABET}" xml:lang="und">',
        *(_lexeme_lines(rule) for rule in rules),
        "</lexicon>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _lexeme_lines(rule: PronunciationRule) -> str:
    if rule.alias:
        said = f"<alias>{escape(rule.alias)}</alias>"
    else:
        said = f"<phoneme alphabet={quoteattr(rule.alphabet)}>{escape(rule.phoneme)}</phoneme>"
    return f"  <lexeme>\n    <grapheme>{escape(rule.string)}</grapheme>\n    {said}\n  </lexeme>"
