"""Commands as documents show them: blocks of `sh`, each with the words that it must answer in a block of `text`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_MARK = "=== block {} ==="
ANYTHING = "…"


@dataclass(frozen=True)
class Shown:
    """One block of commands.

    expected: what must be answered, where the document says so
    """

    commands: str
    expected: str | None
    line: int


def shown_in(path: Path) -> list[Shown]:
    """Return all blocks of commands of a document, in order."""
    text = path.read_text(encoding="utf-8")
    found: list[Shown] = []
    for match in _BLOCK.finditer(text):
        if match[1] == "sh":
            found.append(Shown(match[2], None, text.count("\n", 0, match.start()) + 1))
        elif match[1] == "text":
            assert found and found[-1].expected is None, "an answer without its commands"
            found[-1] = Shown(found[-1].commands, match[2], found[-1].line)
    return found


def run(blocks: list[Shown], directory: Path, environment: Mapping[str, str], timeout_s: float) -> list[str]:
    """Run all blocks in one shell, as one who reads on would; return what each answered.

    The first command that fails ends it, and is named by its block.
    """
    script = ["set -euo pipefail"]
    for number, block in enumerate(blocks):
        script += [f"echo '{_MARK.format(number)}'", block.commands]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=directory, env=dict(environment), capture_output=True, text=True,
        timeout=timeout_s, check=False,
    )  # fmt: skip
    parts = re.split(r"^=== block \d+ ===\n", done.stdout, flags=re.MULTILINE)[1:]
    reached = blocks[len(parts) - 1].line if parts else 0
    assert done.returncode == 0, f"the block in line {reached} failed:\n{parts[-1:]}\n{done.stderr}"
    return parts


def fits(answered: str, expected: str) -> bool:
    """Say whether an answer is the expected one; an ellipsis stands for anything, also for several lines."""
    pattern = "".join(".*" if part == ANYTHING else re.escape(part) for part in re.split(f"({ANYTHING})", expected))
    return re.fullmatch(pattern, answered, re.DOTALL) is not None
