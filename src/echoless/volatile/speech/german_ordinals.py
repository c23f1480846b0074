"""German ordinals: "am 3. Mai", "der 2. Weltkrieg", "im 19. Jahrhundert". The dot is no end of a sentence there.

A number with a dot is an ordinal before a month, before a noun that is usually numbered, and between an article and
a word that opens no sentence. Its ending follows from the word before and the gender of the noun.
source: Duden, Die Grammatik: declension of adjectives, strong and weak
"""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONTHS: Final = _words(
    """
    Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
    """
)
# Nouns that are numbered without an article too.
_MASCULINE: Final = _words(
    """
    Weltkrieg Platz Rang Tag Monat Stock Teil Akt Satz Advent Geburtstag Jahrestag Spieltag Versuch Artikel
    Absatz Abschnitt Band Bezirk Gang Grad Lauf Sonntag Samstag Montag Schritt Durchgang Wahlgang Senat Zug
    """
)
_FEMININE: Final = _words(
    """
    Klasse Liga Bundesliga Woche Stunde Minute Auflage Ausgabe Etage Halbzeit Runde Reihe Hälfte Stelle
    Seite Staffel Folge Person Phase Stufe Generation Division Armee Ebene Strophe Sinfonie Symphonie
    Novelle Welle
    """
)
_NEUTER: Final = _words(
    """
    Jahrhundert Jahrtausend Jahrzehnt Jahr Lebensjahr Quartal Halbjahr Semester Kapitel Obergeschoss
    Untergeschoss Geschoss Stockwerk Mal Buch Kind Tor Spiel Drittel Viertel Album Gebot Reich Gesetz
    Lehrjahr Schuljahr
    """
)
_FEMININE_ENDINGS: Final = ("ung", "heit", "keit", "schaft", "tion", "sion", "tät", "ei", "ie", "enz", "anz", "e")
_NEUTER_ENDINGS: Final = ("chen", "lein", "ment", "tum")

_WEAK_N: Final = _words(
    """
    am im vom zum beim zur dem den des einem einen eines einer diesem diesen jedem jeden jenem jenen meinem
    meinen meines meiner deinem deinen seinem seinen seines seiner ihrem ihren ihres ihrer unserem unseren
    unserer keinem keinen keiner bis ab seit
    """
)
_WEAK_E: Final = _words(
    """
    die das ins ans aufs fürs diese dieses jede jedes jene jenes eine meine deine seine ihre unsere keine
    """
)
_BY_GENDER: Final = _words("der dieser jeder jener welcher")
_STRONG: Final = _words("ein kein mein dein sein ihr unser euer")
_PREPOSITIONS: Final = _words(
    """
    in an auf mit nach bei von aus vor zu zwischen über unter hinter neben während wegen trotz gegenüber
    """
)
_LINKS: Final = frozenset({"und", "oder", "bis", "-", "\u2013"})
_OPENERS: Final = _words(
    """
    Aber Alle Alles Als Also Am An Auch Auf Aus Bei Bis Bitte Da Damit Danach Dann Darum Das Daß Dass Davor
    Dazu Dem Den Denn Der Deshalb Die Dies Diese Dieser Dieses Doch Dort Du Ein Eine Einer Er Erst Es Für
    Heute Hier Ich Ihr Im In Ist Ja Jede Jeder Jedes Jetzt Kein Keine Man Mein Meine Mit Morgen Nach Nein
    Noch Nun Nur Ob Oder Ohne Seit Sie So Trotzdem Um Und Unser Unsere Von Vor Wann Warum Was Weil Wenn Wer
    Wie Wir Wo Zu Zum Zur
    """
)
_DAYS: Final = range(1, 32)
_BEFORE_CHARS: Final = 48
_WORDS: Final = re.compile(r"[^\W_]+|[-\u2013]|[,;:.!?]")
_AFTER: Final = re.compile(r"[ \u00a0\u202f]{0,2}([^\W\d_]+)")
_LINKED: Final = re.compile(r"[ \u00a0\u202f]?(?:bis|und|oder|[-\u2013])[ \u00a0\u202f]?(?:zum[ ])?[0-9]{1,2}\.")
_NUMBER: Final = re.compile(r"(?<![\w.,:/])[0-9]{1,3}\.$")
_NUMBER_CHARS: Final = 5


def ordinal_form(text: str, start: int, end: int) -> str | None:
    """Return the form of the number in the characters [start, end), a dot follows, or None where it is no ordinal.

    returns: `ordinal-n` (dritten), `ordinal-e` (dritte), `ordinal-r` (dritter), `ordinal-s` (drittes), `ordinal-em`
             (drittem)
    """
    before = words_before(text, start)
    match = _AFTER.match(text, end + 1)
    noun = match[1] if match else ""
    if _LINKED.match(text, end + 1):
        return form_before(before, "Mai") if agrees(before) else None
    if noun in _MONTHS and int(text[start:end]) not in _DAYS:
        return None
    if _known_gender(noun) is None and not (agrees(before) and noun and noun not in _OPENERS):
        return None
    return form_before(before, noun)


def form_before(before: list[str], noun: str) -> str:
    """Return the form of an ordinal before a noun.

    before: the words in front of it, in small letters
    """
    gender = _known_gender(noun) or _guessed_gender(noun)
    if len(before) > 2 and before[-1] in _LINKS and before[-2] in (".", *_LINKS):
        # "am 3. und 5. Mai": as the first of them
        return form_before(before[:-3], noun)
    last = before[-1] if before else ""
    if last in _WEAK_N:
        return "ordinal-n"
    if last in _WEAK_E:
        return "ordinal-e"
    if last in _BY_GENDER:
        is_oblique = gender == "f" or (len(before) > 1 and before[-2] in _PREPOSITIONS)
        return "ordinal-n" if is_oblique else "ordinal-e"
    if last in _PREPOSITIONS:
        return "ordinal-r" if gender == "f" else "ordinal-em"
    return {"f": "ordinal-e", "n": "ordinal-s"}.get(gender, "ordinal-r")


def joins(text: str, end: int) -> bool:
    """Say whether a piece of text must not end at `end`, since an ordinal's dot stands before it."""
    dot = end
    while dot > 0 and text[dot - 1].isspace():
        dot -= 1
    match = _NUMBER.search(text, max(0, dot - _NUMBER_CHARS), dot)
    return (
        match is not None and "\n" not in text[dot:end] and ordinal_form(text, match.start(), dot - 1) is not None
    )


def words_before(text: str, start: int) -> list[str]:
    """Return the last words and marks before a position, in small letters."""
    return [word.lower() for word in _WORDS.findall(text[max(0, start - _BEFORE_CHARS) : start])]


def agrees(before: list[str]) -> bool:
    """Say whether a word that agrees with a noun stands before the number."""
    return bool(before) and before[-1] in _WEAK_N | _WEAK_E | _BY_GENDER | _STRONG


def _known_gender(noun: str) -> str | None:
    if noun in _MONTHS or noun in _MASCULINE:
        return "m"
    if noun in _FEMININE:
        return "f"
    return "n" if noun in _NEUTER else None


def _guessed_gender(noun: str) -> str:
    if noun.endswith(_NEUTER_ENDINGS):
        return "n"
    return "f" if noun.endswith(_FEMININE_ENDINGS) else "m"
