"""Records: the only values that may cross between processes.

Each is a frozen msgspec struct with a number of its own and a statement whether it carries content. They print
as their type's name. A record that carries content says so in the frame's header; the vault refuses such frames
for a ticket that is not a DEFAULT one before it decodes them.

Both sides check: a sender may only build valid records, and a receiver decodes with bounds and refuses the rest.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final, TypeVar

import msgspec

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import NO_TICKET, TicketId
from echoless.crossing.wire import Frame, encode_frame
from echoless.retention.decision import Level, RetentionMode, Switch
from echoless.retention.endpoints import Product

Code = Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[A-Za-z0-9_.:/{}+-]*\Z")]
"""A short word of ours: an id, a code, a model."""
Name = Annotated[str, msgspec.Meta(max_length=256)]
"""A word of the client's or the operator's that is looked up or stored as configuration."""
EndpointName = Annotated[str, msgspec.Meta(max_length=160)]
"""A row of the endpoint table, looked up again by whoever receives it."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, gc=False):
    """Base of all records."""

    KIND: ClassVar[int] = 0
    IS_CONTENT: ClassVar[bool] = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


# --- from a gateway to the vault -------------------------------------------------------------------------------


class OpenTicket(Record, frozen=True):
    """(1) Asks for a ticket from line and headers alone. Answered by TicketGranted or Refused.

    is_token: whether the credential is a single-use token, which this question burns
    peer:     the client's address, compared with where the key may be used from and kept nowhere
    """

    KIND: ClassVar[int] = 1
    endpoint: EndpointName
    credential: Name
    switch: Switch
    voice_id: Name = ""
    is_token: bool = False
    peer: Name = ""


class ReserveUnits(Record, frozen=True):
    """(1) Reserves counted units once the body is parsed. Answered by UnitsReserved or Refused."""

    KIND: ClassVar[int] = 2
    model_id: Code
    output_format: Code
    characters: Count


class DialogueLine(Record, frozen=True):
    """One line of a kept dialogue: what was said, and by whom."""

    text: str
    voice_id: Name
    voice_name: Name


class KeepText(Record, frozen=True):
    """(5) What was said, with the settings it was said with. Content. Not answered.

    dialogue: the lines of a dialogue; `text` is empty then
    """

    KIND: ClassVar[int] = 3
    IS_CONTENT: ClassVar[bool] = True
    text: str
    settings: dict[str, float | bool | None]
    seed: int | None = None
    language_code: str | None = None
    previous_text: str | None = None
    next_text: str | None = None
    dialogue: list[DialogueLine] = msgspec.field(default_factory=list)


class KeepAlignment(Record, frozen=True):
    """(5) A part of the alignments, in order. Content. Not answered."""

    KIND: ClassVar[int] = 4
    IS_CONTENT: ClassVar[bool] = True
    is_normalized: bool
    characters: list[str]
    start_s: list[float]
    end_s: list[float]


class CloseStatus(StrEnum):
    """How a request ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CLIENT_LEFT = "client_left"


class CloseTicket(Record, frozen=True):
    """(7) Counts and codes, in both modes alike. Answered by TicketClosed.

    For a DEFAULT ticket with content the answer comes after the item is committed.

    answered_as: the mode that the client was told; a switch in the wrong place makes it ZERO whatever the ticket
                 says, and then nothing is kept and the request's row says so too
    is_capsule:  whether a sealed diagnosis goes out with the answer
    """

    KIND: ClassVar[int] = 5
    status: CloseStatus
    http_status: Count
    error_code: Code
    audio_ms: Count
    audio_bytes: Count
    duration_ms: Count
    answered_as: RetentionMode = RetentionMode.DEFAULT
    is_capsule: bool = False


class TicketGranted(Record, frozen=True):
    """The decision, and what the request needs to know of workspace and voice.

    history_item_id: empty unless the mode is DEFAULT and the endpoint makes items, or a transcript
    voice:           None where the endpoint has no voice or the voice is unknown; the gateway answers 404 then
    capsule_key:     whom a diagnosis is sealed to, should a ZERO request fail; empty where none is made
    """

    KIND: ClassVar[int] = 6
    ticket_id: bytes
    request_id: Code
    mode: RetentionMode
    level: Level
    product: Product
    workspace_id: Code
    history_item_id: Code
    voice: VoiceGrant | None
    current_concurrent: Count
    maximum_concurrent: Count
    capsule_key: Code = ""


class VoiceGrant(Record, frozen=True):
    """A voice as one workspace sees it: which catalogue voice speaks and with which stored settings."""

    voice_id: Name
    name: Name
    catalogue_id: Code
    settings: dict[str, float | bool]


class Refused(Record, frozen=True):
    """A refusal with its reason; messages are constant texts of ours.

    mode: the mode that the request would have had, for the header of generation routes
    """

    KIND: ClassVar[int] = 7
    code: Code
    message: str
    param: str | None = None
    retry_after_s: int = 0
    mode: RetentionMode = RetentionMode.DEFAULT
    request_id: Code = ""


class UnitsReserved(Record, frozen=True):
    """The units are counted; synthesis may begin.

    cost: characters as they are billed
    current_concurrent, maximum_concurrent: of the narrowest limit that the model counts for
    """

    KIND: ClassVar[int] = 8
    cost: Count
    current_concurrent: Count = 0
    maximum_concurrent: Count = 0


class TicketClosed(Record, frozen=True):
    """The ticket is closed; what had to be kept is committed."""

    KIND: ClassVar[int] = 9
    is_kept: bool


# --- between a gateway and an engine ---------------------------------------------------------------------------


class Normalization(StrEnum):
    """Whether numbers and the like are spelled out before the engine."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class PronunciationRule(Record, frozen=True):
    """How a string of a text is said: by another text, or by phonemes. Content inside a job or a dictionary.

    alias:    what is read in its place; empty for a phoneme rule
    phoneme:  in `alphabet`, which is `ipa` or `cmu-arpabet`; empty for an alias rule
    """

    string: str
    alias: str = ""
    phoneme: str = ""
    alphabet: Name = ""
    is_case_sensitive: bool = True
    has_word_boundaries: bool = True


class Speak(Record, frozen=True):
    """(4) One job of synthesis; the frame's ticket names the job. Content.

    catalogue_id:   the voice of core.voices that speaks
    language_code:  ISO 639-1, or empty for the voice's own
    speed:          1.0 is the voice's usual speed
    window_bytes:   how many audio bytes may be on their way before a Credit is needed
    rules:          of pronunciation, the first that fits a place wins
    reads_tags:     whether audio tags in brackets shape the delivery instead of being read
    engine_model:   empty for the embedded engine, else `local:` or `remote:` and a name
    wants_diagnosis: whether a failure is to be told, since it will be sealed for the workspace
    """

    KIND: ClassVar[int] = 20
    IS_CONTENT: ClassVar[bool] = True
    text: str
    catalogue_id: Code
    language_code: str
    output_format: Code
    settings: dict[str, float | bool]
    seed: int | None
    normalization: Normalization
    wants_alignment: bool
    window_bytes: Count
    previous_text: str | None = None
    next_text: str | None = None
    rules: list[PronunciationRule] = msgspec.field(default_factory=list)
    reads_tags: bool = False
    engine_model: Code = ""
    wants_diagnosis: bool = False


class Credit(Record, frozen=True):
    """(5) The client has taken so many more bytes."""

    KIND: ClassVar[int] = 21
    taken_bytes: Count


class Cancel(Record, frozen=True):
    """(4) Nobody listens any more. Answered by nothing; no frame of that job follows SpeechEnded."""

    KIND: ClassVar[int] = 22


class SpeechBegan(Record, frozen=True):
    """The job has started.

    audio_bytes: the exact length of the whole file where the format states it first (WAV), else None
    """

    KIND: ClassVar[int] = 23
    audio_bytes: int | None


class AlignmentPart(Record, frozen=True):
    """Character times of the audio frames that come next, seconds from the start of the stream. Content."""

    KIND: ClassVar[int] = 24
    IS_CONTENT: ClassVar[bool] = True
    characters: list[str]
    start_s: list[float]
    end_s: list[float]
    normalized_characters: list[str]
    normalized_start_s: list[float]
    normalized_end_s: list[float]


class SpeechEnded(Record, frozen=True):
    """The last frame of a job.

    error_code: empty when all went well
    """

    KIND: ClassVar[int] = 25
    error_code: Code
    audio_ms: Count
    audio_bytes: Count


# Raw audio has no struct around it: the payload is the bytes.
KIND_AUDIO: Final = 40
"""Encoded audio of a job, from an engine to a gateway. Content."""
KIND_KEEP_AUDIO: Final = 41
"""The same bytes on their way into the vault. Content."""

_CORE_RECORDS: Final[tuple[type[Record], ...]] = (
    OpenTicket, ReserveUnits, KeepText, KeepAlignment, CloseTicket, TicketGranted, Refused, UnitsReserved,
    TicketClosed, Speak, Credit, Cancel, SpeechBegan, AlignmentPart, SpeechEnded,
)  # fmt: skip

R = TypeVar("R", bound=Record)


class RecordRegistry:
    """Knows the records that may arrive on one kind of link."""

    def __init__(self, *groups: tuple[type[Record], ...]) -> None:
        self._decoders: dict[int, msgspec.msgpack.Decoder[Record]] = {}
        self._types: dict[int, type[Record]] = {}
        self._encoder = msgspec.msgpack.Encoder()
        for record_type in (record_type for group in groups for record_type in group):
            assert record_type.KIND not in self._decoders, "two records with one number"
            self._decoders[record_type.KIND] = msgspec.msgpack.Decoder(record_type)
            self._types[record_type.KIND] = record_type

    @property
    def record_types(self) -> tuple[type[Record], ...]:
        """All records, by number."""
        return tuple(self._types[kind] for kind in sorted(self._types))

    def encode(self, record: Record, *, correlation: int = 0, ticket: TicketId = NO_TICKET) -> bytes:
        """Return the frame of a record."""
        return encode_frame(
            record.KIND,
            self._encoder.encode(record),
            is_content=record.IS_CONTENT,
            correlation=correlation,
            ticket=ticket,
        )

    def decode(self, frame: Frame) -> Record:
        """Return the record in a frame.

        raises: EcholessError(CROSSING_BROKEN) for an unknown kind, a content flag that does not fit the kind, or
                a payload that does not decode; the description never holds what was in it
        """
        decoder = self._decoders.get(frame.header.kind)
        if decoder is None or self._types[frame.header.kind].IS_CONTENT is not frame.header.is_content:
            raise EcholessError(ErrorCode.CROSSING_BROKEN, f"kind {frame.header.kind} may not arrive here")
        try:
            return decoder.decode(frame.payload)
        except (msgspec.DecodeError, msgspec.ValidationError):
            pass
        raise EcholessError(ErrorCode.CROSSING_BROKEN, f"kind {frame.header.kind} does not decode")


def core_registry(*more: tuple[type[Record], ...]) -> RecordRegistry:
    """Return the registry of the records of this module and of those given."""
    return RecordRegistry(_CORE_RECORDS, *more)
