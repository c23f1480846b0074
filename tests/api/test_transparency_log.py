"""Somebody outside mirrors and witnesses the log of a running server, and finds policy changes in it (C9, T33)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from echoless.cli.main import build_app
from tests.api.test_receipts import keys_of, receipt_of, speak
from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z34")]
POLICY = "/v1/workspace/zero-retention"
DEADLINE_S = 10.0


def run(*words: str) -> Result:
    result = CliRunner().invoke(build_app(), words)
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result


def entered_changes(server: RunningServer) -> dict[str, Any]:
    """Return the newest changes of policy once the log has all of them."""
    deadline_s = time.monotonic() + DEADLINE_S
    while True:
        status, _, body = server.request("GET", f"{POLICY}/changes?page_size=5")
        assert status == 200
        found: dict[str, Any] = json.loads(body)
        if all(change["inclusion"] for change in found["changes"]) or time.monotonic() > deadline_s:
            return found
        time.sleep(0.05)


@pytest.fixture
def keys(server: RunningServer, tmp_path: Path) -> str:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(keys_of(server)))
    return str(path)


def test_a_change_of_policy_is_proved_offline_and_is_the_one_that_receipts_name(
    server: RunningServer, tmp_path: Path, keys: str
) -> None:
    status, _, _ = server.request("PATCH", POLICY, {"conversation_rows": "none"})
    assert status == 200
    try:
        told = entered_changes(server)
        receipt = receipt_of(server, speak(server, "enable_logging=false"))
    finally:
        server.request("PATCH", POLICY, {"conversation_rows": "keep_redacted"})
    newest = told["changes"][0]["change"]
    assert newest["changed"] == {"conversation_rows": ["keep_redacted", "none"]}
    assert newest["actor"] == "key"
    (tmp_path / "changes.json").write_text(json.dumps(told))
    shown = run("verify", "changes", str(tmp_path / "changes.json"), "--keys", keys)
    assert "conversation_rows: keep_redacted -> none" in shown.output
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))
    assert newest["policy_hash"] in run("verify", "receipt", str(tmp_path / "receipt.json"), "--keys", keys).output


def test_a_mirror_and_a_witness_follow_a_running_server(server: RunningServer, tmp_path: Path, keys: str) -> None:
    mirror, state, key = tmp_path / "mirror", tmp_path / "state", tmp_path / "witness.key"
    public = run("witness", "keygen", "witness.example/w1", "--out", str(key)).output.strip()
    for _ in range(2):
        receipt_of(server, speak(server, "enable_logging=false"))
        copied = run("proof", "mirror", str(mirror), "--keys", keys, "--url", server.base_url)
        assert "holds" in copied.output
        words = ("witness", "sign", "--keys", keys, "--key", str(key), "--state", str(state))
        signed = run(*words, "--url", server.base_url).stdout
    # The mirror stands in for the server from here on.
    (tmp_path / "signed").write_text(signed)
    run("proof", "mirror", str(mirror), "--keys", keys, "--url", server.base_url)
    run(
        "verify", "log", "--keys", keys, "--dir", str(mirror), "--checkpoint", str(tmp_path / "signed"),
        "--witness", public,
    )  # fmt: skip
    run("proof", "inclusion", "0", "--keys", keys, "--dir", str(mirror), "--out", str(tmp_path / "0.tlog-proof"))
    assert '"minute_unix"' in run("verify", "inclusion", str(tmp_path / "0.tlog-proof"), "--keys", keys).output


def test_proofs_of_the_server_are_those_that_the_files_give(
    server: RunningServer, keys: str, tmp_path: Path
) -> None:
    checkpoint = server.request("GET", "/v1/transparency-log/checkpoint", key=None)[2].decode()
    (tmp_path / "old").write_text(checkpoint)
    size = int(checkpoint.split("\n")[1])
    receipt_of(server, speak(server, "enable_logging=false"))
    path = f"/v1/transparency-log/proofs/consistency?old_size={size}"
    told = json.loads(server.request("GET", path, key=None)[2])
    (tmp_path / "proof.json").write_text(
        json.dumps({"older": checkpoint, "newer": told["checkpoint"], "proof": told["proof"]})
    )
    run("verify", "consistency", str(tmp_path / "proof.json"), "--keys", keys)
    made = run("proof", "consistency", str(tmp_path / "old"), "--keys", keys, "--url", server.base_url)
    assert json.loads(made.output)["older"] == checkpoint
    assert server.request("GET", "/v1/transparency-log/proofs/inclusion?index=99999999", key=None)[0] == 400
