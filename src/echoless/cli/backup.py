"""`echoless backup keygen | run | list | verify | restore`: sealed archives, and how to come back from them.

`run` asks the running server, or takes the backup itself while none runs. `list` and `verify` read the folders
alone. `restore` needs the server to be stopped, and the operator's identity file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from echoless.cli.operator_door import ask
from echoless.cli.progress import ProgressBars, progress_bars
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.crossing.backup_records import AskBackup, BackupState, RunBackup
from echoless.crossing.control import VaultConfig
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.data_directory import DirectoryLock, holder_of
from echoless.supervisor.plan import Role, Slot
from echoless.supervisor.role_configs import ResolvedTLS, role_config
from echoless.vault.backups.catalogue import BackupPlaces, stem_of
from echoless.vault.backups.manifest import BackupNote

_LOOK_S: Final = 0.2
_KEYGEN_HINT: Final = (
    "no backups are taken: set backup_recipients to the public key of an identity; "
    "'echoless backup keygen' makes one"
)
IdentityOption = Annotated[
    Path | None, typer.Option("--identity", metavar="FILE", help="Identity file that opens backups.")
]
IdArgument = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="As `backup list` shows it; the newest unless told.")
]


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("keygen")(keygen_command)
    app.command("run")(run_command)
    app.command("list")(list_command)
    app.command("verify")(verify_command)
    app.command("restore")(restore_command)
    return app


def keygen_command(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the secret half goes; must not exist.")],
) -> None:
    """Make the identity that opens backups. Keep the file away from this machine; set its public key here."""
    from echoless.cli.identity_files import make_identity

    show_line(make_identity(out, ErrorCode.BACKUP))
    show_note(f"set this as backup_recipients. {out} opens every backup: keep it, and not on this machine")


def run_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """Take a backup now."""
    settings = config_of(config=config, data=data)
    if not settings.backup_recipients:
        raise EcholessError(ErrorCode.CONFIGURATION, _KEYGEN_HINT, param="backup_recipients")
    before = {note.set_id for note in _places(settings).notes()}
    with progress_bars() as bars:
        if holder_of(Path(settings.data)):
            _run_there(settings, bars)
        else:
            asyncio.run(_run_here(settings, bars))
    for note in _places(settings).notes():
        if note.set_id not in before:
            show_line(note.set_id)
            show_note(f"{note.object_count} objects, {_size(note.size_bytes)} in {note.took_ms / 1000:.1f} s")


def list_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """List the backups in the configured folders."""
    settings = config_of(config=config, data=data)
    places = _places(settings)
    keys = places.keys_stems()
    show_table(
        ("id", "taken (UTC)", "ends (UTC)", "size", "objects", "of", "keys"),
        [
            (
                note.set_id, day_of(note.taken_unix), day_of(note.expires_unix), _size(note.size_bytes),
                note.object_count, note.origin, _keys_in_words(places, note, bool(keys)),
            )
            for note in places.notes()
        ],
    )  # fmt: skip
    if not settings.backup_recipients:
        show_note(_KEYGEN_HINT)


def verify_command(
    set_id: IdArgument = None,
    *,
    identity: IdentityOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Read a backup to its end. With the identity: whether it opens and is whole; without: whether it changed."""
    from echoless.vault.backups.age_keys import identities_in
    from echoless.vault.backups.verifying import verify

    places = _places(config_of(config=config, data=data))
    note = _chosen(places, set_id)
    identities = identities_in(identity) if identity is not None else ()
    with progress_bars() as bars:
        verify(places, note, identities, bars.step)
    show_line(f"backup {note.set_id} of {day_of(note.taken_unix)} UTC is whole")
    if not identities:
        show_note("its archive is what was written; whether it opens is only known with --identity FILE")


def restore_command(
    set_id: IdArgument = None,
    *,
    identity: Annotated[Path, typer.Option("--identity", metavar="FILE", help="Identity file that opens backups.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the data that is there: what came after the backup is lost.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Bring a backup back into the data directory. What was deleted since stays deleted."""
    from echoless.vault.backups.age_keys import identities_in
    from echoless.vault.backups.restoring import Restorer
    from echoless.vault.stores.directory import DataDirectory

    settings = config_of(config=config, data=data)
    restorer = Restorer(
        DataDirectory(Path(settings.data).resolve()), _places(settings), identities_in(identity), SystemClock(),
        MemoryJournal(), is_replacing=replace,
    )  # fmt: skip
    lock = DirectoryLock.acquire(Path(settings.data))
    try:
        with progress_bars() as bars:
            restored = asyncio.run(restorer.restore(set_id, bars.step))
    finally:
        lock.release()
    show_line(f"backup {restored.set_id} of {day_of(restored.taken_unix)} UTC is restored to {settings.data}")
    show_note(
        f"{restored.workspace_count} workspaces, {restored.object_count} objects; {restored.swept_count} items "
        "that were deleted since are not there. Start the server when you are ready."
    )


def _run_there(settings: ServerConfig, bars: ProgressBars) -> None:
    """Ask the running server and watch it."""
    before = ask(settings, AskBackup(), BackupState)
    ask(settings, RunBackup(), BackupState)
    while True:
        state = ask(settings, AskBackup(), BackupState)
        if state.step:
            bars.step(state.step, state.permille / 1000)
        if not state.is_busy and state.run_count > before.run_count:
            break
        time.sleep(_LOOK_S)
    if state.failure:
        raise EcholessError(ErrorCode.BACKUP, state.failure)


async def _run_here(settings: ServerConfig, bars: ProgressBars) -> None:
    """Open the vault in this process, under the directory's lock, so that no server can start meanwhile."""
    from echoless.vault.service.opening import open_vault

    vault_config = role_config(settings, Slot(Role.VAULT, 0), ResolvedTLS())
    assert isinstance(vault_config, VaultConfig), "the vault's role has the vault's configuration"
    if not (Path(settings.data) / "version").exists():
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"{settings.data} holds no data of Echoless yet")
    lock = DirectoryLock.acquire(Path(settings.data))
    try:
        async with open_vault(vault_config, SystemClock(), MemoryJournal()) as vault:
            assert vault.backups is not None, "a vault of a configuration has its backups"
            taking = asyncio.ensure_future(vault.backups.take())
            while not (await asyncio.wait({taking}, timeout=_LOOK_S))[0]:
                advance = vault.backups.advance
                if advance.step:
                    bars.step(advance.step, advance.fraction)
            taking.result()
    finally:
        lock.release()


def _places(settings: ServerConfig) -> BackupPlaces:
    return BackupPlaces(*settings.backup_paths)


def _chosen(places: BackupPlaces, set_id: str | None) -> BackupNote:
    found: Sequence[BackupNote] = [note for note in places.notes() if set_id in {None, note.set_id}]
    if not found:
        what = "no backup" if set_id is None else "no backup of this id"
        raise EcholessError(ErrorCode.BACKUP, f"there is {what} in {places.archives}")
    return found[-1]


def _keys_in_words(places: BackupPlaces, note: BackupNote, has_any: bool) -> str:
    if places.keys_path(stem_of(note)).exists():
        return "own"
    return "newest" if has_any else "missing"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.1f} MB"
