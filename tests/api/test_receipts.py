"""A client gets a receipt for each request and checks it, and the log, with the public keys alone (C8, C9, T46)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from typer.testing import CliRunner

from echoless.cli.main import build_app
from echoless.core.build import build_hash
from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z31")]
SPEECH = "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb"
DEADLINE_S = 10.0


def speak(server: RunningServer, query: str) -> str:
    status, headers, _ = server.request("POST", f"{SPEECH}?{query}", {"text": "Said for a receipt."})
    assert status == 200
    return headers["x-echoless-receipt"]


def receipt_of(server: RunningServer, request_id: str) -> dict[str, Any]:
    """Fetch a receipt, which is signed a moment after its request."""
    deadline_s = time.monotonic() + DEADLINE_S
    while True:
        path = f"/v1/workspace/zero-retention/receipts/{request_id}"
        status, _, body = server.request("GET", path)
        if status == 200 or time.monotonic() > deadline_s:
            assert status == 200
            found: dict[str, Any] = json.loads(body)
            return found
        time.sleep(0.1)


def keys_of(server: RunningServer) -> dict[str, Any]:
    status, _, body = server.request("GET", "/v1/transparency-log/keys", key=None)
    assert status == 200
    found: dict[str, Any] = json.loads(body)
    return found


@pytest.mark.parametrize(("query", "mode"), [("enable_logging=false", "zero"), ("", "default")])
def test_any_jose_library_checks_a_receipt(server: RunningServer, query: str, mode: str) -> None:
    signed = receipt_of(server, speak(server, query))["receipt"]
    key = OKPKey.import_key(keys_of(server)["keys"][0])
    statement = json.loads(jws.deserialize_compact(signed, key, algorithms=["Ed25519"]).payload)
    assert (statement["mode"], statement["scrubbed"], statement["http_status"]) == (mode, "after_response", 200)
    assert statement["build_hash"] == build_hash()
    walls = {process["role"]: process for process in statement["confinement"]["processes"]}
    assert {"vault", "engine", "gateway"} <= set(walls)
    # What the vault saw itself.
    assert all(wall["seccomp_mode"] == 2 and wall["has_no_new_privs"] for wall in walls.values())
    assert "Said" not in signed
    assert "Said" not in json.dumps(statement)


def test_the_command_checks_receipt_and_log_without_the_server(server: RunningServer, tmp_path: Path) -> None:
    answer, keys, saved = tmp_path / "receipt.json", tmp_path / "keys.json", tmp_path / "checkpoint"
    answer.write_text(json.dumps(receipt_of(server, speak(server, "enable_logging=false"))))
    keys.write_text(json.dumps(keys_of(server)))
    run = CliRunner()
    checked = run.invoke(build_app(), ["verify", "receipt", str(answer), "--keys", str(keys)])
    assert checked.exit_code == 0, checked.output
    assert "The log has it as entry" in checked.output
    words = ["verify", "log", "--keys", str(keys), "--url", server.base_url]
    first = run.invoke(build_app(), [*words, "--save", str(saved)])
    assert first.exit_code == 0, first.output
    receipt_of(server, speak(server, "enable_logging=false"))
    later = run.invoke(build_app(), [*words, "--since", str(saved)])
    assert later.exit_code == 0, later.output
    assert "are those that were seen" in later.output


def test_a_refused_request_has_a_receipt_too_and_what_was_never_admitted_has_none(server: RunningServer) -> None:
    status, headers, _ = server.request("POST", f"{SPEECH}?enable_logging=false", {"text": ""})
    assert status in {400, 422}
    statement = receipt_of(server, headers["x-echoless-receipt"])
    assert statement["receipt"]
    unknown, _, _ = server.request("GET", "/v1/workspace/zero-retention/receipts/never")
    assert unknown == 404
    status, headers, _ = server.request("POST", SPEECH, {"text": "x"}, key="sk_wrong_wrong_wrong")
    assert status == 401
    assert "x-echoless-receipt" not in headers
