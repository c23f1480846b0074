"""`echoless migrate`: move everything from a data directory with SQLite and files to PostgreSQL and S3."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from echoless.cli.progress import progress_bars
from echoless.cli.screen import show_line, show_note
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.data_directory import DirectoryLock, holder_of
from echoless.supervisor.stores import store_access

FromOption = Annotated[Path, typer.Option("--from", help="The data directory to move from. It is not changed.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate_command)


def migrate_command(source: FromOption, config: ConfigOption = None, data: DataOption = None) -> None:
    """Move everything to the database and the bucket of the configuration, and to its new data directory.

    A move that was interrupted goes on where it was. Nothing of the source is changed or removed.
    """
    # Loaded only here: databases are nothing for a client of the running server.
    from echoless.vault.service.opening import places_of
    from echoless.vault.stores.directory import DataDirectory
    from echoless.vault.stores.moving import Mover

    settings = config_of(config=config, data=data)
    source, target = source.resolve(), Path(settings.data).resolve()
    places = places_of(store_access(settings))
    if places.database is None:
        raise EcholessError(ErrorCode.CONFIGURATION, "set database_url: it says where to move to")
    if source == target:
        raise EcholessError(ErrorCode.CONFIGURATION, "the data directory to move to is a new one, not the old")
    if holder_of(source):
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"a server runs on {source}: stop it first")
    lock = DirectoryLock.acquire(target)
    try:
        with progress_bars() as bars:
            mover = Mover(DataDirectory(source), DataDirectory(target), places, bars.step)
            moved = asyncio.run(mover.run())
    finally:
        lock.release()
    show_line(f"{moved.row_count} rows and {moved.object_count} objects are moved to {target} and compared")
    show_note(
        f"{source} still holds everything, also what will be deleted from now on. Start the server on the new data "
        "directory, look around, then remove the old one."
    )
