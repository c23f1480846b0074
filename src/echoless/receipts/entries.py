"""What the transparency log holds: entries in canonical JSON that tell nothing of a request.

A receipt's entry is a salted digest: without the salt nobody can try receipts until one fits. Other entries are
about the installation and its policies. Pure.
"""

from __future__ import annotations

import base64
import hashlib
from enum import StrEnum
from typing import Final

import rfc8785

SALT_BYTES: Final = 16


class EntryKind(StrEnum):
    """What an entry is about."""

    RECEIPT = "receipt"
    BUILD = "build"
    KEY = "key"
    POLICY = "policy"
    ERASURE = "erasure"
    AUDIT = "audit"


def commitment(salt: bytes, signed: str) -> str:
    """Return the salted digest of an ASCII text: SHA-256 over salt and text, in base64url without padding."""
    digest = hashlib.sha256(salt + signed.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def committed_entry(kind: EntryKind, salt: bytes, signed: str) -> bytes:
    """Return the entry of a text."""
    return digest_entry(kind, commitment(salt, signed))


def digest_entry(kind: EntryKind, digest: str) -> bytes:
    """Return the entry of a text of which only the commitment is at hand."""
    return rfc8785.dumps({"kind": kind.value, "digest": digest})


def fact_entry(kind: EntryKind, unix_s: int, **facts: str) -> bytes:
    """Return an entry that says something openly, with its time to the minute.

    facts: codes and ids of ours
    """
    return rfc8785.dumps({"kind": kind.value, "minute_unix": unix_s - unix_s % 60, **facts})
