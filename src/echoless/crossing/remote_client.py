"""The gateway's side of declared remotes: jobs that leave this machine, and only as far as was agreed.

A remote that has not declared zero retention is refused such work here, before anything leaves the gateway, and
again in its egress process.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from echoless.core.content import TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.core.moderation import Category
from echoless.crossing.client import EnginePlace, Speech, SpeechPart
from echoless.crossing.egress_client import EgressLinks
from echoless.crossing.egress_control import RemoteFacts
from echoless.crossing.egress_records import RemoteConvert, RemoteSpeak, RemoteTranscribe
from echoless.crossing.media_client import MediaJob, MediaPart
from echoless.crossing.media_places import MediaOrder, MediaPlace, Turn
from echoless.crossing.media_records import Convert, Transcribe, TranscriptEnded
from echoless.crossing.moderation_records import Moderated, RemoteModerate
from echoless.crossing.records import Cancel, Record, Speak, SpeechEnded

_SAID: Final = {
    ErrorCode.ZERO_RETENTION_NOT_SUPPORTED: (
        "This model is done by a remote that keeps, or may keep, what it is given; zero retention is not possible.",
        "model_id",
    ),
    ErrorCode.INVALID_PARAMETERS: ("The remote that does this model refuses these parameters.", None),
    ErrorCode.CONCURRENT_LIMIT_EXCEEDED: ("The remote that does this model is busy; try again.", None),
    ErrorCode.ENGINE_UNAVAILABLE: ("The remote that does this model is not available at this moment.", None),
    ErrorCode.INVALID_AUDIO: ("The remote that does this model cannot read the recording.", None),
}
_CODES: Final = {code.value: code for code in _SAID}


def _failure(code: str) -> EcholessError:
    """Return the error for a job that a remote's egress process ended with a code."""
    known = _CODES.get(code, ErrorCode.ENGINE_UNAVAILABLE)
    words, param = _SAID[known]
    return EcholessError(known, words, param=param)


class RemoteSpeech(Speech):
    """(4) One job of synthesis that a remote does."""

    __slots__ = ()

    async def next(self) -> SpeechPart:
        """Return the next part; SpeechEnded is the last, and is one of success.

        raises: as for any speech; EcholessError with the code of what went wrong at the remote
        """
        part = await super().next()
        if isinstance(part, SpeechEnded) and part.error_code:
            raise _failure(part.error_code)
        return part


class RemoteMediaJob(MediaJob):
    """(4) One job of recognition or conversion that a remote does."""

    async def next(self) -> MediaPart:
        """Return the next part; the last one is one of success.

        raises: as for any job; EcholessError with the code of what went wrong at the remote
        """
        part = await super().next()
        if isinstance(part, SpeechEnded | TranscriptEnded) and part.error_code:
            raise _failure(part.error_code)
        return part


class _OnePlace:
    """The egress process of one remote, for jobs that are given a recording."""

    def __init__(self, links: EgressLinks, remote: RemoteFacts, model_id: str, *, is_zero: bool) -> None:
        self._links = links
        self._remote = remote
        self._model_id = model_id
        self._is_zero = is_zero

    def begin(self, ticket: TicketId, order: MediaOrder) -> Turn:
        """Give the job to the process.

        raises: EcholessError(ENGINE_UNAVAILABLE) while there is none
        """
        link = self._links.link(self._remote.peer_name)
        exchange = link.exchange(ticket)
        if isinstance(order, Convert):
            exchange.post(RemoteConvert(self._model_id, self._is_zero, order))
        else:
            assert isinstance(order, Transcribe), "files of transcripts are made on this machine"
            exchange.post(RemoteTranscribe(self._model_id, self._is_zero, order))
        place = MediaPlace(link, self._remote.peer_name)
        place.job_count = 1
        return Turn(place, exchange)

    def offer(self, ticket: TicketId, order: MediaOrder, turns: Collection[Turn]) -> list[Turn]:
        """Offer it to nobody else: a remote has one process."""
        return []


class RemotePool:
    """The declared remotes of this server."""

    def __init__(self, links: EgressLinks, remotes: Sequence[RemoteFacts] = ()) -> None:
        self._links = links
        self._remotes = {remote.name: remote for remote in remotes}

    def speak(self, name: str, ticket: TicketId, job: Speak, *, model_id: str, is_zero: bool) -> RemoteSpeech:
        """Have a text spoken.

        name:    of the remote
        raises:  EcholessError(ENGINE_UNAVAILABLE, ZERO_RETENTION_NOT_SUPPORTED), INVALID_PARAMETERS for an output
                 format, character times or dictionaries that the remote cannot do, all before anything has left
        """
        remote = self._checked(name, is_zero=is_zero)
        _check_format(remote, job.output_format)
        if job.wants_alignment and not remote.has_alignment:
            raise _cannot("This model is done by a remote that tells no character times.", "model_id")
        if job.rules:
            # Their phonemes and their versions are known here only; spoken without them it would be something else.
            raise _cannot(
                "This model is done by a remote that uses no pronunciation dictionaries of this server.",
                "pronunciation_dictionary_locators",
            )
        link = self._links.link(remote.peer_name)
        place = EnginePlace(link, remote.peer_name)
        return RemoteSpeech(place, link.exchange(ticket), RemoteSpeak(model_id, is_zero, job))

    async def moderate(
        self, name: str, ticket: TicketId, text: TextContent, *, model_id: str, is_zero: bool
    ) -> list[Category]:
        """Have a text judged; return what was flagged. Whoever stops waiting stops the remote, too.

        name:   of the remote
        raises: EcholessError(ENGINE_UNAVAILABLE, ZERO_RETENTION_NOT_SUPPORTED), the second before anything has left
        """
        remote = self._checked(name, is_zero=is_zero)
        link = self._links.link(remote.peer_name)
        answer: Record | None = None
        with link.exchange(ticket) as exchange:
            exchange.post(RemoteModerate(model_id, is_zero, text.reveal()))
            try:
                answer = link.registry.decode(await exchange.receive())
            except EcholessError:
                pass
            finally:
                if answer is None and not link.is_closed:
                    exchange.post(Cancel())
        if not isinstance(answer, Moderated):
            raise _failure(ErrorCode.ENGINE_UNAVAILABLE)
        if answer.error_code:
            raise _failure(answer.error_code)
        return answer.flagged

    def takes_zero(self, name: str) -> bool:
        """Whether a remote may be given zero-retention work."""
        return name in self._remotes and self._remotes[name].is_zero_declared

    def transcribe(
        self, name: str, ticket: TicketId, order: Transcribe, *, model_id: str, is_zero: bool
    ) -> RemoteMediaJob:
        """Have a recording written down.

        raises: as `speak`; INVALID_PARAMETERS for speakers and channels that the remote cannot tell apart
        """
        remote = self._checked(name, is_zero=is_zero)
        for param, is_wanted in (("diarize", order.is_diarized), ("use_multi_channel", order.is_multichannel)):
            if is_wanted and not remote.has_speakers:
                raise _cannot("This model is done by a remote that tells no speakers and no channels.", param)
        if order.wants_characters and not remote.has_alignment:
            raise _cannot(
                "This model is done by a remote that tells no times of characters.", "timestamps_granularity"
            )
        return RemoteMediaJob(_OnePlace(self._links, remote, model_id, is_zero=is_zero), ticket, order)

    def convert(
        self, name: str, ticket: TicketId, order: Convert, *, model_id: str, is_zero: bool
    ) -> RemoteMediaJob:
        """Have a recording said by another voice.

        raises: as `speak`
        """
        remote = self._checked(name, is_zero=is_zero)
        if not remote.can_convert:
            raise _cannot("This model is done by a remote that changes no voices.", "model_id")
        _check_format(remote, order.output_format)
        return RemoteMediaJob(_OnePlace(self._links, remote, model_id, is_zero=is_zero), ticket, order)

    def _checked(self, name: str, *, is_zero: bool) -> RemoteFacts:
        remote = self._remotes.get(name)
        if remote is None:
            raise _failure(ErrorCode.ENGINE_UNAVAILABLE)
        if is_zero and not remote.is_zero_declared:
            raise EcholessError(
                ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
                "This model is done by a remote that has not declared zero retention.",
                param="model_id",
            )
        return remote


def _check_format(remote: RemoteFacts, output_format: str) -> None:
    if remote.output_formats and output_format not in remote.output_formats:
        raise _cannot("This model is done by a remote that does not make this output format.", "output_format")


def _cannot(words: str, param: str) -> EcholessError:
    return EcholessError(ErrorCode.INVALID_PARAMETERS, words, param=param)
