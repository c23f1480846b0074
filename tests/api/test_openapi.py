"""The OpenAPI document is true: what it allows is served, what it forbids is refused, nothing is our fault."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.running_server import RunningServer, running_server

pytestmark = pytest.mark.api
VOICE_ID = "21m00Tcm4TlvDq8ikWAM"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance"
SCHEMAS = ",response_schema_conformance"
# The contract sends one JSON object a line as `application/json`: no single document, so it has no schema.
LINES = "^/v1/text-to-speech/.*/stream/with-timestamps$"
SPEECH = "^/v1/text-to-speech/(?!.*/stream/with-timestamps$)"
OTHERS = "^(?!/v1/text-to-speech/)"
# The last one would take away the key that everything is tried with.
EXCLUDED = "/v1/workspaces/api-keys/disable"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own: keys and policies are tried out on it."""
    with running_server(tmp_path_factory.mktemp("openapi"), "--engines", "1", "--gateways", "1") as running:
        yield running


@pytest.mark.claim("Z14")
@pytest.mark.parametrize(
    ("paths", "checks"),
    [(SPEECH, CHECKS + SCHEMAS), (LINES, CHECKS), (OTHERS, CHECKS + SCHEMAS)],
    ids=["speech", "lines", "others"],
)
def test_requests_made_from_the_document_are_answered_as_it_says(
    own: RunningServer, tmp_path: Path, paths: str, checks: str
) -> None:
    (tmp_path / "schemathesis.toml").write_text(f'[parameters]\n"path.voice" = "{VOICE_ID}"\n')
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{own.base_url}/openapi.json",
        "--header", f"xi-api-key: {own.api_key}", "--checks", checks, "--phases", "examples,coverage,fuzzing",
        "--max-examples", "8", "--seed", "1", "--include-path-regex", paths, "--exclude-path", EXCLUDED,
        "--no-color",
    ]  # fmt: skip
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "Tested:" in run.stdout
