"""Records between the vault and its courier about identity providers: small questions and small answers.

What is asked holds codes and secrets of logins; it is content, never said in words and never in a journal.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Code, Count, Record

ANSWER_BYTES_MAX: Final = 512 * 1024


class AskProvider(Record, frozen=True):
    """Asks an identity provider's server once, following nothing. Content. Answered by ProviderSaid.

    form:          urlencoded, posted; empty to get the address
    authorization: value of the header; empty for none
    """

    KIND: ClassVar[int] = 228
    IS_CONTENT: ClassVar[bool] = True
    url: Annotated[str, msgspec.Meta(max_length=4000)]
    form: Annotated[bytes, msgspec.Meta(max_length=16 * 1024)] = b""
    authorization: Annotated[str, msgspec.Meta(max_length=4000)] = ""


class ProviderSaid(Record, frozen=True):
    """What it answered. Content.

    http_status: 0 where it was not asked or did not answer
    error_code:  why it was not asked; empty where it was
    """

    KIND: ClassVar[int] = 229
    IS_CONTENT: ClassVar[bool] = True
    http_status: Count
    body: Annotated[bytes, msgspec.Meta(max_length=ANSWER_BYTES_MAX)] = b""
    error_code: Code = ""


PROVIDER_RECORDS: Final[tuple[type[Record], ...]] = (AskProvider, ProviderSaid)
"""Between the vault and its courier."""
