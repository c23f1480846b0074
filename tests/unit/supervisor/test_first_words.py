"""The first words of a server."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from echoless.supervisor.config import ServerConfig
from echoless.supervisor.first_words import FIRST_KEY_NAME, Welcome, hand_over_key
from echoless.supervisor.role_configs import ResolvedTLS
from echoless.supervisor.terminal import Terminal

pytestmark = pytest.mark.unit


def welcome(**changes: str) -> Welcome:
    return Welcome(ServerConfig(data="data", **changes), ResolvedTLS(), 8080, 0.0)  # type: ignore[arg-type]  # words


def words(missing: tuple[str, ...] = (), **changes: str) -> str:
    return "\n".join(welcome(**changes).lines(missing, 1.0))


@pytest.mark.claim("Z4")
@pytest.mark.parametrize("missing", [(), ("swap",)])
def test_best_effort_is_said_at_every_start(missing: tuple[str, ...]) -> None:
    """Also on a host that misses nothing today."""
    assert "BEST EFFORT" in words(missing, assurance="best_effort")
    assert "BEST EFFORT" not in words(missing)


def test_a_host_that_misses_something_is_told_what() -> None:
    assert "full assurance" in words()
    assert "refused on this host. Missing: swap" in words(("swap",))


def test_the_line_to_try_reads_the_key_from_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a place with blanks"
    folder.mkdir()
    monkeypatch.setattr("sys.stdout", io.StringIO())
    spoken = welcome()
    spoken.first_key = "sk_0123456789abcdef"
    hand_over_key(spoken, folder, Terminal(io.StringIO(), is_interactive=False))
    assert spoken.first_key == ""
    assert (folder / FIRST_KEY_NAME).stat().st_mode & 0o777 == 0o600
    found = re.search(r'xi-api-key: (\$\(cat .*\))" ', "\n".join(spoken.lines((), 1.0)))
    assert found is not None
    shown = subprocess.run(["/bin/sh", "-c", f'echo "{found[1]}"'], capture_output=True, text=True, timeout=10)
    assert shown.stdout == "sk_0123456789abcdef\n"
    assert shlex.quote(str(folder / FIRST_KEY_NAME)) in found[1]


def test_without_a_file_the_line_names_the_variable() -> None:
    shown = words()
    assert "with the key in ECHOLESS_API_KEY:" in shown
    assert "$ECHOLESS_API_KEY" in shown
