"""The debug capsule: a diagnosis sealed to a workspace's own key, which only the workspace can open. Pure.

Whoever serves a request seals in memory and hands the capsule out with the answer; nobody here holds the key that
opens it, and nothing of it is kept. It is an ordinary age file in its text form, so that any age tool opens it too.
source: age-encryption.org/v1 with the X25519 recipient type and the armor of RFC 7468
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyrage

from echoless.core.errors import EcholessError, ErrorCode

DIAGNOSIS_BYTES_MAX: Final = 128 * 1024
"""The most that a capsule holds. Its text form is a third longer."""
CAPSULE_BYTES_MAX: Final = 192 * 1024
"""The most that is read as a capsule."""
BEGIN: Final = "-----BEGIN AGE ENCRYPTED FILE-----"
_RECIPIENT: Final = "A capsule is sealed to an X25519 recipient of age: age1 and 58 more characters."


def checked_recipient(word: str) -> str:
    """Return a recipient as age writes it.

    raises: EcholessError(INVALID_PARAMETERS) where it is none, also for the secret half of a key
    """
    try:
        return str(pyrage.x25519.Recipient.from_str(word))
    except pyrage.RecipientError:
        pass
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, _RECIPIENT, param="capsule_key")


def seal(diagnosis: bytes, recipient: str) -> str:
    """Return a diagnosis sealed to a recipient, as text.

    raises: EcholessError(INVALID_PARAMETERS) for no recipient
    """
    assert len(diagnosis) <= DIAGNOSIS_BYTES_MAX, "whoever writes a diagnosis bounds it"
    checked = pyrage.x25519.Recipient.from_str(checked_recipient(recipient))
    sealed: bytes = pyrage.encrypt(diagnosis, [checked], armored=True)
    return sealed.decode("ascii")


def open_capsule(capsule: str, identities: Sequence[Any]) -> bytes:
    """Return what is in a capsule.

    identities: of age, the secret halves
    raises:     EcholessError(INVALID_PARAMETERS) where it is none, was changed, or is sealed to another key
    """
    if len(capsule) <= CAPSULE_BYTES_MAX:
        try:
            return bytes(pyrage.decrypt(capsule.strip().encode(), list(identities)))
        except pyrage.DecryptError:
            pass
    message = "This is no capsule, it was changed, or it is sealed to another key."
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, message)
