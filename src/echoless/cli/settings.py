"""Options that several commands share, and the configuration that they lead to."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from echoless.supervisor.config import ResolvedConfig, ServerConfig, resolve_config

ConfigOption = Annotated[
    str | None,
    typer.Option("--config", help="File of settings, TOML. Also ECHOLESS_CONFIG.", metavar="FILE"),
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", help="Data directory. Also ECHOLESS_DATA.", metavar="DIR"),
]


def resolve(**flags: object) -> ResolvedConfig:
    """Return the configuration that flags, variables, file and defaults make together.

    raises: EcholessError(CONFIGURATION)
    """
    return resolve_config(flags, os.environ)


def config_of(**flags: object) -> ServerConfig:
    """Return `resolve` without its origins."""
    return resolve(**flags).config
