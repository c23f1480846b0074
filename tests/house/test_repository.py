"""Rules about everything that is in the repository, whatever language it is in."""

from __future__ import annotations

import re

import pytest

from tests.house.sources import ROOT, repository_files

pytestmark = pytest.mark.house

# Written so that this file does not hold the words itself.
FORBIDDEN = {
    "the host of a package registry": re.compile(
        "|".join(
            ["pypi" r"\.org", "pythonhosted" r"\.org", r"registry\.npm" "js", "yarnpkg" r"\.com", "deb" r"\.debian"]
        )
    ),
    "a path of one machine": re.compile(r"(?<![\w.])/(wor" r"k|roo" r"t|opt/" r"v|home/[a-z]+/src)/"),
    "a folder beside the repository": re.compile(r"(?<![\w/-])(shar" r"ed/|\.libra" r"ry\b)"),
    "an API key": re.compile(r"\bsk_[0-9a-f]{48}\b"),
    "a private key": re.compile("-----BEGIN " r"[A-Z ]*PRIVATE KEY-----"),
    "a mark of an unfinished merge": re.compile(r"^(<{7}|>{7}) ", re.MULTILINE),
    "an issue's number": re.compile(r"\b[Ii]ssue #?\d+|\bthe " r"issue says"),
}
SEEDED = {
    "the host of a package registry": "https://files." + "pythonhosted" + ".org/x",
    "a path of one machine": "in " + "/wor" + "k/main/src",
    "a folder beside the repository": "see " + "shar" + "ed/design.md",
    "an API key": "sk_" + "0f" * 24,
    "a private key": "-----BEGIN " + "EC PRIVATE KEY-----",
    "a mark of an unfinished merge": "<" * 7 + " HEAD",
    "an issue's number": "as iss" + "ue 12 wants",
}


def texts() -> list[tuple[str, str]]:
    """Every file that is text, with its path."""
    found = []
    for path in repository_files():
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((str(path.relative_to(ROOT)), data.decode("utf-8")))
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds_what_it_must_not(what: str) -> None:
    found = [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in texts()
        for match in FORBIDDEN[what].finditer(text)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_must_not_be_there_is_found(what: str) -> None:
    assert FORBIDDEN[what].search(SEEDED[what])


def test_scripts_can_be_run() -> None:
    scripts = [path for path in repository_files() if path.parent in {ROOT / "script", ROOT / ".ci"}]
    assert scripts
    for path in scripts:
        assert path.stat().st_mode & 0o100, f"{path} is not executable"
        assert path.read_text(encoding="utf-8").startswith("#!"), f"{path} does not say what runs it"


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
