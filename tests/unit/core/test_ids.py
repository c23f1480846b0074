"""Identifiers."""

from __future__ import annotations

import re

import pytest

from echoless.core.ids import new_api_key, new_opaque_id, new_ticket_id, request_id_of

pytestmark = pytest.mark.unit


def test_ids_have_the_forms_of_the_wire_protocol() -> None:
    assert re.fullmatch(r"[A-Za-z0-9]{20}", new_opaque_id())
    assert re.fullmatch(r"sk_[0-9a-f]{48}", new_api_key())
    ticket = new_ticket_id()
    assert request_id_of(ticket) == ticket.hex()


def test_ids_do_not_repeat() -> None:
    for make in (new_opaque_id, new_api_key, new_ticket_id):
        assert len({make() for _ in range(1000)}) == 1000
