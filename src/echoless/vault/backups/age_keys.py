"""Who may open an archive: recipients, who are public, and identities, which are secret and the operator's.

The server knows recipients only. An identity is read by `echoless backup restore` and `verify`, from a file that
`echoless backup keygen` or `age-keygen` made.
source: age-encryption.org/v1, the X25519 recipient type
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeAlias

import pyrage

from echoless.core.errors import EcholessError, ErrorCode

# The library has no type information.
Identity: TypeAlias = Any
Recipient: TypeAlias = Any
_IDENTITY_BYTES_MAX: Final = 64 * 1024


def new_identity() -> Identity:
    """Make a new identity."""
    return pyrage.x25519.Identity.generate()


def recipient_of(identity: Identity) -> Recipient:
    """Return whom to seal for, so that an identity opens it."""
    return identity.to_public()


def recipients_in(text: str) -> tuple[Recipient, ...]:
    """Return the recipients of a setting.

    text:   of the form `age1...`, several parted by commas
    raises: EcholessError(CONFIGURATION) where one is none
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    try:
        return tuple(pyrage.x25519.Recipient.from_str(word) for word in words)
    except pyrage.RecipientError:
        pass
    raise EcholessError(
        ErrorCode.CONFIGURATION,
        "backup_recipients names something that is no age recipient (age1...): "
        "make one with 'echoless backup keygen'",
        param="backup_recipients",
    )


def identities_in(path: Path) -> tuple[Identity, ...]:
    """Read the identities of a file: lines of `AGE-SECRET-KEY-1...`, and comments.

    raises: EcholessError(BACKUP) where the file cannot be read or holds none
    """
    try:
        with path.open("r", encoding="utf-8") as file:
            lines = [line.strip() for line in file.read(_IDENTITY_BYTES_MAX).splitlines()]
        found = tuple(identity_of(line) for line in lines if line and not line.startswith("#"))
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        found = ()
    if not found:
        raise EcholessError(ErrorCode.BACKUP, f"the identity file {path} cannot be read or holds no age identity")
    return found


def identity_of(text: str) -> Identity:
    """Return the identity of its text form.

    raises: pyrage.IdentityError where it is none
    """
    return pyrage.x25519.Identity.from_str(text)


def identity_file(identity: Identity, created: str) -> bytes:
    """Return what the file of an identity holds, as `age-keygen` writes it.

    created: a date for people
    """
    return f"# created: {created}\n# public key: {recipient_of(identity)}\n{identity}\n".encode("ascii")
