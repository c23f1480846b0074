"""E-mail addresses: one form for each, compared and looked up by a keyed digest."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.stores.keyring import Keyring

_FORM: Final = re.compile(r"[^\s@\x00-\x1f\x7f<>()\[\],;:\\\"]{1,64}@[^\s@\x00-\x1f\x7f<>()\[\],;:\\\"]{1,189}")


def normal_address(address: str) -> str:
    """Return the one form of an address: no blanks around it, small letters, composed characters.

    raises: EcholessError(INVALID_PARAMETERS) for what is no address
    """
    normal = unicodedata.normalize("NFC", address.strip()).lower()
    if _FORM.fullmatch(normal) is None or domain_of(normal).startswith(".") or "." not in domain_of(normal):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "This is no e-mail address.", param="email")
    return normal


def domain_of(address: str) -> str:
    """Return what stands behind the @ of an address."""
    return address.rpartition("@")[2]


def lookup_digest(keyring: Keyring, address: str) -> bytes:
    """Return the digest by which a member with this normal address is found: 32 bytes."""
    return keyring.digest(f"address:{address}")


def subject_digest(keyring: Keyring, issuer: str, subject: str) -> bytes:
    """Return the digest of the name that an identity provider has for somebody: 32 bytes."""
    return keyring.digest(f"subject:{len(issuer)}:{issuer}:{subject}")
