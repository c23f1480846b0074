"""The languages that the embedded engine speaks, as data: wire code, English name, engine's own name.

A language stands here only when the engine has rules and a dictionary for it, so the lists of models are true.
source: ISO 639-1 and 639-3 codes as the wire protocol uses them; the data files of espeak-ng 1.52.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """One language.

    code:        the wire code, two letters
    name:        in English
    engine_name: the engine's voice for it
    """

    code: str
    name: str
    engine_name: str

    @property
    def long_code(self) -> str:
        """The code of three letters, ISO 639-3, as transcripts state it."""
        return _LONG_CODES[self.code]


_TABLE: Final = """
af Afrikaans af       | ar Arabic ar          | as Assamese as         | az Azerbaijani az     | be Belarusian be
bg Bulgarian bg       | bn Bengali bn         | bs Bosnian bs          | ca Catalan ca         | cs Czech cs
cy Welsh cy           | da Danish da          | de German de           | el Greek el           | en English en-us
es Spanish es         | et Estonian et        | fa Persian fa          | fi Finnish fi         | fr French fr
ga Irish ga           | gu Gujarati gu        | he Hebrew he           | hi Hindi hi           | hr Croatian hr
hu Hungarian hu       | hy Armenian hy        | id Indonesian id       | is Icelandic is       | it Italian it
ja Japanese ja        | ka Georgian ka        | kk Kazakh kk           | kn Kannada kn         | ko Korean ko
ky Kyrgyz ky          | lb Luxembourgish lb   | lt Lithuanian lt       | lv Latvian lv         | mk Macedonian mk
ml Malayalam ml       | mr Marathi mr         | ms Malay ms            | ne Nepali ne          | nl Dutch nl
no Norwegian nb       | pa Punjabi pa         | pl Polish pl           | pt Portuguese pt      | ro Romanian ro
ru Russian ru         | sd Sindhi sd          | sk Slovak sk           | sl Slovenian sl       | sr Serbian sr
sv Swedish sv         | sw Swahili sw         | ta Tamil ta            | te Telugu te          | th Thai th
tr Turkish tr         | uk Ukrainian uk       | ur Urdu ur             | vi Vietnamese vi      | zh Chinese cmn
"""

# The code of two letters, then that of three; a macrolanguage where the engine names no member of it.
_LONG_CODE_TABLE: Final = """
af afr  ar ara  as asm  az aze  be bel  bg bul  bn ben  bs bos  ca cat  cs ces  cy cym  da dan  de deu  el ell
en eng  es spa  et est  fa fas  fi fin  fr fra  ga gle  gu guj  he heb  hi hin  hr hrv  hu hun  hy hye  id ind
is isl  it ita  ja jpn  ka kat  kk kaz  kn kan  ko kor  ky kir  lb ltz  lt lit  lv lav  mk mkd  ml mal  mr mar
ms msa  ne nep  nl nld  no nor  pa pan  pl pol  pt por  ro ron  ru rus  sd snd  sk slk  sl slv  sr srp  sv swe
sw swa  ta tam  te tel  th tha  tr tur  uk ukr  ur urd  vi vie  zh zho
"""
_WORDS: Final = tuple(_LONG_CODE_TABLE.split())
_LONG_CODES: Final = MappingProxyType(dict(zip(_WORDS[::2], _WORDS[1::2], strict=True)))

LANGUAGES: Final[tuple[Language, ...]] = tuple(
    Language(*entry.split()) for line in _TABLE.strip().splitlines() for entry in line.split("|")
)
LANGUAGE_BY_CODE: Final[dict[str, Language]] = {language.code: language for language in LANGUAGES}
_BY_LONG_CODE: Final = MappingProxyType({language.long_code: language for language in LANGUAGES})


def language_of(code: str) -> Language | None:
    """Return the language that a client names by two letters or three, with or without a region, or None."""
    word = code.strip().lower().replace("_", "-").partition("-")[0]
    return LANGUAGE_BY_CODE.get(word) or _BY_LONG_CODE.get(word)
