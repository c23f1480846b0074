"""Text that remembers where each of its characters came from.

The engine is given words that nobody typed ("nineteen eighty-four"); times that it reports must find the way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters [start, end) by other ones; start < end."""

    start: int
    end: int
    replacement: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MappedText:
    """A text and the index that each character came from; the indices never decrease."""

    text: str = field(repr=False)
    source_of: Sequence[int] = field(repr=False)

    def edited(self, edits: Iterable[Edit]) -> MappedText:
        """Return the text with edits made.

        edits: in order, without overlaps, each within the text. The characters of a replacement are spread evenly
               over the characters that they replace.
        """
        parts: list[str] = []
        source_of: list[int] = []
        done = 0
        for edit in edits:
            assert done <= edit.start < edit.end <= len(self.text)
            parts.append(self.text[done : edit.start])
            source_of.extend(self.source_of[done : edit.start])
            width = edit.end - edit.start
            length = len(edit.replacement)
            parts.append(edit.replacement)
            source_of.extend(self.source_of[edit.start + index * width // length] for index in range(length))
            done = edit.end
        if not parts:
            return self
        parts.append(self.text[done:])
        source_of.extend(self.source_of[done:])
        return MappedText("".join(parts), source_of)


def identity(text: str, start: int, end: int) -> MappedText:
    """Return the characters [start, end) of a text, each coming from itself."""
    return MappedText(text[start:end], range(start, end))
