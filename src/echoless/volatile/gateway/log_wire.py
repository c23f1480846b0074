"""How places in the transparency log look in answers."""

from __future__ import annotations

import base64
from typing import Any

from echoless.crossing.proof_records import Inclusion


def inclusion_wire(found: Inclusion) -> dict[str, Any]:
    """Return where an entry is: index, signed checkpoint, path to its root."""
    return {
        "index": found.index,
        "checkpoint": found.checkpoint,
        "proof": [base64_text(part) for part in found.proof],
    }


def base64_text(data: bytes) -> str:
    """Return bytes as base64 with padding."""
    return base64.b64encode(data).decode("ascii")
