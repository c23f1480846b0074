"""A server whose keys turned is verified from the first keys that somebody saved, by the real command (C8, C9)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.test_receipts import keys_of, receipt_of, speak
from tests.fakes.running_server import RunningServer, running_server

pytestmark = [pytest.mark.api, pytest.mark.claim("Z33")]
TIMEOUT_S = 60.0
URL = "--url"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RunningServer]:
    """One that no other test has keys of."""
    with running_server(tmp_path, "--engines", "1", "--gateways", "1") as server:
        yield server


def typed(*words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Type a command, as somebody does who has nothing else of us."""
    done = subprocess.run(
        [sys.executable, "-m", "echoless", *words], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == status, (words, done.stdout, done.stderr)
    return done


def turn(server: RunningServer, *options: str) -> None:
    typed("proof", "rotate", *options, "--data", str(server.data_directory))
    receipt_of(server, speak(server, "enable_logging=false"))


def test_two_turns_of_the_logs_key_are_followed_from_the_first_keys(
    own_server: RunningServer, tmp_path: Path
) -> None:
    server, keys, seen, new = own_server, tmp_path / "first.json", tmp_path / "seen", tmp_path / "new.json"
    receipt_of(server, speak(server, "enable_logging=false"))
    keys.write_text(json.dumps(keys_of(server)))
    log = ("verify", "log", "--keys", str(keys), URL, server.base_url)
    typed(*log, "--save", str(seen))
    for options in (("--log",), (), ("--log",), ()):
        turn(server, *options)
    verified = typed(*log, "--since", str(seen), "--save-keys", str(new))
    assert "the key of the log turned" in verified.stderr
    assert "the key of receipts turned" in verified.stderr
    assert "are those that were seen" in verified.stdout
    again = typed("verify", "log", "--keys", str(new), URL, server.base_url)
    assert "turned" not in again.stderr
    listed = typed("verify", "keys", "--keys", str(keys), URL, server.base_url).stdout.splitlines()
    assert [line.split("\t")[0] for line in listed[:-1]] == ["log", "log", "receipts", "receipts"]

    # A receipt that keys signed of which the saved ones know nothing.
    receipt, mirror = tmp_path / "receipt.json", tmp_path / "mirror"
    receipt.write_text(json.dumps(receipt_of(server, speak(server, "enable_logging=false"))))
    typed("verify", "receipt", str(receipt), "--keys", str(keys), status=2)
    typed("verify", "receipt", str(receipt), "--keys", str(new))
    held = typed("verify", "receipt", str(receipt), "--keys", str(keys), URL, server.base_url)
    assert "The log has it as entry" in held.stdout

    # A mirror that began with the first keys serves whoever has only those.
    typed("proof", "mirror", str(mirror), "--keys", str(keys), URL, server.base_url)
    copied = typed("verify", "log", "--keys", str(keys), "--dir", str(mirror))
    assert "the key of the log turned" in copied.stderr
    typed("proof", "inclusion", "0", "--keys", str(keys), "--dir", str(mirror), "--out", str(tmp_path / "0"))

    # And one link that is missing leads nobody on.
    listed_keys = json.loads((mirror / "keys").read_text())
    del listed_keys["log_keys"][2]["handover"]
    (mirror / "keys").write_text(json.dumps(listed_keys))
    refused = typed("verify", "log", "--keys", str(keys), "--dir", str(mirror), status=1)
    assert "this turn cannot be followed" in refused.stdout
