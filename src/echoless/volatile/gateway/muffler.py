"""What stands where libraries have their loggers: it counts that they spoke, and never says what.

uvicorn's own loggers print the query of a socket's handshake and the text of exceptions.
"""

from __future__ import annotations

from echoless.core.journal import Event, Journal


class Muffler:
    """Stands where uvicorn has its loggers: counts that it spoke, never says what."""

    # Above every level, so that nothing is even formatted.
    level = 100

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def log(self, level: int, *_: object, **__: object) -> None:
        """Say nothing."""

    def info(self, *_: object, **__: object) -> None:
        """Say nothing."""

    def warning(self, *_: object, **__: object) -> None:
        """Say nothing: these are about clients that break the protocol."""

    def debug(self, *_: object, **__: object) -> None:
        """Say nothing."""

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802  # the name that loggers have
        """Say that nothing is worth formatting."""
        return False

    def exception(self, *_: object, **__: object) -> None:
        """Journal an exception that reached the server."""
        self._journal.say(Event.LIBRARY_SPOKE, level=40)

    def error(self, *_: object, **kwargs: object) -> None:
        """Journal an exception that reached the server; an unfinished response is no news."""
        if kwargs.get("exc_info") is not None:
            self._journal.say(Event.LIBRARY_SPOKE, level=40)
