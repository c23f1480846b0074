"""English phonemes of espeak-ng as Kokoro was taught them: it writes diphthongs and affricates with one sign each.

source: the table of misaki, the phonemizer that Kokoro was trained with, for its fallback on espeak-ng, American
English
"""

from __future__ import annotations

from typing import Final

# In this order: longer ones before what they contain.
_SIGNS: Final = (
    ("\u0294\u02ccn\u0329", "t\u1d4an"), ("\u0294n", "t\u1d4an"), ("\u0259l\u0329", "\u1d4al"), ("a\u026a", "I"),
    ("a\u028a", "W"), ("d\u0292", "\u02a4"), ("t\u0283", "\u02a7"), ("e\u026a", "A"), ("\u0254\u026a", "Y"),
    ("o\u028a", "O"), ("\u025c\u02d0\u0279", "\u025c\u0279"), ("\u025c\u02d0", "\u025c\u0279"),
    ("\u026a\u0259", "i\u0259"), ("\u025a", "\u0259\u0279"), ("\u0294", "t"), ("\u0250", "\u0259"), ("e", "A"),
    ("r", "\u0279"), ("x", "k"), ("\u00e7", "k"), ("\u026c", "l"), ("\u02d0", ""), ("\u0303", ""), ("\u0329", ""),
)  # fmt: skip


def kokoro_phonemes(ipa: str) -> str:
    """Return a clause's phonemes in Kokoro's signs."""
    for sign, ours in _SIGNS:
        ipa = ipa.replace(sign, ours)
    return ipa
