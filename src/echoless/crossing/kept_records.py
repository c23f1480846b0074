"""Records of kept recordings and transcripts: what voice changer and speech to text were given, and what was heard.

A transcript is one JSON text that the gateway made; the vault neither reads nor changes it. Everything here exists
for DEFAULT requests only: a ZERO ticket takes no recording and has no transcript.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Name, Record

MediaType = Annotated[
    str, msgspec.Meta(max_length=64, pattern=r"^(audio|video|application)/[a-z0-9][a-z0-9.+-]{0,40}\Z")
]
"""What a recording was found to be, for example `audio/mpeg`; headerless samples are `audio/pcm`."""


class KeepInputType(Record, frozen=True):
    """(5) What the input that is kept turned out to be. Not content, not answered; once for each request."""

    KIND: ClassVar[int] = 47
    media_type: MediaType


class ReadInputAudio(Record, frozen=True):
    """Asks for the recording that a voice changer's item was made from. Answered by InputAudio, then KIND_AUDIO
    frames in order until their lengths add up to `audio_bytes`; or by Refused. Credit as for ReadItemAudio.
    """

    KIND: ClassVar[int] = 111
    item_id: Name
    window_bytes: Count


class ReadTranscriptAudio(Record, frozen=True):
    """Asks for the recording that a transcript was made from. Answered as ReadInputAudio."""

    KIND: ClassVar[int] = 112
    transcript_id: Name
    window_bytes: Count


class InputAudio(Record, frozen=True):
    """The head of a kept recording; `media_type` is empty where it was never found out."""

    KIND: ClassVar[int] = 113
    item_id: Code
    media_type: Code
    audio_bytes: Count


class ReadTranscript(Record, frozen=True):
    """Asks for a kept transcript. Answered by KeptTranscript, then KIND_AUDIO frames: here they are the bytes of
    one JSON text in UTF-8, until their lengths add up to `json_bytes`; or by Refused(transcript_not_found).
    """

    KIND: ClassVar[int] = 114
    transcript_id: Name
    window_bytes: Count


class KeptTranscript(Record, frozen=True):
    """The head of a kept transcript."""

    KIND: ClassVar[int] = 115
    transcript_id: Code
    json_bytes: Count


class DeleteTranscript(Record, frozen=True):
    """Deletes a transcript with its recording: the key first, then everything else. Answered by Done or Refused."""

    KIND: ClassVar[int] = 116
    transcript_id: Name


KEPT_RECORDS: Final[tuple[type[Record], ...]] = (
    KeepInputType, ReadInputAudio, ReadTranscriptAudio, InputAudio, ReadTranscript, KeptTranscript,
    DeleteTranscript,
)  # fmt: skip
"""From a gateway to the vault, and back."""
