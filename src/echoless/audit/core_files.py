"""Core files: where this host puts them, and which are new.

A host that hands cores to a program instead (a pattern that begins with `|`) is searched where such programs keep
them. A process of our own that may leave one is crashed first: where its core is not found, a search for others
would prove nothing.
source: core(5)
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PATTERN_PATH: Final = Path("/proc/sys/kernel/core_pattern")
_KEPT_BY_PROGRAMS: Final = (
    Path("/var/lib/systemd/coredump"), Path("/var/crash"), Path("/var/lib/apport/coredump"),
)  # fmt: skip
_ELF: Final = b"\x7fELF"
_CORE_TYPE: Final = 4  # ET_CORE, elf(5)
_CRASH: Final = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
_CRASHED_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class CorePlaces:
    """Where cores can appear.

    is_handed_over: the host gives them to a program
    """

    directories: tuple[Path, ...]
    is_handed_over: bool

    @classmethod
    def of(cls, pattern: str, working_directories: Iterable[Path]) -> CorePlaces:
        """Return the places for a pattern; a relative one is beside whoever crashed."""
        if pattern.startswith("|"):
            return cls(_KEPT_BY_PROGRAMS, True)
        if pattern.startswith("/"):
            return cls((Path(pattern).parent,), False)
        return cls(tuple(dict.fromkeys(working_directories)), False)

    def cores(self) -> frozenset[Path]:
        """Return the core files that are there; of programs that keep them packed, every file."""
        return frozenset(path for directory in self.directories for path in self._in(directory))

    def _in(self, directory: Path) -> Iterator[Path]:
        try:
            entries = sorted(directory.iterdir())
        except OSError:
            return
        for path in entries:
            if path.is_file() and not path.is_symlink() and (self.is_handed_over or is_core(path)):
                yield path


def is_core(path: Path) -> bool:
    """Whether a file is a core of a process; one that cannot be read is none that we could judge."""
    try:
        with path.open("rb") as file:
            head = file.read(18)
    except OSError:
        return False
    return head[:4] == _ELF and len(head) == 18 and int.from_bytes(head[16:18], sys.byteorder) == _CORE_TYPE


def host_pattern() -> str:
    """Return the host's pattern of names."""
    return PATTERN_PATH.read_text(encoding="utf-8", errors="replace").strip()


def leaves_a_core(place: Path, pattern: str) -> bool | None:
    """Crash a process of our own that may leave a core, and remove what it left.

    place:   where it works
    returns: whether its core was found; None where this user may not have one at all
    """
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        return None
    places = CorePlaces.of(pattern, [place])
    before = places.cores()
    crashed = subprocess.run(  # noqa: S603  # our own interpreter, told to crash
        [sys.executable, "-I", "-S", "-c", _CRASH], cwd=place, preexec_fn=_let_core_be,
        timeout=_CRASHED_WITHIN_S, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert crashed.returncode == -signal.SIGSEGV, "a process that was told to crash has crashed"
    found = places.cores() - before
    for path in found:
        if not places.is_handed_over:
            path.unlink()
    return bool(found)


def _let_core_be() -> None:
    """Allow a core as large as may be."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def core_limit_of(pid: int) -> str:
    """Return a process's limit on cores as the kernel states it: soft and hard."""
    lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
    words = next(line for line in lines if line.startswith("Max core file size")).split()
    return f"{words[4]} {words[5]}"


def working_directory_of(pid: int) -> Path:
    """Return where a process works."""
    return Path(os.readlink(f"/proc/{pid}/cwd"))  # noqa: PTH115  # the kernel's own link, taken as it stands
