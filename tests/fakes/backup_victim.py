"""A process that takes or restores a backup and kills itself, with no chance to clean up, at a named place.

`python -m tests.fakes.backup_victim ROOT IDENTITY take|restore PLACE NUMBER`: ROOT has `data`, `archives`, `keys`;
the PLACE is a function, the process dies at its NUMBERth call, before anything of it is done.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from echoless.core.journal import MemoryJournal
from echoless.crossing.control import BackupRules
from echoless.vault.backups.age_keys import identity_of, recipient_of
from echoless.vault.backups.catalogue import BackupPlaces
from echoless.vault.backups.restoring import Restorer
from echoless.vault.service.opening import open_vault
from echoless.vault.stores.directory import DataDirectory
from tests.fakes.gateway_double import TurnedClock, config_for


def die_at(place: str, number: int) -> None:
    """Put the end of this process into the way of a function."""
    *path, name = place.split(".")
    is_method = path[-1][0].isupper() or path[-1].startswith("_C")
    module = importlib.import_module(".".join(path[:-1] if is_method else path))
    owner: Any = getattr(module, path[-1]) if is_method else module
    function, calls = getattr(owner, name), []

    def wrapped(*arguments: Any, **named: Any) -> Any:
        calls.append(None)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    setattr(owner, name, wrapped)


async def take(root: Path, identity: Any) -> None:
    rules = BackupRules(str(root / "archives"), str(root / "keys"), str(recipient_of(identity)), 0, 30, False)
    config = config_for(root / "data", backups=rules)
    async with open_vault(config, TurnedClock(), MemoryJournal()) as vault:
        assert vault.backups is not None
        await vault.backups.take()


async def restore(root: Path, identity: Any) -> None:
    places = BackupPlaces(root / "archives", root / "keys")
    directory = DataDirectory(root / "data")
    restorer = Restorer(directory, places, [identity], TurnedClock(), MemoryJournal(), is_replacing=True)
    await restorer.restore(None, lambda _step, _fraction: None)


if __name__ == "__main__":
    root, identity, act, place, number = sys.argv[1:]
    die_at(place, int(number))
    asyncio.run({"take": take, "restore": restore}[act](Path(root), identity_of(identity)))
