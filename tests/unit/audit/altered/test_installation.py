"""An altered installation runs its own copy of the program, with the libraries of this one. (C60)"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy
import pytest

from echoless.audit.altered.alteration import Change
from echoless.audit.altered.installation import install_altered
from echoless.core import journal
from echoless.core.errors import EcholessError

pytestmark = pytest.mark.unit

_ASKED = "import echoless, numpy, echoless.core.journal as j; print(echoless.__file__, numpy.__file__, j.ALTERED)"
_CHANGE = Change("core/journal.py", "_NUMBER_MAX: Final = 2**53\n", "_NUMBER_MAX: Final = 2**53\nALTERED = 7\n")


def _said_by(interpreter: Path, program: str) -> list[str]:
    """Run a program as children of a server are run: with no variable that could name a package."""
    command = [str(interpreter), "-P", "-c", program]
    return subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=True).stdout.split()


def test_an_altered_installation_imports_its_own_copy_and_our_libraries(tmp_path: Path) -> None:
    interpreter = install_altered(tmp_path, [_CHANGE])
    copy, library, altered = _said_by(interpreter, _ASKED)
    assert Path(copy).is_relative_to(tmp_path)
    assert Path(library) == Path(numpy.__file__)
    assert altered == "7"
    assert not hasattr(journal, "ALTERED"), "the original is as it was"


def test_processes_of_an_altered_installation_may_read_our_libraries_behind_their_wall(tmp_path: Path) -> None:
    interpreter = install_altered(tmp_path, [])
    program = "from echoless.confinement.profile import interpreter_paths as p; print(*p())"
    site_packages = Path(numpy.__file__).parents[1]
    assert str(site_packages) in _said_by(interpreter, program)


def test_nothing_is_installed_where_a_change_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(EcholessError):
        install_altered(tmp_path, [Change("core/journal.py", "no such line", "x")])
    assert not (tmp_path / "environment").exists()
