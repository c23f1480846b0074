"""(4) The one place where a job finds its engine: here, or behind a declared remote.

A job names its engine in `engine_model`. Flows above do not ask where it is spoken.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from echoless.core.engine_names import remote_name
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.dialogue_records import DialogueSpeak
from echoless.crossing.records import Speak
from echoless.crossing.socket_records import SpeakOn
from echoless.volatile.gateway.ports import EnginePort, SpeechPort, SpeechSource, SpeechStreamSource


class EngineRouter:
    """The engines of this machine and the remotes, as one.

    remotes: None where remotes are asked by themselves, as for whole texts
    """

    def __init__(self, engines: EnginePort, remotes: SpeechPort | None = None) -> None:
        self._engines = engines
        self._remotes = remotes

    @property
    def engine_count(self) -> int:
        """Engines that live on this machine."""
        return self._engines.engine_count

    def speak(self, ticket: TicketId, job: Speak | DialogueSpeak) -> AbstractContextManager[SpeechSource]:
        """(4) Begin a job.

        raises: EcholessError(ENGINE_UNAVAILABLE, CONCURRENT_LIMIT_EXCEEDED), INVALID_PARAMETERS where a remote
                would have to do it
        """
        return self._chosen(job.engine_model).speak(ticket, job)

    def speak_on(self, ticket: TicketId, job: SpeakOn) -> AbstractContextManager[SpeechStreamSource]:
        """(4) Begin a job whose text comes later.

        raises: as `speak`
        """
        return self._chosen(job.engine_model).speak_on(ticket, job)

    def _chosen(self, engine_model: str) -> SpeechPort:
        if not remote_name(engine_model):
            return self._engines
        if self._remotes is None:
            raise EcholessError(
                ErrorCode.INVALID_PARAMETERS,
                "This model is done by a remote, which speaks whole texts only: no sockets, no dialogues.",
                param="model_id",
            )
        return self._remotes
