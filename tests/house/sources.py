"""The files that the house rules look at."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis",
             ".import_linter_cache", "data", "build", "dist", "node_modules"}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One Python file.

    module: its dotted name, `echoless.core.ids` or `tests.house.sources`
    """

    path: str
    module: str
    text: str = field(repr=False)

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    def is_in(self, *packages: str) -> bool:
        return any(self.module == package or self.module.startswith(f"{package}.") for package in packages)


def seeded(module: str, text: str) -> Source:
    """A file that does not exist, to show that a rule finds what it is for."""
    return Source(f"src/{module.replace('.', '/')}.py", module, text)


@cache
def repository_files() -> tuple[Path, ...]:
    """What is in the repository or could be added to it: never what is ignored."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        # A copy without its history, as script/as-user makes.
        paths = [path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in paths if path.is_file()))


def python_sources(folder: str) -> tuple[Source, ...]:
    """All Python files below `src` or `tests`."""
    sources = []
    for path in repository_files():
        relative = path.relative_to(ROOT)
        if path.suffix == ".py" and relative.parts[0] == folder:
            parts = relative.with_suffix("").parts[1:] if folder == "src" else relative.with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            sources.append(Source(str(relative), module, path.read_text(encoding="utf-8")))
    assert sources, f"no Python files found below {folder}"
    return tuple(sources)
