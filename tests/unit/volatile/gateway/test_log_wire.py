"""Places in the log look the same in every answer."""

from __future__ import annotations

import pytest

from echoless.crossing.proof_records import Inclusion
from echoless.volatile.gateway.log_wire import base64_text, inclusion_wire

pytestmark = pytest.mark.unit


def test_hashes_are_base64_with_padding() -> None:
    assert base64_text(b"a") == "YQ=="
    wire = inclusion_wire(Inclusion(7, "note", [b"a", b"bc"]))
    assert wire == {"index": 7, "checkpoint": "note", "proof": ["YQ==", "YmM="]}
