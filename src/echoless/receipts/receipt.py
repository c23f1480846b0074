"""The receipt of one request: what was decided, by whom, under which policy and build, behind which wall. Pure.

It says nothing of what was said: of the request itself only what may be kept of a zero-retention one, and less of
that, times to the minute and counts in buckets. There is no hash of content in it, since a hash of a short text is
content, no key, no e-mail address and no address of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec

from echoless.core.errors import EcholessError, ErrorCode

RECEIPT_KIND: Final = "echoless-receipt+jws"
VERSION: Final[Literal[1]] = 1
_MINUTE_S: Final = 60
_BUCKETS: Final = (0, 100, 1_000, 10_000, 100_000, 1_000_000)
Bucket = Literal[0, 100, 1_000, 10_000, 100_000, 1_000_000]
_Count = Annotated[int, msgspec.Meta(ge=0)]
# A code or an id: no space between words. \Z and not $, which lets a line end pass.
_Code = Annotated[str, msgspec.Meta(max_length=120, pattern=r"^[A-Za-z0-9_.:/{}+-]*\Z")]
# A route's template.
_Route = Annotated[str, msgspec.Meta(max_length=120, pattern=r"^[A-Z]+ /[A-Za-z0-9_.:/{}-]*\Z")]
_Mode = Annotated[str, msgspec.Meta(pattern=r"^(zero|default)\Z")]
_Minute = Annotated[int, msgspec.Meta(ge=0, multiple_of=_MINUTE_S)]


class Scrubbed(StrEnum):
    """How the memory of a request went before its receipt was signed."""

    AFTER_RESPONSE = "after_response"
    PROCESS_ENDED = "process_ended"
    NOT_CONFIRMED = "not_confirmed"


class ProcessFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of serving process.

    seccomp_mode, has_no_new_privs, swap_kib: as the vault read them from the kernel; None where it could not
    self_reported: what only the process itself could see, such as its Landlock domain and its allocator
    """

    role: _Code
    seccomp_mode: _Count | None
    has_no_new_privs: bool | None
    swap_kib: _Count | None
    self_reported: dict[_Code, bool] = msgspec.field(default_factory=dict)


class SigningKeyFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the key lay that signed, as the vault says of itself.

    memory:  `memfd_secret`, `locked` or `plain`
    at_rest: `file` or `tpm`
    """

    memory: _Code
    at_rest: _Code


class Confinement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The wall at the time of a request.

    is_init_on_free: whether the kernel overwrites pages that it frees; None where it does not say
    signing_key:     None in receipts from before it was said
    """

    assurance: _Code
    is_init_on_free: bool | None
    swap_total_kib: _Count | None
    processes: tuple[ProcessFacts, ...]
    signing_key: SigningKeyFacts | None = None


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed.

    minute_unix:  when it started, cut to the minute
    characters, audio_ms: the lower end of a bucket
    http_status:  or the close code of a socket
    is_capsule:   whether a sealed diagnosis went out with the answer
    """

    request_id: _Code
    workspace_id: _Code
    endpoint: _Route
    product: _Code
    mode: _Mode
    level: _Code
    model_id: _Code
    output_format: _Code
    characters: Bucket
    audio_ms: Bucket
    minute_unix: _Minute
    http_status: _Count
    error_code: _Code
    policy_version: _Count
    policy_hash: _Code
    build_hash: _Code
    scrubbed: Scrubbed
    confinement: Confinement
    is_capsule: bool = False
    version: Literal[1] = VERSION

    def statement(self) -> dict[str, Any]:
        """Return the receipt as it is signed."""
        statement: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        if self.confinement.signing_key is None:
            # As older receipts were signed, which must hold for ever.
            del statement["confinement"]["signing_key"]
        return statement


def to_minute(unix_s: int) -> int:
    """Return when the minute began."""
    return unix_s - unix_s % _MINUTE_S


def bucket(count: int) -> Bucket:
    """Return the lower end of the bucket that a count falls into: a power of ten from a hundred on."""
    low: Bucket = max(low for low in _BUCKETS if low <= max(0, count))
    return low


def parse_receipt(statement: Mapping[str, Any]) -> Receipt:
    """Return the receipt of a verified statement.

    raises: EcholessError(INVALID_PARAMETERS) for members that are missing, too many or of the wrong type: what a
            receipt does not know it must not say
    """
    try:
        receipt = msgspec.convert(dict(statement), Receipt)
    except msgspec.ValidationError:
        receipt = None
    if receipt is None or receipt.statement() != dict(statement):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "What is signed is no receipt of this version.")
    return receipt
