"""What may be set for backups: who opens them, and where they go."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Final

_RECIPIENT: Final = re.compile(r"age1[a-z0-9]{58}")


def check_recipients(text: str) -> None:
    """See that a setting names age recipients only. The vault looks closer: it knows which of them are keys.

    text:   several are parted by commas; empty for none
    raises: ValueError, in words for the operator
    """
    words = (word.strip() for word in text.split(",") if word.strip())
    if not all(_RECIPIENT.fullmatch(word) for word in words):
        raise ValueError("backup_recipients are age recipients (age1...), parted by commas")


def backup_paths(data: Path, archives: str, keys: str) -> tuple[Path, Path]:
    """Return where archives of the vault go, and those of keys: as set, or beside the data directory."""
    return Path(archives or f"{data}-backups").resolve(), Path(keys or f"{data}-backup-keys").resolve()


def check_apart(*places: Path) -> None:
    """See that none of these folders is in another: keys must not lie with what they open.

    raises: ValueError, in words for the operator
    """
    for first, second in itertools.permutations(places, 2):
        if first.is_relative_to(second):
            raise ValueError("data, backup_directory and backup_keys_directory must lie apart")
