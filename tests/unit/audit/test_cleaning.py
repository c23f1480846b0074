"""What an audit left is found by its ids and by its words, and what stays is counted."""

from __future__ import annotations

import json

import pytest

from echoless.audit.cleaning import clean_history
from echoless.audit.client import AuditClient
from tests.unit.audit.conftest import Reply, Stub

pytestmark = pytest.mark.unit


class History:
    """Two pages; what is deleted is gone, unless it is stubborn."""

    def __init__(self, stubborn: str = "") -> None:
        self.rows = {"named": "plain", "of others": "hello", "unnamed": "the zorva again"}
        self._stubborn = stubborn

    def reply(self, method: str, path: str, _body: bytes) -> Reply:
        if method == "DELETE":
            name = path.rpartition("/")[2].replace("%20", " ")
            if name == self._stubborn:
                return 500, {}, b""
            self.rows.pop(name, None)
            return 200, {}, b""
        rows = [{"history_item_id": name, "text": text} for name, text in self.rows.items()]
        is_second = "start_after" in path
        page = {"history": rows[2:] if is_second else rows[:2], "has_more": not is_second}
        return 200, {}, json.dumps(page).encode()


def test_named_items_and_those_with_our_words_go_and_others_stay(stub: Stub) -> None:
    history = History()
    stub.reply = history.reply
    with AuditClient(stub.url, "k") as client:
        cleaned = clean_history(client, {"named"}, {"heard"}, "zorva")
    assert (cleaned.count, cleaned.left) == (3, 0)
    assert set(history.rows) == {"of others"}
    assert ("DELETE", "/v1/speech-to-text/transcripts/heard") in {asked[:2] for asked in stub.asked}


def test_what_does_not_go_is_counted(stub: Stub) -> None:
    stub.reply = History(stubborn="unnamed").reply
    with AuditClient(stub.url, "k") as client:
        assert clean_history(client, (), (), "zorva").left == 2
