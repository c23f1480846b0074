"""The client sends what it is told to send, and keeps its connection."""

from __future__ import annotations

import json
import time

import pytest

from echoless.audit.client import AuditClient, ending_of
from echoless.audit.planting import Form, FormPart
from tests.unit.audit.conftest import Stub

pytestmark = pytest.mark.unit


def test_a_request_carries_key_body_and_headers(stub: Stub) -> None:
    stub.reply = lambda *_: (201, {"X-Thing": "yes"}, b"body")
    with AuditClient(stub.url, "the key") as client:
        answer = client.request("POST", "/a?b=c", {"text": "words"}, {"x-note": "n"})
    assert (answer.status, answer.headers["x-thing"], answer.body) == (201, "yes", b"body")
    ((method, path, body, headers),) = stub.asked
    assert (method, path, json.loads(body)) == ("POST", "/a?b=c", {"text": "words"})
    assert (headers["xi-api-key"], headers["x-note"]) == ("the key", "n")


def test_a_header_of_the_request_wins_over_the_key(stub: Stub) -> None:
    with AuditClient(stub.url, "the key") as client:
        client.request("GET", "/", headers={"xi-api-key": "another"})
    assert stub.asked[0][3]["xi-api-key"] == "another"


def test_bytes_are_sent_as_they_are(stub: Stub) -> None:
    with AuditClient(stub.url, "k") as client:
        client.request("POST", "/", b'{"broken')
    assert stub.asked[0][2] == b'{"broken'


def test_a_form_is_sent_with_its_boundary(stub: Stub) -> None:
    form = Form("edge", (FormPart("a", b"1"),))
    with AuditClient(stub.url, "k") as client:
        client.request("POST", "/", form)
    assert (stub.asked[0][2], stub.asked[0][3]["content-type"]) == (form.encoded(), form.media_type)


def test_a_closed_connection_is_opened_again(stub: Stub) -> None:
    stub.reply = lambda *_: (200, {"connection": "close"}, b"x")
    with AuditClient(stub.url, "k") as client:
        assert [client.request("GET", "/").status for _ in range(3)] == [200, 200, 200]


def test_a_stream_is_read_in_part(stub: Stub) -> None:
    stub.reply = lambda *_: (200, {}, b"x" * 4_000_000)
    with AuditClient(stub.url, "k") as client:
        stream = client.open_stream("/", {})
        assert (stream.status, len(stream.read(100))) == (200, 100)
        stream.close()


def test_half_a_body_is_sent_and_no_more(stub: Stub) -> None:
    with AuditClient(stub.url, "k") as client:
        client.leave_while_sending("/", {"text": "x" * 1000})
    deadline_s = time.monotonic() + 5
    while not stub.cut_off_count and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert (stub.cut_off_count, stub.asked) == (1, [])


def test_an_answer_prints_without_its_body(stub: Stub) -> None:
    stub.reply = lambda *_: (200, {}, b"secret")
    with AuditClient(stub.url, "k") as client:
        assert "secret" not in repr(client.request("GET", "/"))


def test_what_breaks_an_audit_off_is_told_by_its_type_and_its_place_and_no_word() -> None:
    def breaks() -> None:
        raise ValueError("what a word")

    with pytest.raises(ValueError, match="word") as broken:
        breaks()
    told = ending_of(broken.value)
    assert told.startswith("ValueError at test_client.py:")
    assert told.count("test_client.py:") == 2
    assert "word" not in told
