"""The three calls of the README, in Python, JavaScript and curl, as they stand there but for base URL and key.

They are the examples by which the vendor documents zero retention: `enable_logging` false, `eleven_flash_v2`,
`mp3_22050_32` and `mp3_44100_128`.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from tests.fakes.running_server import RunningServer

pytestmark = [pytest.mark.api, pytest.mark.claim("Z2")]

README = Path(__file__).resolve().parents[2] / "README.md"
BASE_URL = "http://127.0.0.1:8080"
TIMEOUT_S = 60


def example(language: str) -> str:
    """The README's first block in a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None
    return found.group(1)


def run_example(command: list[str], text: str, server: RunningServer, folder: Path) -> bytes:
    """Run an example in a folder, with nothing changed but base URL and key; return what it wrote."""
    assert BASE_URL in text
    path = folder / command[-1]
    path.write_text(text.replace(BASE_URL, server.base_url))
    surroundings = {
        name: value for name, value in os.environ.items() if not name.startswith(("ECHOLESS_", "ELEVENLABS_"))
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=surroundings | {"ECHOLESS_API_KEY": server.api_key},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    return (folder / "speech.mp3").read_bytes()


def sound_of(data: bytes) -> tuple[str, int, int, float]:
    """Codec, sample rate, bit rate and seconds of an audio file."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(audio=0))
        return stream.codec_context.name, stream.rate, stream.bit_rate or 0, samples / stream.rate


def history_ids(server: RunningServer) -> list[str]:
    status, _headers, body = server.request("GET", "/v1/history?page_size=1000")
    assert status == 200
    return [item["history_item_id"] for item in json.loads(body)["history"]]


def assert_spoken_and_not_kept(data: bytes, rate: int, bits: int, before: list[str], server: RunningServer) -> None:
    codec, sample_rate, bit_rate, seconds = sound_of(data)
    assert (codec, sample_rate, bit_rate) in {("mp3", rate, bits), ("mp3float", rate, bits)}
    assert 0.8 < seconds < 5.0, "the sentence takes one to three seconds"
    assert history_ids(server) == before


@pytest.mark.seed("S9")
@pytest.mark.seed("S17")
def test_the_python_call_speaks_and_leaves_no_history_item(server: RunningServer, tmp_path: Path) -> None:
    before = history_ids(server)
    data = run_example([sys.executable, "call.py"], example("python"), server, tmp_path)
    assert_spoken_and_not_kept(data, 22050, 32000, before, server)


@pytest.mark.seed("S19")
@pytest.mark.seed("S23")
def test_the_python_call_without_the_flag_is_kept(server: RunningServer, tmp_path: Path) -> None:
    before = history_ids(server)
    text = example("python").replace("    enable_logging=False,\n", "")
    data = run_example([sys.executable, "call.py"], text, server, tmp_path)
    (made,) = set(history_ids(server)) - set(before)
    status, _headers, kept = server.request("GET", f"/v1/history/{made}/audio")
    assert (status, kept) == (200, data)


@pytest.mark.seed("S9")
def test_the_javascript_call_speaks_and_leaves_no_history_item(server: RunningServer, tmp_path: Path) -> None:
    client = os.environ.get("ECHOLESS_JAVASCRIPT_CLIENT", "")
    node = shutil.which("node")
    if node is None or not Path(client, "node_modules/@elevenlabs/elevenlabs-js").is_dir():
        pytest.skip("Node or the JavaScript client is not installed here: script/test installs it where npm is")
    (tmp_path / "node_modules").symlink_to(Path(client, "node_modules"))
    before = history_ids(server)
    data = run_example([node, "call.mjs"], example("javascript"), server, tmp_path)
    assert_spoken_and_not_kept(data, 22050, 32000, before, server)


@pytest.mark.seed("S9")
def test_the_curl_call_speaks_and_leaves_no_history_item(server: RunningServer, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    before = history_ids(server)
    data = run_example(["sh", "call.sh"], example("sh"), server, tmp_path)
    assert_spoken_and_not_kept(data, 44100, 128000, before, server)
