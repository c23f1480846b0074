"""The import contracts hold, and each finds the violation that is meant for it.

A copy of the package gets one bad file, and lint-imports must name that contract as broken.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.sources import ROOT

pytestmark = pytest.mark.house


@dataclass(frozen=True)
class Violation:
    """A bad file that breaks one contract.

    contract: id of the contract that must be broken
    path:     where in the package the file is
    """

    contract: str
    path: str
    text: str


VIOLATIONS = (
    Violation("planes", "volatile/speech/bad.py", "import echoless.vault\n"),
    Violation("planes", "vault/stores/bad.py", "import echoless.volatile\n"),
    Violation("planes", "core/bad.py", "import echoless.crossing\n"),
    Violation("planes", "newcomer/__init__.py", ""),
    Violation("volatile", "volatile/speech/bad.py", "import echoless.volatile.engines\n"),
    Violation("volatile", "volatile/gateway/bad.py", "import echoless.volatile.engines\n"),
    Violation("volatile", "volatile/egress/bad.py", "import echoless.volatile.gateway\n"),
    Violation("volatile", "volatile/newcomer/__init__.py", ""),
    Violation("vault", "vault/stores/bad.py", "import echoless.vault.intake\n"),
    Violation("vault", "vault/intake/bad.py", "import echoless.vault.queries\n"),
    Violation("vault", "vault/erasure/bad.py", "import echoless.vault.intake\n"),
    Violation("no-storage", "volatile/engines/bad.py", "import sqlite3\n"),
    Violation("no-storage", "volatile/gateway/bad.py", "import tempfile\n"),
    Violation("no-storage", "crossing/bad.py", "import pickle\n"),
    Violation("stores", "vault/intake/bad.py", "import sqlalchemy\n"),
    Violation("one-journal", "vault/bad.py", "import logging\n"),
    Violation("one-web", "vault/bad.py", "import uvicorn\n"),
    Violation("one-web", "volatile/engines/bad.py", "import uvicorn\n"),
    Violation("one-models", "volatile/gateway/bad.py", "import av\n"),
    Violation("one-models", "vault/bad.py", "import espeakng_loader\n"),
    Violation("one-way-out", "volatile/gateway/bad.py", "import httpx2\n"),
    Violation("one-way-out", "vault/bad.py", "import httpx2\n"),
    Violation("one-mail", "vault/bad.py", "import aiosmtplib\n"),
    Violation("one-mail", "volatile/gateway/bad.py", "import aiosmtplib\n"),
    Violation("pure", "retention/bad.py", "import time\n"),
    Violation("pure", "volatile/speech/bad.py", "import asyncio\n"),
    Violation(
        "routes",
        "volatile/gateway/routes/bad.py",
        "import echoless.volatile.gateway.routes.history\n",
    ),
    Violation("engines", "volatile/engines/codecs/bad.py", "import echoless.volatile.engines.tts\n"),
    Violation("acyclic", "vault/stores/bad.py", "import echoless.vault.stores.worse\n"),
)
CONTRACT_IDS = re.findall(
    r'^id = "([a-z-]+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
)


def broken_contracts(folder: Path, *contracts: str) -> tuple[int, str]:
    """Run lint-imports on the package in a folder; return its exit status and what it printed."""
    chosen = [word for contract in contracts for word in ("--contract", contract)]
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()",
         "--config", str(ROOT / "pyproject.toml"), "--no-cache", "--no-logo", *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "src/echoless", folder / "echoless", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_all_contracts_hold(package: Path) -> None:
    status, said = broken_contracts(package)
    assert status == 0, said
    assert f"{len(CONTRACT_IDS)} kept, 0 broken" in said


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda violation: f"{violation.contract}: {violation.path}")
def test_each_contract_finds_its_violation(package: Path, violation: Violation) -> None:
    bad = package / "echoless" / violation.path
    made = [folder for folder in (bad.parent,) if not folder.exists()]
    bad.parent.mkdir(exist_ok=True)
    bad.write_text(violation.text)
    worse = bad.with_name("worse.py")
    worse.write_text("import echoless.vault.stores.bad\n" if violation.contract == "acyclic" else "")
    try:
        status, said = broken_contracts(package, violation.contract)
    finally:
        bad.unlink()
        worse.unlink()
        for folder in made:
            folder.rmdir()
    assert status == 1, said
    assert "0 kept, 1 broken" in said, said


def test_every_contract_has_a_violation() -> None:
    assert {violation.contract for violation in VIOLATIONS} == set(CONTRACT_IDS)
