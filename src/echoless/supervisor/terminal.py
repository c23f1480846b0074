"""What the server says to the person who started it.

On a terminal: a line for each slow step, then where it listens and a line to try. Elsewhere: the journal's JSON
lines, for whoever collects them. Nothing here can carry content, since it is made of journal events only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, TextIO

from echoless.core.journal import Event, FieldValue, checked_fields

_QUIET_ON_A_TERMINAL: Final = {Event.PROCESS_STARTED, Event.PROCESS_READY, Event.CONFINED, Event.LIBRARY_SPOKE}


class Terminal:
    """Writes to one stream.

    is_interactive: a person reads along
    """

    def __init__(self, stream: TextIO, *, is_interactive: bool) -> None:
        self._stream = stream
        self._is_interactive = is_interactive

    def step(self, text: str) -> None:
        """Say what is being done."""
        if self._is_interactive:
            self._line(f"  {text}")

    def say(self, text: str) -> None:
        """Say something that a person needs in any case."""
        self._line(text)

    def journal(self, line: bytes, process: str, unix_s: int) -> None:
        """Show one line of a child's journal once it is proved to be one.

        process, unix_s: who wrote it and when, as the supervisor knows it
        A line that is not a registered event with its own fields is replaced by a note that there was one.
        """
        try:
            record = json.loads(line)
            event = Event(record.pop("event"))
            fields = checked_fields(event, record)
        except (ValueError, KeyError, TypeError, AttributeError):
            self._line(f"{process} wrote something that is no journal line; it was dropped")
            return
        self.event(event, fields, process, unix_s)

    def event(self, event: Event, fields: Mapping[str, FieldValue], process: str, unix_s: int) -> None:
        """Show one event."""
        if not self._is_interactive:
            record = {"unix_s": unix_s, "process": process, "event": event.value, **fields}
            self._line(json.dumps(record, separators=(",", ":")))
        elif event not in _QUIET_ON_A_TERMINAL:
            words = " ".join(f"{name}={value}" for name, value in fields.items() if value not in ("", None))
            self._line(f"  {process}: {event.value} {words}".rstrip())

    def _line(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()
