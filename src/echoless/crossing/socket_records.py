"""Records of long-lived speech: an engine job that takes more text, a ticket with several generations, tokens.

A socket's ticket is open for as long as the socket. It counts for concurrency only between BeginGeneration and
EndGeneration. Each context of a socket has a ticket of its own, with the decision of the socket's: the vault
copies it, so nothing that a gateway says later can change the mode.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final

from echoless.crossing.records import Code, Count, Normalization, PronunciationRule, Record


class TokenKind(StrEnum):
    """What a single-use token is for."""

    REALTIME_SCRIBE = "realtime_scribe"
    BATCH_SCRIBE = "batch_scribe"
    TTS_WEBSOCKET = "tts_websocket"


# --- between a gateway and an engine ---------------------------------------------------------------------------


class SpeakOn(Record, frozen=True):
    """(4) One job of synthesis that is given its text later; otherwise as Speak. Content, for its rules.

    The audio of all its texts is one encoded stream.

    is_alignment_first: whether times come before the audio they belong to; else as soon as they are known
    parses_markup:      whether SSML elements are obeyed; else they are text like any other
    engine_model:       as in Speak
    reads_tags:         whether audio tags in brackets shape the delivery; else they are read aloud
    is_dialogue:        whether its texts are turns, equally loud and with the gaps of a conversation
    """

    KIND: ClassVar[int] = 60
    IS_CONTENT: ClassVar[bool] = True
    catalogue_id: Code
    language_code: str
    output_format: Code
    settings: dict[str, float | bool]
    seed: int | None
    normalization: Normalization
    is_alignment_first: bool
    parses_markup: bool
    window_bytes: Count
    rules: list[PronunciationRule] = []  # noqa: RUF012  # msgspec copies an empty list for each record
    engine_model: Code = ""
    reads_tags: bool = False
    is_dialogue: bool = False
    wants_diagnosis: bool = False


class TurnVoice(Record, frozen=True):
    """Who speaks a turn of a dialogue, and how."""

    catalogue_id: Code
    settings: dict[str, float | bool]


class MoreText(Record, frozen=True):
    """(4) The next text of a job. Content. Answered by AlignmentPart, audio, then TextSpoken.

    is_phrase_end: nothing may be held back in the encoder after it; a short silence pushes it out
    turn:          in a dialogue, who speaks from here on: a new turn begins. None goes on with the turn before
    """

    KIND: ClassVar[int] = 61
    IS_CONTENT: ClassVar[bool] = True
    text: str
    is_phrase_end: bool
    turn: TurnVoice | None = None


class EndText(Record, frozen=True):
    """(4) No more text comes. Answered by the last audio and SpeechEnded."""

    KIND: ClassVar[int] = 62


class TextSpoken(Record, frozen=True):
    """All audio of the oldest text that was not spoken yet has been sent."""

    KIND: ClassVar[int] = 63
    audio_ms: Count


# --- from a gateway to the vault -------------------------------------------------------------------------------


class OpenContext(Record, frozen=True):
    """(1) Asks for a ticket below a socket's, with the same decision. Answered by TicketGranted or Refused."""

    KIND: ClassVar[int] = 64


class BeginGeneration(Record, frozen=True):
    """(1) Asks for a place and reserves units. Answered by UnitsReserved or Refused, perhaps after a wait."""

    KIND: ClassVar[int] = 65
    model_id: Code
    output_format: Code
    characters: Count


class EndGeneration(Record, frozen=True):
    """(7) One generation has ended; with the last one the place is given back. Not answered."""

    KIND: ClassVar[int] = 66


class KeepMoreText(Record, frozen=True):
    """(5) What was said next, after a KeepText. Content. Not answered."""

    KIND: ClassVar[int] = 67
    IS_CONTENT: ClassVar[bool] = True
    text: str


class MintToken(Record, frozen=True):
    """Asks for a single-use token for the key that asks. Answered by TokenMinted or Refused.

    is_pinned_zero: whether what it opens has zero retention, whatever the request says
    """

    KIND: ClassVar[int] = 68
    kind: TokenKind
    is_pinned_zero: bool


class TokenMinted(Record, frozen=True):
    """The only time that a token is shown."""

    KIND: ClassVar[int] = 69
    secret: Code


STREAM_RECORDS: Final[tuple[type[Record], ...]] = (SpeakOn, MoreText, EndText, TextSpoken)
"""Between a gateway and an engine."""
SOCKET_RECORDS: Final[tuple[type[Record], ...]] = (
    OpenContext, BeginGeneration, EndGeneration, KeepMoreText, MintToken, TokenMinted,
)  # fmt: skip
"""From a gateway to the vault, and back."""
