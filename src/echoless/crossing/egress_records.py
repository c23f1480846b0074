"""Records between a gateway and an egress process: what is fetched, delivered, or done by a declared remote.

Addresses of recordings and of webhooks are content. A remote answers with the records of any engine.
"""

from __future__ import annotations

from typing import ClassVar, Final

from echoless.crossing.media_records import Convert, Transcribe
from echoless.crossing.records import Code, Count, Record, Speak

KIND_FETCHED: Final = 45
"""Bytes of a fetched recording, from an egress process to a gateway. Content."""
KIND_WEBHOOK_BODY: Final = 46
"""Bytes of a webhook's body on their way to an egress process. Content."""
FETCH_WINDOW_BYTES: Final = 256 * 1024
WEBHOOK_BYTES_MAX: Final = 64 * 1024 * 1024


class Fetch(Record, frozen=True):
    """Fetches a recording. Content. Answered by FetchBegan, KIND_FETCHED frames within Credit, FetchEnded.

    window_bytes: how many bytes may be on their way before a Credit is needed
    bytes_max:    more ends the job with FILE_TOO_LARGE
    """

    KIND: ClassVar[int] = 220
    IS_CONTENT: ClassVar[bool] = True
    url: str
    window_bytes: Count
    bytes_max: Count


class FetchBegan(Record, frozen=True):
    """The other side has answered.

    content_bytes: as it stated, None where it did not
    """

    KIND: ClassVar[int] = 221
    content_bytes: int | None


class FetchEnded(Record, frozen=True):
    """The last record of a fetch.

    error_code:         empty when all of it was sent
    public_description: constant words of ours, empty when all went well
    """

    KIND: ClassVar[int] = 222
    error_code: Code
    public_description: str


class Deliver(Record, frozen=True):
    """Delivers a webhook whose body follows as KIND_WEBHOOK_BODY frames. Content. Answered by Delivered.

    secret:     signs the body; empty for none
    body_bytes: how much follows
    may_retry:  whether it may be tried again, from memory; never for zero retention
    """

    KIND: ClassVar[int] = 223
    IS_CONTENT: ClassVar[bool] = True
    url: str
    secret: str
    body_bytes: Count
    may_retry: bool
    is_zero: bool


class Delivered(Record, frozen=True):
    """How a delivery ended.

    http_status: of the last attempt, 0 where nobody answered
    error_code:  empty when it was delivered
    """

    KIND: ClassVar[int] = 224
    http_status: Count
    attempt_count: Count
    error_code: Code


class RemoteSpeak(Record, frozen=True):
    """(4) A job of synthesis for a declared remote. Content. Answered as Speak is.

    model_id: as the client named it
    is_zero:  whether nothing of it may be kept; a remote that has not declared so is not asked
    """

    KIND: ClassVar[int] = 225
    IS_CONTENT: ClassVar[bool] = True
    model_id: Code
    is_zero: bool
    job: Speak


class RemoteTranscribe(Record, frozen=True):
    """(4) A job of recognition for a declared remote. Content. Answered as Transcribe is; fields as above."""

    KIND: ClassVar[int] = 226
    IS_CONTENT: ClassVar[bool] = True
    model_id: Code
    is_zero: bool
    job: Transcribe


class RemoteConvert(Record, frozen=True):
    """(4) A job of conversion for a declared remote. Answered as Convert is; fields as above."""

    KIND: ClassVar[int] = 227
    model_id: Code
    is_zero: bool
    job: Convert


EGRESS_RECORDS: Final[tuple[type[Record], ...]] = (
    Fetch, FetchBegan, FetchEnded, Deliver, Delivered, RemoteSpeak, RemoteTranscribe, RemoteConvert,
)  # fmt: skip
"""Between a gateway and an egress process, besides the records of speech and media."""
