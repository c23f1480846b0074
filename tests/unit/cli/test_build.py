"""`echoless build`: the hash of receipts, and what the program is made of (C58)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import sys
from pathlib import Path

import pytest

import echoless
from echoless.cli.build import installed_parts
from echoless.core.build import build_hash
from echoless.core.errors import EcholessError, ErrorCode
from tests.unit.cli.conftest import Run

pytestmark = pytest.mark.unit


def test_the_hash_is_that_of_receipts_and_can_be_worked_out_from_the_files_shown(run: Run) -> None:
    shown = dict(line.split("\t") for line in run("build", "--files").stdout.splitlines())
    assert shown.pop("version") == echoless.__version__
    stated = shown.pop("build_hash")
    whole = hashlib.sha256()
    for name in sorted(shown):
        whole.update(name.encode() + b"\0" + bytes.fromhex(shown[name]))
    assert (stated, stated) == (whole.hexdigest(), build_hash())
    package = Path(echoless.__file__).parent
    assert shown["core/build.py"] == hashlib.sha256((package / "core/build.py").read_bytes()).hexdigest()


def test_the_bill_of_materials_names_the_build_and_each_package_as_installed(run: Run, tmp_path: Path) -> None:
    assert run("build", "--sbom", str(tmp_path / "sbom.json")).exit_code == 0
    bill = json.loads((tmp_path / "sbom.json").read_text())
    program = bill["metadata"]["component"]
    assert program["hashes"] == [{"alg": "SHA-256", "content": build_hash()}]
    parts = {part["name"]: part["version"] for part in bill["components"]}
    for name in ("cryptography", "msgspec", "cffi", "lameenc"):
        assert parts[name] == importlib.metadata.version(name)
    assert parts.items() == installed_parts()
    assert "pytest" not in parts
    assert "faster-whisper" not in parts


def test_without_the_library_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cyclonedx.model", None)
    answer = run("build", "--sbom", "nowhere.json")
    assert isinstance(answer.exception, EcholessError)
    assert answer.exception.code is ErrorCode.CONFIGURATION
    assert "echoless[sbom]" in answer.exception.public_description
