"""An installation of an altered copy of this program, in a directory and with an interpreter of its own.

Children of a server get no variable that could name another copy. So the copy has an interpreter that finds it by
itself: a virtual environment of two files, whose packages are the copy first and then those of this installation.
source: PEP 405, the module `site`
"""

from __future__ import annotations

import compileall
import shutil
import site
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from echoless.audit.altered.alteration import Alteration, Change, apply

_PACKAGE: Final = Path(__file__).resolve().parents[2]
# Behind its wall a process may read the packages of its environment; those of the copy are those of the original.
_PATHS_FILE: Final = "confinement/profile.py"
_PATHS: Final = "        *site.getsitepackages(),\n"


def install_altered(directory: Path, alterations: Iterable[Alteration]) -> Path:
    """Copy the installed program, alter the copy, and return the interpreter that runs it.

    directory: empty; removing it removes the installation
    raises:    EcholessError(CONFIGURATION) where an alteration does not fit
    """
    packages = [place for place in site.getsitepackages() if Path(place).is_dir()]
    copied = directory / "altered" / _PACKAGE.name
    shutil.copytree(_PACKAGE, copied)
    readable = "".join(f"        {place!r},\n" for place in packages)
    apply(copied, [*alterations, Change(_PATHS_FILE, _PATHS, _PATHS + readable)])
    # Its processes may write nothing, so what they would compile at every start is compiled here.
    compileall.compile_dir(copied, quiet=2)
    return _environment(directory / "environment", [str(copied.parent), *packages])


def _environment(directory: Path, places: Iterable[str]) -> Path:
    """Make an environment whose packages are those of some places, in order; return its interpreter."""
    base = Path(sys.executable).resolve()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = directory / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    (directory / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")
    # Read in order; files of this kind in the places themselves are not, so no other copy comes before ours.
    (packages / "altered.pth").write_text("".join(f"{place}\n" for place in places))
    interpreter = directory / "bin" / "python"
    interpreter.parent.mkdir()
    interpreter.symlink_to(base)
    return interpreter
