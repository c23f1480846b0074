"""The texts that are measured: several lengths, languages and kinds, always the same ones.

Sentences of our own making; numbers, dates and abbreviations are among them, since spelling them out is work too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_ENGLISH: Final = "JBFqnCBsd6RMkjVDRZzb"
# Languages are chosen by the voice, so that the bare engine needs no planning to speak them right.
_SENTENCES: Final = {
    "en": (
        "Your appointment is on Tuesday at nine.",
        "The balance of your account is 1,482.50 pounds, and the next payment of 95 pounds is due on 3 March 2027.",
        "Please hold the line; Dr. Okafor will be with you in about 4 minutes.",
        "When the rain had passed, the harbour lay quiet, and the boats that had fled from the wind came back one "
        "after the other, their lamps still lit, their decks still wet.",
        "Call 020 7946 0018 if anything about this message is unclear.",
        "Yes.",
    ),
    "de": (
        "Ihr Termin ist am Dienstag um neun Uhr.",
        "Die Rechnung beträgt 248,90 Euro und ist bis zum 15. Januar zu zahlen.",
    ),
    "fr": (
        "Votre rendez-vous est mardi à neuf heures.",
        "Le train de 18 h 42 a environ 25 minutes de retard.",
    ),
    "es": (
        "Su cita es el martes a las nueve.",
        "El saldo de su cuenta es de 1.204 euros.",
    ),
}
# How many sentences a text has, over and over: mostly short, some long, as in telephone and reading use.
_SENTENCES_PER_TEXT: Final = (1, 2, 1, 4, 2, 1, 8, 3, 1, 2, 16, 1)
_LANGUAGE_TURN: Final = ("en", "en", "de", "en", "fr", "en", "en", "es")
LATENCY_CHARACTERS: Final = 200
LONG_CHARACTERS: Final = 50_000


@dataclass(frozen=True, slots=True)
class BenchText:
    """One text and the voice that speaks it."""

    catalogue_id: str
    language: str
    text: str


def mixed_corpus(voice_by_language: dict[str, str], count: int) -> tuple[BenchText, ...]:
    """Return so many texts, long ones first in the order of work so that no process waits alone at the end.

    voice_by_language: a catalogue id for each language code
    """
    texts = []
    for number in range(count):
        language = _LANGUAGE_TURN[number % len(_LANGUAGE_TURN)]
        sentences = _SENTENCES[language]
        wanted = _SENTENCES_PER_TEXT[number % len(_SENTENCES_PER_TEXT)]
        text = " ".join(sentences[(number + place) % len(sentences)] for place in range(wanted))
        texts.append(BenchText(voice_by_language[language], language, text))
    return tuple(sorted(texts, key=lambda item: -len(item.text)))


def clause_text() -> BenchText:
    """Return one short clause: what a socket is given first."""
    return BenchText(_ENGLISH, "en", _SENTENCES["en"][0])


def english_text(characters: int) -> BenchText:
    """Return an English text of exactly so many characters, cut at the end."""
    sentences = _SENTENCES["en"]
    paragraph = " ".join(sentences) + " "
    return BenchText(_ENGLISH, "en", (paragraph * (characters // len(paragraph) + 1))[:characters])
