"""The locks: exact versions with hashes, no addresses, and the same versions in both."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from tests.house.sources import ROOT, python_sources

pytestmark = pytest.mark.house

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-elevenlabs-2.59.lock")


def pins(text: str) -> dict[str, set[str]]:
    """The versions of each package; by marker there may be several."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", text, flags=re.MULTILINE):
        found.setdefault(normalised(name), set()).add(version)
    return found


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def faults(text: str) -> list[str]:
    """What a lock must not have: a package without hash, an address, an option."""
    blocks = re.split(r"\n(?=\S)", text.strip())
    return [
        block.splitlines()[0]
        for block in blocks
        if "://" in block or block.startswith("-") or "==" not in block or "--hash=sha256:" not in block
    ]


def project() -> dict[str, list[str]]:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = data["dependency-groups"]
    dev = [line for line in groups["dev"] if isinstance(line, str)] + groups["build"]
    return {"requirements.lock": data["project"]["dependencies"] + groups["build"], "requirements-dev.lock": dev}


@pytest.mark.parametrize("name", LOCKS)
def test_each_package_has_a_version_and_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert pins(text)
    assert faults(text) == []


def test_a_bad_lock_is_found() -> None:
    good = "a==1 \\\n    --hash=sha256:00\n"
    assert faults(good) == []
    for bad in ("b==1", "b>=1 \\\n    --hash=sha256:00", "--find-links x", "b @ https://example.org/b.whl"):
        assert faults(good + bad + "\n") == [bad.splitlines()[0]]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_has_everything_that_the_project_names(name: str) -> None:
    locked = pins((ROOT / name).read_text(encoding="utf-8"))
    for requirement in project()[name]:
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        assert found is not None
        assert normalised(found.group()) in locked, f"{requirement}: run script/lock"


def test_both_locks_have_the_same_versions() -> None:
    runtime, dev = (pins((ROOT / name).read_text(encoding="utf-8")) for name in LOCKS[:2])
    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_javascript_lock_has_hashes_and_no_address() -> None:
    packages = json.loads((ROOT / "tests/api/javascript/package-lock.json").read_text(encoding="utf-8"))["packages"]
    others = {name: package for name, package in packages.items() if name}
    assert others
    for name, package in others.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


@pytest.mark.parametrize("name", LOCKS[:2])
def test_each_locked_package_has_its_licence_in_the_table(name: str) -> None:
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| ([a-z0-9-]+) \| ([^|]+) \|$", text, flags=re.MULTILINE))
    for package in pins((ROOT / name).read_text(encoding="utf-8")):
        assert listed.get(package, "").strip(), f"{package} has no licence in THIRD_PARTY.md"


# Names under which packages are imported, where they differ; and packages that are used without an import.
IMPORT_NAMES = {
    "pyahocorasick": "ahocorasick", "hatchling": "", "editables": "", "pyworld-prebuilt": "pyworld",
    "webrtcvad-wheels": "webrtcvad", "python-docx": "docx", "argon2-cffi": "argon2",
}  # fmt: skip
USED_WITHOUT_IMPORT = {
    "httptools": "uvicorn's parser, chosen by name",
    "asyncpg": "SQLAlchemy's driver of PostgreSQL, chosen by the scheme of its addresses",
}


def test_every_dependency_is_used() -> None:
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = [re.split(r"[\[<>=!~ ]", dependency)[0] for dependency in dependencies]
    imported = {
        alias
        for source in python_sources("src")
        for alias in re.findall(r"^\s*(?:from|import) ([a-z_0-9]+)", source.text, flags=re.MULTILINE)
    }
    unused = [
        name
        for name in names
        if name not in USED_WITHOUT_IMPORT and IMPORT_NAMES.get(name, name.replace("-", "_")) not in imported
    ]
    assert unused == [], "take them from pyproject.toml and run script/lock"
