"""docs/CAPSULE.md from beginning to end: a key, a failure, a capsule that is opened; and none without the key."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.running_server import RunningServer, running_server

pytestmark = [pytest.mark.api, pytest.mark.claim("Z35")]
FORM = {"content-type": "multipart/form-data; boundary=b"}
BODY = (
    b'--b\r\ncontent-disposition: form-data; name="model_id"\r\n\r\nscribe_v1\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nno sound\r\n--b--\r\n'
)


def command(directory: Path, *words: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "echoless", *words], cwd=directory, check=True, capture_output=True, text=True,
        timeout=60, env=os.environ | {"ECHOLESS_DATA": str(directory / "data"), "HOME": str(directory)},
    )  # fmt: skip
    return ran.stdout.strip()


def failed(server: RunningServer, query: str = "?enable_logging=false") -> dict[str, Any]:
    status, _, body = server.request("POST", f"/v1/speech-to-text{query}", BODY, headers=FORM)
    detail: dict[str, Any] = json.loads(body)["detail"]
    assert (status, detail["code"]) == (400, "invalid_audio")
    return detail


def test_a_key_is_made_named_and_used_and_taken_away(tmp_path: Path) -> None:
    variables = {"ECHOLESS_MEDIA_ENGINES": "1", "ECHOLESS_LIVE_ENGINES": "0"}
    with running_server(tmp_path, "--engines", "1", "--gateways", "1", variables=variables) as server:
        assert "capsule" not in failed(server)
        key = command(tmp_path, "capsule", "keygen", "--out", "key")
        command(tmp_path, "workspace", "capsule-key", "--key", key)
        shown = json.loads(server.request("GET", "/v1/workspace/zero-retention")[2])
        assert shown["capsule_key"] == key
        detail = failed(server)
        assert "capsule" not in failed(server, "")
        (tmp_path / "answer.json").write_text(json.dumps({"detail": detail}))
        told = json.loads(command(tmp_path, "capsule", "open", "answer.json", "--identity", "key"))
        assert told["request_id"] == detail["request_id"]
        assert told["request"]["form"]["texts"] == {"model_id": "scribe_v1"}
        assert server.api_key not in json.dumps(told)
        assert detail["capsule"].splitlines()[5] not in server.output()
        command(tmp_path, "workspace", "capsule-key", "--remove")
        assert "capsule" not in failed(server)
        watched = json.loads(command(tmp_path, "audit", "watch", "--once", "--json"))
        assert {one["role"] for one in watched["processes"]} == {"vault", "engine", "media", "gateway"}
        assert all(one["is_seen"] for one in watched["processes"])
