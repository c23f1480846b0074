"""The register of the retention checks C1 to C62: each is run by the audit, proved by named tests, or has the
reason why it does not apply.

The numbers never change. A test of the house looks up every reference and misses every number that is not there.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any, Final

CHECK_COUNT: Final = 62
_FILE: Final = "checks.toml"


class Runner(StrEnum):
    """Who runs a check against a server that lives."""

    AUDIT = "audit"
    LIVE = "live"
    LAB = "lab"
    MUTATIONS = "mutations"
    LEAKS = "leaks"


@dataclass(frozen=True, slots=True)
class RegisteredCheck:
    """One of the numbered checks.

    says:   what holds where it passes
    run_by: who runs it against a server; nobody where tests alone show it
    tests:  files below `tests/`, each with the name of a function
    reason: why it does not apply, or how far; empty where it applies as it is said
    """

    number: int
    group: str
    says: str
    run_by: tuple[Runner, ...] = ()
    tests: tuple[str, ...] = ()
    reason: str = ""

    @property
    def code(self) -> str:
        """How tests and reports cite it, for example `C16`."""
        return f"C{self.number}"


def registered_checks() -> tuple[RegisteredCheck, ...]:
    """Return the register, in order of number."""
    text = resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    return tuple(_check(row) for row in tomllib.loads(text)["check"])


def _check(row: dict[str, Any]) -> RegisteredCheck:
    return RegisteredCheck(
        number=row["number"], group=row["group"], says=row["says"],
        run_by=tuple(Runner(word) for word in row.get("run_by", ())),
        tests=tuple(row.get("tests", ())), reason=row.get("reason", ""),
    )  # fmt: skip
