"""Records of text to dialogue: the voices of a body, one job of several turns, and which voice is heard when.

A dialogue names its voices in its body, so they are looked up under the ticket that has been granted already. The
look-up carries ids and nothing else, and nothing of it is written.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Normalization, PronunciationRule, Record, VoiceGrant

VOICES_MAX: Final = 10
INPUTS_MAX: Final = 1000
_VoiceIds = Annotated[list[Name], msgspec.Meta(max_length=VOICES_MAX)]


class ResolveVoices(Record, frozen=True):
    """(1) Asks which voices some ids mean for the workspace of a generation. Answered by VoicesResolved."""

    KIND: ClassVar[int] = 50
    voice_ids: _VoiceIds


class VoicesResolved(Record, frozen=True):
    """One voice for each id that was asked for, in order; None for an unknown one."""

    KIND: ClassVar[int] = 51
    voices: list[VoiceGrant | None]


class DialogueTurn(Record, frozen=True):
    """What one voice says before the next one speaks. Content."""

    text: str
    catalogue_id: Code
    settings: dict[str, float | bool]


class DialogueSpeak(Record, frozen=True):
    """(4) One job of several turns; otherwise as Speak. Content. Tags in brackets are never read aloud."""

    KIND: ClassVar[int] = 52
    IS_CONTENT: ClassVar[bool] = True
    turns: list[DialogueTurn]
    language_code: str
    output_format: Code
    seed: int | None
    normalization: Normalization
    wants_alignment: bool
    window_bytes: Count
    rules: list[PronunciationRule] = msgspec.field(default_factory=list)
    engine_model: Code = ""
    wants_diagnosis: bool = False

    @property
    def catalogue_id(self) -> str:
        """The voice that begins."""
        return self.turns[0].catalogue_id if self.turns else ""


class VoiceRun(Record, frozen=True):
    """Who speaks the characters of the AlignmentPart before it; seconds from the start of the stream."""

    KIND: ClassVar[int] = 53
    turn_index: Count
    start_s: float
    end_s: float
    character_count: Count


VOICE_RECORDS: Final[tuple[type[Record], ...]] = (ResolveVoices, VoicesResolved)
"""From a gateway to the vault, and back."""
DIALOGUE_RECORDS: Final[tuple[type[Record], ...]] = (DialogueSpeak, VoiceRun)
"""Between a gateway and an engine."""
