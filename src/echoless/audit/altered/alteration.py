"""One change to a copy of the program's sources: text for text, and it must fit exactly one place.

A change whose place has moved fails loudly: a build that is like the original would be audited for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from echoless.core.errors import EcholessError, ErrorCode


@dataclass(frozen=True, slots=True)
class Change:
    """Text in place of other text.

    path: below the package, for example `retention/decision.py`
    old:  stands in that file exactly once
    """

    path: str
    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Addition:
    """A file that the package did not have.

    path: below the package
    """

    path: str
    text: str = field(repr=False)


Alteration = Change | Addition


def apply(package: Path, alterations: Iterable[Alteration]) -> None:
    """Alter a copy of the package.

    raises: EcholessError(CONFIGURATION) where a change does not fit exactly one place, or a file is there already
    """
    for alteration in alterations:
        path = package / alteration.path
        if isinstance(alteration, Addition):
            _require(not path.exists(), alteration.path, "is there already")
            path.write_text(alteration.text, encoding="utf-8")
            continue
        _require(path.is_file(), alteration.path, "is not there")
        text = path.read_text(encoding="utf-8")
        count = text.count(alteration.old)
        _require(count == 1, alteration.path, f"has the place of the change {count} times")
        changed = text.replace(alteration.old, alteration.new)
        _require(changed != text, alteration.path, "would stay as it is")
        path.write_text(changed, encoding="utf-8")


def _require(is_met: bool, path: str, reason: str) -> None:
    if not is_met:
        raise EcholessError(ErrorCode.CONFIGURATION, f"the program cannot be altered: {path} {reason}")
