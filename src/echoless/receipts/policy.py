"""The hash of a workspace's retention policy, so that a receipt says under which one it was decided. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import rfc8785


def policy_hash(policy: Mapping[str, str | int | bool]) -> str:
    """Return SHA-256 in hexadecimal over the canonical JSON of a policy: switches and codes, no names."""
    return hashlib.sha256(rfc8785.dumps(dict(policy))).hexdigest()
