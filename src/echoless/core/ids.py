"""Identifiers. All are random or counted: none is ever derived from content."""

from __future__ import annotations

import re
import secrets
import string
from typing import Final, NewType

TicketId = NewType("TicketId", bytes)
RequestId = NewType("RequestId", str)

TICKET_ID_BYTES: Final = 16
NO_TICKET: Final = TicketId(bytes(TICKET_ID_BYTES))
_ALPHABET: Final = string.ascii_letters + string.digits
_OPAQUE_LENGTH: Final = 20
_OPAQUE_FORM: Final = re.compile(rf"[A-Za-z0-9]{{{_OPAQUE_LENGTH}}}")


def new_ticket_id() -> TicketId:
    """Return 16 random bytes."""
    return TicketId(secrets.token_bytes(TICKET_ID_BYTES))


def new_opaque_id() -> str:
    """Return 20 random characters of [A-Za-z0-9], the wire form of history items, voices and samples."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_OPAQUE_LENGTH))


def is_opaque_id(text: str) -> bool:
    """Say whether a text has the form of such an id; what has not is no id of anything."""
    return _OPAQUE_FORM.fullmatch(text) is not None


def new_api_key() -> str:
    """Return `sk_` and 48 hexadecimal digits."""
    return "sk_" + secrets.token_hex(24)


def new_single_use_token() -> str:
    """Return `sutkn_` and 48 hexadecimal digits."""
    return "sutkn_" + secrets.token_hex(24)


def new_session_token() -> str:
    """Return `es_` and 48 hexadecimal digits."""
    return "es_" + secrets.token_hex(24)


def new_pass_code() -> str:
    """Return `ep_` and 48 hexadecimal digits: what lets somebody in once."""
    return "ep_" + secrets.token_hex(24)


def request_id_of(ticket: TicketId) -> RequestId:
    """Return the public request id of a ticket: its 32 hexadecimal digits."""
    return RequestId(ticket.hex())
