"""What a request remembers of itself for a diagnosis, should it fail: only where one may be made, and no longer.

Traces hold content. They live in the call of their request, die with it, and print as a count.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from echoless.crossing.dialogue_records import DialogueSpeak
from echoless.crossing.live_records import Listen
from echoless.crossing.media_records import Convert, Transcribe
from echoless.crossing.records import Speak
from echoless.crossing.socket_records import SpeakOn

_ADDED_MAX: Final = 64
ENGINE_FAILURE: Final = "engine_failure"
"""The note of what an engine process told of a failure."""

J = TypeVar("J", bound=Speak | DialogueSpeak | SpeakOn | Convert | Transcribe | Listen)


class Traces:
    """Notes of one request; every word of it is a no-op until `begin`."""

    __slots__ = ("_lists", "_values", "capsule_key")

    def __init__(self) -> None:
        self.capsule_key = ""
        self._values: dict[str, object] = {}
        self._lists: dict[str, list[object]] = {}

    def __repr__(self) -> str:
        return f"<Traces of {len(self._values) + len(self._lists)} parts>"

    @property
    def is_on(self) -> bool:
        """Whether a diagnosis may be made."""
        return bool(self.capsule_key)

    def begin(self, capsule_key: str) -> None:
        """Remember from now on.

        capsule_key: whom a diagnosis is sealed to; empty for nobody, and then nothing is remembered
        """
        self.capsule_key = capsule_key

    def note(self, name: str, value: object) -> None:
        """Remember one value, in place of an earlier one."""
        if self.is_on:
            self._values[name] = value

    def add(self, name: str, value: object) -> None:
        """Remember one value more, of a stream; the oldest go."""
        if self.is_on:
            values = self._lists.setdefault(name, [])
            values.append(value)
            del values[:-_ADDED_MAX]

    def drop(self, name: str) -> None:
        """Forget the values of a stream: what has been said to its end is not remembered."""
        self._lists.pop(name, None)

    def parts(self) -> dict[str, object]:
        """Return what is remembered."""
        return {**self._values, **self._lists}

    def end(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._lists.clear()

    def asking(self, job: J) -> J:
        """Return a job as an engine is given it: whose failure is to be told, where a diagnosis may be made."""
        if not self.is_on:
            return job
        self.note("job", job)
        return msgspec.structs.replace(job, wants_diagnosis=True)
