"""The dictionary that requests name is made of canaries, and put away afterwards."""

from __future__ import annotations

import json

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.client import AuditClient
from echoless.audit.groundwork import clear_groundwork, lay_groundwork
from echoless.core.errors import EcholessError
from tests.unit.audit.conftest import Stub

pytestmark = pytest.mark.unit


def test_a_dictionary_is_made_of_kept_canaries_and_put_away(stub: Stub) -> None:
    made = json.dumps({"id": "d1", "version_id": "v1"}).encode()
    stub.reply = lambda _method, path, _body: (200, {}, bytes(32_000) if "/text-to-speech/" in path else made)
    mint = CanaryMint(seed=1)
    with AuditClient(stub.url, "k") as client:
        ground = lay_groundwork(client, mint)
        clear_groundwork(client, ground)
    assert ground.locators == [{"pronunciation_dictionary_id": "d1", "version_id": "v1"}]
    (_, path, body, _), *spoken, (method, put_away, _, _) = stub.asked
    assert spoken
    assert all("enable_logging=false" in asked[1] for asked in spoken)
    assert path == "/v1/pronunciation-dictionaries/add-from-rules"
    assert all(canary.is_kept and canary.words[0].encode() in body for canary in mint.canaries)
    assert (method, put_away) == ("PATCH", "/v1/pronunciation-dictionaries/d1")


def test_a_server_that_takes_no_dictionary_is_not_audited(stub: Stub) -> None:
    stub.reply = lambda *_: (503, {}, b"")
    with AuditClient(stub.url, "k") as client, pytest.raises(EcholessError, match="503"):
        lay_groundwork(client, CanaryMint(seed=1))
