"""Receipts over HTTP, and the log as static files for whoever asks."""

from __future__ import annotations

import base64

import pytest

from echoless.crossing.receipt_records import (
    GetProofKeys,
    GetReceipt,
    LogFile,
    ProofKeys,
    ReadLogFile,
    ReceiptView,
)
from echoless.crossing.records import Refused
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
RECEIPTS = "/v1/workspace/zero-retention/receipts"
LOG = "/v1/transparency-log"


async def test_a_receipt_is_shown_with_its_place_in_the_log() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetReceipt] = ReceiptView("signed", b"salt", "note", 7, [b"a", b"b"])
        reply = await gateway.ask("GET", f"{RECEIPTS}/abc")
        assert reply.json == {
            "receipt": "signed",
            "salt": base64.b64encode(b"salt").decode(),
            "inclusion": {"index": 7, "checkpoint": "note", "proof": ["YQ==", "Yg=="]},
        }


async def test_one_that_is_not_in_the_log_yet_says_so() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetReceipt] = ReceiptView("signed", b"salt")
        assert (await gateway.ask("GET", f"{RECEIPTS}/abc")).json["inclusion"] is None


async def test_an_unknown_one_is_not_found() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetReceipt] = Refused(code="not_found", message="none")
        assert (await gateway.ask("GET", f"{RECEIPTS}/abc")).status == 404


async def test_the_log_and_the_keys_need_no_key() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ReadLogFile] = LogFile(b"bytes")
        gateway.vault.scripted[GetProofKeys] = ProofKeys(
            [{"kid": "k", "nbf": 1}], "log+1+key", [{"key": "log+1+key", "nbf": 1}], memory="locked", at_rest="file"
        )
        for path in ("checkpoint", "tile/0/000", "tile/entries/x001/234.p/5", "tile/0/x001/x234/567.p/89"):
            reply = await gateway.ask("GET", f"{LOG}/{path}", api_key="")
            assert (reply.status, reply.body) == (200, b"bytes"), path
        keys = await gateway.ask("GET", f"{LOG}/keys", api_key="")
        assert keys.json == {
            "keys": [{"kid": "k", "nbf": 1}],
            "log_key": "log+1+key",
            "log_keys": [{"key": "log+1+key", "nbf": 1}],
            "private_keys": {"memory": "locked", "at_rest": "file"},
        }


async def test_a_missing_tile_is_not_found() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ReadLogFile] = Refused(code="not_found", message="none")
        assert (await gateway.ask("GET", f"{LOG}/tile/0/999", api_key="")).status == 404


async def test_every_generation_names_its_receipt() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", f"/v1/text-to-speech/{VOICE_ID}", {"text": "Hello."})
        assert reply.headers["x-echoless-receipt"] == reply.headers["request-id"]
        reading = await gateway.ask("GET", "/health")
        assert "x-echoless-receipt" not in reading.headers
