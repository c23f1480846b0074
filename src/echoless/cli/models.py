"""`echoless models`: which models can be installed, which are here, bringing them and taking them away.

This is the one command that fetches anything, and only when it is told to. A running server fetches nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from echoless.cli.model_install import install, installed_models, remove
from echoless.cli.progress import progress_bars
from echoless.cli.screen import show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import CatalogueModel, InstalledModel, parse_catalogue, shipped_catalogue

CatalogueOption = Annotated[
    str | None,
    typer.Option("--catalogue", help="More models, a TOML file of your own.", metavar="FILE"),
]
ModelsOption = Annotated[
    str | None,
    typer.Option("--models", help="Directory of models. Also ECHOLESS_MODELS_DIRECTORY.", metavar="DIR"),
]


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("list")(list_command)
    app.command("install")(install_command)
    app.command("remove")(remove_command)
    return app


def list_command(
    catalogue: CatalogueOption = None,
    models: ModelsOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """List the models of the catalogue and those that are installed."""
    known = _catalogue(catalogue)
    here = installed_models(_directory(config, data, models))
    headings = ("name", "does", "state", "size", "languages", "licence", "what")
    show_table(headings, _rows(known, here))


def install_command(
    name: Annotated[str, typer.Argument(help="Name of a model in the catalogue.")],
    *,
    mirror: Annotated[
        str, typer.Option("--mirror", help="Address that stands in for scheme and host of the catalogue's.")
    ] = "",
    from_file: Annotated[
        str | None,
        typer.Option("--from-file", help="The archive, or a directory with the files: nothing is fetched."),
    ] = None,
    accept_licence: Annotated[bool, typer.Option("--accept-licence", help="Do not ask.")] = False,
    catalogue: CatalogueOption = None,
    models: ModelsOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Fetch a model, check it, and put it in place; a broken fetch goes on where it broke off."""
    known = _catalogue(catalogue)
    if name not in known:
        raise EcholessError(ErrorCode.CONFIGURATION, "no such model; see `echoless models list`")
    model, directory = known[name], _directory(config, data, models)
    _agree(model, accept_licence=accept_licence)
    directory.mkdir(parents=True, exist_ok=True)
    from_path = Path(from_file) if from_file is not None else None
    with progress_bars() as bars:
        made = install(model, directory, mirror=mirror, from_path=from_path, report=bars.step)
    show_note(f"installed {name}: {_size_in_words(made.size_bytes)} in {made.directory}")
    show_note(f'use it: model_engines = {{ MODEL_ID = "local:{name}" }}, then start the server again')


def remove_command(
    name: Annotated[str, typer.Argument(help="Name of an installed model.")],
    models: ModelsOption = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Take an installed model away. A server that uses it must be stopped first."""
    gone = remove(name, _directory(config, data, models))
    show_note(f"removed {name}: {_size_in_words(gone.size_bytes)}")


def _directory(config: str | None, data: str | None, models: str | None) -> Path:
    return config_of(config=config, data=data, models_directory=models).models_path


def _catalogue(path: str | None) -> dict[str, CatalogueModel]:
    known = shipped_catalogue()
    if path is None:
        return known
    text, reason = "", ""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    except UnicodeDecodeError:
        reason = "it is not UTF-8"
    if reason:
        raise EcholessError(ErrorCode.CONFIGURATION, f"cannot read the catalogue {path}: {reason}")
    return known | parse_catalogue(text)


def _rows(
    known: dict[str, CatalogueModel], here: dict[str, InstalledModel]
) -> Iterator[tuple[str, str, str, str, str, str, str]]:
    for name in sorted(known.keys() | here.keys()):
        installed = here.get(name)
        card = installed.card if installed is not None else known[name].card
        size = installed.size_bytes if installed is not None else known[name].size_bytes
        languages = "many" if "*" in card.languages else " ".join(card.languages)
        yield (
            name, card.capability.value, _state(installed), _size_in_words(size), languages, card.licence,
            card.description,
        )  # fmt: skip


def _state(installed: InstalledModel | None) -> str:
    if installed is None:
        return "available"
    return "installed" if installed.missing_file() is None else "damaged"


def _size_in_words(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.0f} MB" if size_bytes >= 1_000_000 else f"{size_bytes / 1000:.0f} kB"


def _agree(model: CatalogueModel, *, accept_licence: bool) -> None:
    """Show the licence and have it accepted.

    raises: EcholessError(INVALID_PARAMETERS) when it is not
    """
    card = model.card
    show_note(f"{card.name}: {_size_in_words(model.size_bytes)}, from {model.files[0].address}")
    show_note(f"licence: {card.licence} ({card.licence_address})")
    if accept_licence:
        return
    if not sys.stdin.isatty():
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "accept the licence with --accept-licence")
    if not typer.confirm("Do you accept the licence?"):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "the licence was not accepted; nothing was installed")
