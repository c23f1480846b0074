"""Content wrappers: text and audio that cannot print, pickle or hash themselves.

Whatever a user said or what was made of it travels in these types. They show a size, never a value,
so a stray format string, traceback or structured log has nothing to leak.
"""

from __future__ import annotations

from typing import NoReturn


class _Sealed:
    """Shared refusals of the two content types."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("content cannot be pickled or copied")

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __str__(self) -> str:
        return repr(self)

    # Equality and hashes would allow caches keyed by content.
    __hash__ = None  # type: ignore[assignment]  # the documented way to make a type unhashable


class TextContent(_Sealed):
    """Text that a user gave or that was made for one.

    It opens only by `reveal`, so that every place which looks inside can be found by that name.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __len__(self) -> int:
        return len(self._text)

    def __repr__(self) -> str:
        return f"<TextContent of {len(self._text)} characters>"


class AudioContent(_Sealed):
    """Audio bytes, encoded or linear."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def reveal(self) -> bytes:
        """Return the bytes themselves."""
        return self._data

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<AudioContent of {len(self._data)} bytes>"
