"""How many words of a transcript are wrong."""

from __future__ import annotations

import re


def word_error_rate(said: str, heard: str) -> float:
    """Return insertions, deletions and replacements over the words said; case and marks do not count."""
    wanted, found = _words(said), _words(heard)
    row = list(range(len(found) + 1))
    for number, word in enumerate(wanted, 1):
        corner, row[0] = row[0], number
        for index, other in enumerate(found, 1):
            corner, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, corner + (word != other))
    return row[-1] / len(wanted)


def _words(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()
