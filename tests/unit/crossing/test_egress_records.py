"""Records between a gateway and an egress process: which of them are content."""

from __future__ import annotations

import pytest

from echoless.crossing.egress_client import egress_registry
from echoless.crossing.egress_records import (
    EGRESS_RECORDS,
    Deliver,
    Delivered,
    Fetch,
    FetchBegan,
    FetchEnded,
    RemoteConvert,
    RemoteSpeak,
    RemoteTranscribe,
)

pytestmark = pytest.mark.unit


def test_addresses_and_texts_are_content_and_what_steers_is_not() -> None:
    """C30, T31: an address that a client named is content, and so is where results go."""
    assert all(record.IS_CONTENT for record in (Fetch, Deliver, RemoteSpeak, RemoteTranscribe))
    assert not any(record.IS_CONTENT for record in (FetchBegan, FetchEnded, Delivered, RemoteConvert))


def test_each_may_arrive_on_a_link_to_an_egress_process() -> None:
    assert set(EGRESS_RECORDS) <= set(egress_registry().record_types)


def test_none_of_them_prints_what_it_holds() -> None:
    assert "secret" not in repr(Fetch("https://secret.example/", 1, 1))
    assert "secret" not in str(Deliver("https://secret.example/", "secret", 1, False, True))
