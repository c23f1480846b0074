"""Phonemes as dictionaries write them, to those that espeak-ng speaks: English only.

The International Phonetic Alphabet and ARPABET (as the CMU dictionary uses it, with digits for stress) are known as
far as English needs them. What holds an unknown sign, or is for a voice of another language, is not spoken by
phonemes: the word is read as it is spelled. Only names out of our own tables ever reach the engine between its
double brackets.
source: espeak-ng 1.52, phsource/ph_english; CMU Pronouncing Dictionary 0.7b; IPA chart of 2020
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Final

from echoless.core.content import TextContent
from echoless.volatile.speech.ports import PhonemeSpan

_PRIMARY, _SECONDARY = "'", ","
_ARPABET: Final = MappingProxyType(
    {
        "AA": "A:", "AE": "a", "AH": "V", "AO": "O:", "AW": "aU", "AX": "@", "AY": "aI", "EH": "E", "ER": "3:",
        "EY": "eI", "IH": "I", "IX": "I2", "IY": "i:", "OW": "oU", "OY": "OI", "UH": "U", "UW": "u:", "B": "b",
        "CH": "tS", "D": "d", "DH": "D", "F": "f", "G": "g", "HH": "h", "JH": "dZ", "K": "k", "L": "l", "M": "m",
        "N": "n", "NG": "N", "P": "p", "R": "r", "S": "s", "SH": "S", "T": "t", "TH": "T", "V": "v", "W": "w",
        "Y": "j", "Z": "z", "ZH": "Z",
    }
)  # fmt: skip
_UNSTRESSED: Final = MappingProxyType({"AH": "@", "ER": "3", "IY": "i"})
_STRESS_OF_DIGIT: Final = MappingProxyType({"0": "", "1": _PRIMARY, "2": _SECONDARY})
_IPA: Final = MappingProxyType(
    {
        "t\u0283": "tS", "d\u0292": "dZ", "a\u026a": "aI", "a\u028a": "aU", "e\u026a": "eI", "o\u028a": "oU",
        "\u0259\u028a": "oU", "\u0254\u026a": "OI", "\u026a\u0259": "i@", "e\u0259": "e@", "\u025b\u0259": "e@",
        "\u028a\u0259": "U@", "i\u02d0": "i:", "u\u02d0": "u:", "\u0251\u02d0": "A:", "\u0254\u02d0": "O:",
        "\u025c\u02d0": "3:", "i": "i", "\u026a": "I", "e": "E", "\u025b": "E", "\u00e6": "a", "a": "a",
        "\u028c": "V", "\u0259": "@", "\u0250": "V", "\u0252": "0", "\u0251": "A:", "\u0254": "O:", "\u028a": "U",
        "u": "u:", "o": "oU", "\u025c": "3:", "\u025d": "3:", "\u025a": "3", "p": "p", "b": "b", "t": "t",
        "d": "d", "k": "k", "g": "g", "\u0261": "g", "f": "f", "v": "v", "\u03b8": "T", "\u00f0": "D", "s": "s",
        "z": "z", "\u0283": "S", "\u0292": "Z", "h": "h", "m": "m", "n": "n", "\u014b": "N", "l": "l",
        "\u026b": "l", "r": "r", "\u0279": "r", "\u027e": "t#", "j": "j", "w": "w", "\u028d": "w",
    }
)  # fmt: skip
_VOWELS: Final = frozenset(
    ("A:", "a", "V", "O:", "aU", "@", "aI", "E", "3:", "eI", "I", "I2", "i:", "oU", "OI", "U", "u:", "3", "i", "i@",
     "e@", "U@", "0")
)  # fmt: skip
_IPA_STRESS: Final = MappingProxyType({"\u02c8": _PRIMARY, "'": _PRIMARY, "\u02cc": _SECONDARY})
_IPA_SILENT: Final = frozenset("./[]\u0361\u035c\u203f\u02d1\u032f\u0329")
_LANGUAGE: Final = "en"
_OPENER: Final = str.maketrans("[", "(")


def engine_phonemes(phonemes: TextContent, alphabet: str) -> str | None:
    """Return phonemes in the engine's names, or None where one of them is unknown."""
    read = _READERS.get(alphabet)
    names = read(phonemes.reveal()) if read is not None else None
    return "".join(names) if names else None


def with_phonemes(
    spoken: TextContent, spans: Sequence[PhonemeSpan], language: str
) -> tuple[TextContent, tuple[int, ...] | None]:
    """Return a text with its spans as the engine reads phonemes, and where each character of it came from.

    returns: the text as it was and None where no span can be said by phonemes
    """
    known = [(span, engine_phonemes(span.phonemes, span.alphabet)) for span in spans if language == _LANGUAGE]
    parts: list[str] = []
    origins: list[int] = []
    done = 0
    text = spoken.reveal()
    for span, names in known:
        if names is None:
            continue
        # A bracket of the text's own must not open phonemes.
        parts += (text[done : span.spoken_start].translate(_OPENER), f"[[{names}]]")
        origins += range(done, span.spoken_start)
        origins += [span.spoken_start] * (len(names) + 4)
        done = span.spoken_end
    if not parts:
        return spoken, None
    parts.append(text[done:].translate(_OPENER))
    origins += range(done, len(text))
    return TextContent("".join(parts)), tuple(origins)


def _from_arpabet(text: str) -> list[str] | None:
    names: list[str] = []
    for symbol in text.upper().replace("-", " ").split():
        stress = _STRESS_OF_DIGIT.get(symbol[-1])
        base = symbol if stress is None else symbol[:-1]
        name = _ARPABET.get(base)
        if name is None or (stress is not None and name not in _VOWELS):
            return None
        names.append((stress or "") + (_UNSTRESSED.get(base, name) if stress == "" else name))
    return names


def _from_ipa(text: str) -> list[str] | None:
    names: list[str] = []
    stress, at = "", 0
    while at < len(text):
        sign = text[at]
        name = _IPA.get(text[at : at + 2])
        width = 1 if name is None else 2
        name = name or _IPA.get(sign)
        at += width
        if name is not None:
            # The engine wants the stress at the vowel, the IPA writes it where the syllable begins.
            is_stressed = name in _VOWELS
            names.append(stress + name if is_stressed else name)
            stress = "" if is_stressed else stress
        elif sign in _IPA_STRESS:
            stress = _IPA_STRESS[sign]
        elif sign.isspace():
            names.append("||")
        elif sign not in _IPA_SILENT:
            return None
    return names


_READERS: Final[MappingProxyType[str, Callable[[str], list[str] | None]]] = MappingProxyType(
    {"ipa": _from_ipa, "cmu-arpabet": _from_arpabet}
)
