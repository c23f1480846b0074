"""A vault that decides as the real one does and keeps what it is given in memory, at the far end of a link."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from echoless.core.errors import ErrorCode
from echoless.core.ids import NO_TICKET, TicketId, new_opaque_id, new_ticket_id, request_id_of
from echoless.core.voices import VOICE_BY_ID, VOICES
from echoless.crossing import query_records as queries
from echoless.crossing.account_records import GetCertificate, GetCertificateKey
from echoless.crossing.dialogue_records import ResolveVoices, VoicesResolved
from echoless.crossing.kept_records import (
    InputAudio,
    KeepInputType,
    KeptTranscript,
    ReadInputAudio,
    ReadTranscript,
    ReadTranscriptAudio,
)
from echoless.crossing.link import Link
from echoless.crossing.media_records import KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT
from echoless.crossing.member_records import UNTICKETED_RECORDS
from echoless.crossing.moderation_records import MODERATION_RECORDS, KeepModeration, NoteVerdict
from echoless.crossing.operations_records import AskReadiness, MetricsPage, Readiness, ReadMetrics
from echoless.crossing.receipt_records import UNTICKETED_PROOF_RECORDS
from echoless.crossing.records import (
    KIND_AUDIO,
    KIND_KEEP_AUDIO,
    CloseTicket,
    Credit,
    KeepAlignment,
    KeepText,
    OpenTicket,
    Record,
    Refused,
    ReserveUnits,
    TicketClosed,
    TicketGranted,
    UnitsReserved,
    VoiceGrant,
    core_registry,
)
from echoless.crossing.wire import Frame
from echoless.retention.decision import Decision, Ineligible, RetentionMode, Standing, decide
from echoless.retention.endpoints import ENDPOINT_BY_NAME, Endpoint, Product

API_KEY = "sk_test"
SETTINGS: dict[str, float | bool] = {
    "stability": 0.5, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": True, "speed": 1.0,
}  # fmt: skip

KEEPING = {Product.TEXT_TO_SPEECH, Product.TEXT_TO_DIALOGUE, Product.VOICE_CHANGER, Product.SPEECH_TO_TEXT}

Streamed = queries.ReadItemAudio | ReadInputAudio | ReadTranscript | ReadTranscriptAudio
STREAMED = (queries.ReadItemAudio, ReadInputAudio, ReadTranscript, ReadTranscriptAudio)


@dataclass
class Kept:
    """What arrived under one ticket."""

    endpoint: Endpoint
    mode: RetentionMode
    history_item_id: str
    text: KeepText | None = None
    audio: bytearray = field(default_factory=bytearray)
    alignments: list[KeepAlignment] = field(default_factory=list)
    input_audio: bytearray = field(default_factory=bytearray)
    input_type: str = ""
    transcript: bytearray = field(default_factory=bytearray)
    reserved: ReserveUnits | None = None
    closed: CloseTicket | None = None
    verdicts: list[NoteVerdict] = field(default_factory=list)
    moderation: list[KeepModeration] = field(default_factory=list)

    def stream(self, kind: int) -> bytearray:
        """Return where raw content of a kind goes."""
        by_kind = {
            KIND_KEEP_AUDIO: self.audio,
            KIND_KEEP_INPUT_AUDIO: self.input_audio,
            KIND_KEEP_TRANSCRIPT: self.transcript,
        }
        return by_kind[kind]

    @property
    def is_whole(self) -> bool:
        """Whether there is something to keep: a text, something that was said with a new voice, or a transcript."""
        product = self.endpoint.product
        if product is Product.SPEECH_TO_TEXT:
            return bool(self.transcript)
        return self.text is not None or (product is Product.VOICE_CHANGER and bool(self.audio))


class FakeVault:
    """Answers on any number of links.

    standing: who asks, for the decision
    scripted: answers by the type of the question, before anything else; `answers` are made from it
    capsule_key: whom diagnoses of zero-retention requests are sealed to
    item_audio, recordings, transcripts: what can be read, by id; the first two with format or media type
    """

    def __init__(self) -> None:
        self.standing = Standing(
            is_enterprise=True, is_entitled=True, is_restricted=False, is_enforced=False,
            key_floor=RetentionMode.DEFAULT, ineligible=Ineligible.REFUSE, host_is_confined=True,
        )  # fmt: skip
        self.tickets: dict[TicketId, Kept] = {}
        self.questions: list[Record] = []
        self.scripted: dict[type[Record], Record] = {}
        self.answers: dict[type[Record], Callable[[Any], Record]] = {}
        self.item_audio: dict[str, tuple[str, bytes]] = {}
        self.recordings: dict[str, tuple[str, bytes]] = {}
        self.transcripts: dict[str, bytes] = {}
        self.links: list[Link] = []
        self.unsent: dict[int, bytes] = {}
        self.capsule_key = ""

    async def connect(self) -> socket.socket:
        """Return the gateway's end of a new link."""
        ours, theirs = socket.socketpair()
        registry = core_registry(queries.QUERY_RECORDS, MODERATION_RECORDS)
        self.links.append(await Link.open(ours, registry, on_frame=self._on_frame))
        return theirs

    @property
    def last(self) -> Kept:
        """The newest ticket."""
        return list(self.tickets.values())[-1]

    def _on_frame(self, link: Link, frame: Frame) -> None:
        header = frame.header
        if header.kind in {KIND_KEEP_AUDIO, KIND_KEEP_INPUT_AUDIO, KIND_KEEP_TRANSCRIPT}:
            self._keeping(header.ticket).stream(header.kind).extend(frame.payload)
            return
        record = link.registry.decode(frame)
        self.questions.append(record)
        if header.correlation and isinstance(record, STREAMED):
            self._begin_stream(link, frame, record)
            return
        if header.correlation and isinstance(record, Credit):
            self._send_more(link, frame, record.taken_bytes)
            return
        if type(record) in self.answers:
            answer: Record | None = self.answers[type(record)](record)
        else:
            answer = self.scripted.get(type(record)) or self._answer(record, header.ticket)
        if answer is not None and header.correlation:
            link.post(answer, correlation=header.correlation, ticket=header.ticket)

    def _keeping(self, ticket: TicketId) -> Kept:
        kept = self.tickets[ticket]
        assert kept.mode is RetentionMode.DEFAULT, "content came for a zero-retention ticket"
        assert kept.closed is None, "content came after the close"
        return kept

    def _answer(self, record: Record, ticket: TicketId) -> Record | None:
        if isinstance(record, OpenTicket):
            return self._open(record)
        if isinstance(record, AskReadiness):
            return Readiness(is_starting=False, is_store_failing=False, is_confined=True)
        if isinstance(record, ReadMetrics):
            return MetricsPage(b"requests_total 1\n")
        if isinstance(record, GetCertificate | GetCertificateKey):
            return Refused(code=ErrorCode.NOT_FOUND.value, message="There is no certificate here.")
        if isinstance(record, UNTICKETED_PROOF_RECORDS):
            return Refused(code=ErrorCode.NOT_FOUND.value, message="There is no log here.")
        if isinstance(record, UNTICKETED_RECORDS):
            return Refused(code=ErrorCode.INVALID_PARAMETERS.value, message="Nobody is known here.")
        assert ticket != NO_TICKET
        kept = self.tickets[ticket]
        if isinstance(record, ReserveUnits):
            kept.reserved = record
            return UnitsReserved(cost=record.characters)
        if isinstance(record, KeepText):
            self._keeping(ticket).text = record
            return None
        if isinstance(record, KeepAlignment):
            self._keeping(ticket).alignments.append(record)
            return None
        if isinstance(record, CloseTicket):
            assert kept.closed is None, "a ticket was closed twice"
            kept.closed = record
            return TicketClosed(is_kept=kept.is_whole)
        if isinstance(record, NoteVerdict):
            kept.verdicts.append(record)
            return None
        if isinstance(record, KeepModeration):
            self._keeping(ticket).moderation.append(record)
            return None
        if isinstance(record, KeepInputType):
            self._keeping(ticket).input_type = record.media_type
            return None
        if isinstance(record, queries.ListVoices):
            views = [
                queries.VoiceView(voice_id=v.catalogue_id, catalogue_id=v.catalogue_id, settings=SETTINGS)
                for v in VOICES
            ]
            return queries.VoiceList(voices=views)
        if isinstance(record, queries.GetVoice):
            if record.voice_id not in VOICE_BY_ID:
                return Refused(code=ErrorCode.VOICE_NOT_FOUND.value, message="There is no voice with this id.")
            return queries.VoiceView(voice_id=record.voice_id, catalogue_id=record.voice_id, settings=SETTINGS)
        if isinstance(record, ResolveVoices):
            found = [VOICE_BY_ID.get(voice_id) for voice_id in record.voice_ids]
            granted = [VoiceGrant(v.catalogue_id, v.name, v.catalogue_id, SETTINGS) if v else None for v in found]
            return VoicesResolved(granted)
        return queries.Done()

    def _open(self, question: OpenTicket) -> Record:
        endpoint = ENDPOINT_BY_NAME[question.endpoint]
        if question.credential != API_KEY:
            return Refused(code=ErrorCode.INVALID_API_KEY.value, message="This API key is not known.")
        decision = decide(endpoint, question.switch, self.standing)
        if not isinstance(decision, Decision):
            return Refused(code=decision.code.value, message=decision.message, param=decision.param)
        ticket = new_ticket_id()
        makes_item = decision.mode is RetentionMode.DEFAULT and endpoint.product in KEEPING and endpoint.is_eligible
        item_id = new_opaque_id() if makes_item else ""
        self.tickets[ticket] = Kept(endpoint, decision.mode, item_id)
        voice = VOICE_BY_ID.get(question.voice_id)
        return TicketGranted(
            ticket_id=ticket,
            request_id=request_id_of(ticket),
            mode=decision.mode,
            level=decision.level,
            product=endpoint.product,
            workspace_id="ws",
            history_item_id=item_id,
            voice=VoiceGrant(question.voice_id, voice.name, voice.catalogue_id, SETTINGS) if voice else None,
            current_concurrent=1,
            maximum_concurrent=10,
            capsule_key=self.capsule_key if decision.mode is RetentionMode.ZERO else "",
        )

    def _begin_stream(self, link: Link, frame: Frame, record: Streamed) -> None:
        correlation = frame.header.correlation
        head, data = self._kept(record)
        link.post(head, correlation=correlation)
        self.unsent[correlation] = data
        self._send_more(link, frame, record.window_bytes)

    def _kept(self, record: Streamed) -> tuple[Record, bytes]:
        """Return a head and what follows it, or a refusal and nothing."""
        if isinstance(record, queries.ReadItemAudio) and record.item_id in self.item_audio:
            output_format, audio = self.item_audio[record.item_id]
            return queries.ItemAudio(record.item_id, output_format, len(audio)), audio
        if isinstance(record, ReadTranscript) and record.transcript_id in self.transcripts:
            data = self.transcripts[record.transcript_id]
            return KeptTranscript(record.transcript_id, len(data)), data
        is_history = isinstance(record, queries.ReadItemAudio | ReadInputAudio)
        kept_id = (
            record.item_id if isinstance(record, queries.ReadItemAudio | ReadInputAudio) else record.transcript_id
        )
        if not isinstance(record, queries.ReadItemAudio | ReadTranscript) and kept_id in self.recordings:
            media_type, audio = self.recordings[kept_id]
            return InputAudio(kept_id, media_type, len(audio)), audio
        code = ErrorCode.HISTORY_ITEM_NOT_FOUND if is_history else ErrorCode.TRANSCRIPT_NOT_FOUND
        what = "history item" if is_history else "transcript"
        return Refused(code=code.value, message=f"There is no {what} with this id."), b""

    def _send_more(self, link: Link, frame: Frame, count: int) -> None:
        correlation = frame.header.correlation
        audio = self.unsent.get(correlation, b"")
        self.unsent[correlation] = audio[count:]
        for start in range(0, min(count, len(audio)), 32768):
            piece = audio[start : min(start + 32768, count)]
            link.post_content(KIND_AUDIO, piece, correlation=correlation, ticket=frame.header.ticket)
