"""The jobs of one declared remote, each checked once more against what was declared."""

from __future__ import annotations

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Journal
from echoless.crossing.egress_control import RemoteAccess
from echoless.crossing.egress_records import RemoteConvert, RemoteSpeak, RemoteTranscribe
from echoless.crossing.moderation_records import RemoteModerate
from echoless.crossing.records import Record
from echoless.volatile.egress.connections import Connections
from echoless.volatile.egress.elevenlabs import ElevenLabsRemote
from echoless.volatile.egress.jobs import Job
from echoless.volatile.egress.openai import OpenAIRemote
from echoless.volatile.egress.remote_calls import RemoteAdapter
from echoless.volatile.egress.trust import ZeroRetentionTrust


class RemoteWork:
    """Does what gateways ask of one remote."""

    def __init__(self, access: RemoteAccess, connections: Connections, journal: Journal) -> None:
        self._trust = ZeroRetentionTrust(access.name, journal, is_declared=access.is_zero_declared)
        self.adapter: RemoteAdapter = (
            ElevenLabsRemote(access, connections, journal, self._trust)
            if access.kind == "elevenlabs"
            else OpenAIRemote(access, connections, journal)
        )

    async def perform(self, job: Job, asked: Record) -> None:
        """Do a job to its last record.

        raises: EcholessError; ZERO_RETENTION_NOT_SUPPORTED before anything is sent
        """
        match asked:
            case RemoteSpeak():
                self._trust.require(is_zero=asked.is_zero)
                await self.adapter.speak(job, asked)
            case RemoteTranscribe():
                self._trust.require(is_zero=asked.is_zero)
                await self.adapter.transcribe(job, asked)
            case RemoteConvert():
                self._trust.require(is_zero=asked.is_zero)
                await self.adapter.convert(job, asked)
            case RemoteModerate():
                self._trust.require(is_zero=asked.is_zero)
                await self.adapter.moderate(job, asked)
            case _:
                raise EcholessError(
                    ErrorCode.INTERNAL_ERROR, "this process serves one remote, and does nothing else"
                )
