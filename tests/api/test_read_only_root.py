"""The server runs where nothing can be written but its data directory, as in the sample containers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.text_sockets import VOICE
from tests.fakes.running_server import TEST_KEY, RunningServer, wait_until_ready

pytestmark = pytest.mark.api
SPEECH = f"/v1/text-to-speech/{VOICE}"
# Every mount but the kernel's own views becomes read-only; then a control, then the program.
_SCRIPT = """
set -e
data=$1; shift
mount --make-rprivate /
mount --bind "$data" "$data"
while read -r _ _ _ _ place _; do
    case $place in
    "$data" | /proc | /proc/* | /sys | /sys/*) ;;
    *) mount -o remount,bind,ro "$place" ;;
    esac
done </proc/self/mountinfo
for place in /tmp /var/tmp /dev/shm "$HOME"; do
    if (: >"$place/echoless-probe") 2>/dev/null; then echo "$place can be written" >&2; exit 9; fi
done
exec "$@"
"""


def own_mounts() -> list[str]:
    """The command that gives a process mounts of its own; empty where the host allows none."""
    for words in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        if (
            shutil.which("unshare")
            and not subprocess.run([*words, "true"], capture_output=True, check=False).returncode
        ):
            return words
    return []


@pytest.fixture
def contained(tmp_path: Path) -> Iterator[RunningServer]:
    mounts = own_mounts()
    if not mounts:
        pytest.skip("this host allows no mounts of one's own: a read-only root was NOT tried")
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ECHOLESS_")}
    environment |= {"ECHOLESS_API_KEY": TEST_KEY, "HOME": str(tmp_path), "ECHOLESS_LIVE_ENGINES": "0"}
    flags = ["--port", "0", "--data", str(data), "--engines", "1", "--gateways", "1"]
    command = [*mounts, "sh", "-c", _SCRIPT, "sh", str(data), sys.executable, "-m", "echoless", "serve", *flags]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    try:
        yield wait_until_ready(process, tmp_path)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_both_modes_work_where_only_the_data_directory_can_be_written(contained: RunningServer) -> None:
    for mode in ("zero", "default"):
        query = "?enable_logging=false" if mode == "zero" else ""
        status, headers, audio = contained.request("POST", f"{SPEECH}{query}", {"text": "Hello there."})
        assert (status, headers["x-echoless-retention"]) == (200, mode)
        assert len(audio) > 1000
    # Recordings are decoded without a file, too.
    _status, _headers, recording = contained.request("POST", f"{SPEECH}?enable_logging=false", {"text": "Hello."})
    status, _headers, body = contained.request(
        "POST", "/v1/speech-to-text?enable_logging=false", _form(recording),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )  # fmt: skip
    assert status == 200, body[:300]
    assert len(contained.request("GET", "/v1/history")[2]) > 100


def _form(recording: bytes) -> bytes:
    model = b'--b\r\ncontent-disposition: form-data; name="model_id"\r\n\r\nscribe_v1\r\n'
    head = (
        b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\ncontent-type: audio/mpeg\r\n\r\n'
    )
    return model + head + recording + b"\r\n--b--\r\n"
