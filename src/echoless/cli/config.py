"""`echoless config`: what the server would be told, and whether that is sound."""

from __future__ import annotations

import os
from pathlib import Path

import typer
from pydantic import SecretStr

from echoless.cli.reference import reference_table
from echoless.cli.screen import show_line, show_table
from echoless.cli.settings import ConfigOption, DataOption, resolve
from echoless.core.errors import EcholessError, ErrorCode
from echoless.supervisor.local_models import used_models
from echoless.supervisor.remotes import read_key


def build_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True)
    app.command("show")(show_command)
    app.command("check")(check_command)
    app.command("reference")(reference_command)
    return app


def show_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """Show each key, its value and where that comes from. Secrets are not shown."""
    resolved = resolve(config=config, data=data)
    values = dict(resolved.config)
    show_table(
        ("key", "value", "from"),
        [(name, _shown(values[name]), resolved.origins[name]) for name in sorted(values)],
    )


def check_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """Say whether the server would accept the configuration; ends with 2 and the reason where it would not."""
    resolved = resolve(config=config, data=data)
    for key in ("tls_cert", "tls_key", "outbound_ca_file"):
        path = getattr(resolved.config, key)
        if path is not None and not os.access(path, os.R_OK):
            raise EcholessError(ErrorCode.CONFIGURATION, f"{key}: this user cannot read {path}", param=key)
    used_models(resolved.config)
    for name, remote in resolved.config.remotes.items():
        if remote.enabled and remote.api_key_file is not None:
            read_key(Path(remote.api_key_file), name)
    changed = sorted(name for name, origin in resolved.origins.items() if origin != "default")
    show_line(f"sound; {len(changed)} keys differ from their defaults: {', '.join(changed) or 'none'}")


def reference_command() -> None:
    """Print every key with its default and meaning, as Markdown."""
    show_line(reference_table().rstrip())


def _shown(value: object) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, SecretStr):
        return "(set, not shown)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
