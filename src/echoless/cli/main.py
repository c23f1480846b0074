"""Puts the command together: `echoless serve | doctor | config | workspace | key | models | voices | ...`.

Exit status: 0 done, 1 refused or failed, 2 wrong usage or configuration. A traceback is never shown with values.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from echoless import __version__
from echoless.cli import (
    audit,
    backup,
    bench,
    build,
    capsule,
    certificates,
    config,
    doctor,
    health,
    history,
    key,
    log_proofs,
    logs,
    member,
    migrate,
    models,
    notices,
    retention,
    serve,
    signing_keys,
    voices,
    witness,
    workspace,
    workspace_policy,
)
from echoless.cli.screen import complain, show_line
from echoless.core.errors import EcholessError, ErrorCode

FAILED = 1
WRONG_USAGE = 2
_USAGE_CODES = frozenset({ErrorCode.CONFIGURATION, ErrorCode.INVALID_PARAMETERS})


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        show_line(f"echoless {__version__}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """Return the whole command."""
    app = typer.Typer(
        name="echoless",
        help="A speech server for ElevenLabs clients that keeps nothing when it is told to keep nothing.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(root_command)
    for register in (serve.register, health.register, doctor.register, audit.register, bench.register):
        register(app)
    build.register(app)
    retention.register(app)
    migrate.register(app)
    app.add_typer(config.build_app(), name="config", help="Show and check the configuration.")
    workspaces = workspace.build_app()
    workspace_policy.add_commands(workspaces)
    app.add_typer(workspaces, name="workspace", help="Make and show workspaces, and say what binds them.")
    app.add_typer(key.build_app(), name="key", help="Make, show and revoke API keys.")
    app.add_typer(member.build_app(), name="member", help="Make, show and remove members, who log in.")
    app.add_typer(backup.build_app(), name="backup", help="Take, check and restore backups.")
    app.add_typer(notices.build_app(), name="notices", help="Show what people were told, and try it again.")
    app.add_typer(models.build_app(), name="models", help="List, install and remove models of speech.")
    app.add_typer(capsule.build_app(), name="capsule", help="Make the key of debug capsules, and open them.")
    app.add_typer(certificates.build_app(), name="certificate", help="Show certificates of deleted accounts.")
    app.add_typer(certificates.build_verify_app(), name="verify", help="Check what this server has signed.")
    proof = typer.Typer(no_args_is_help=True)
    signing_keys.add_commands(proof)
    log_proofs.add_commands(proof)
    app.add_typer(proof, name="proof", help="Keys that sign, and the transparency log.")
    app.add_typer(witness.build_app(), name="witness", help="Sign states of a log that go on from what was seen.")
    app.add_typer(history.build_app(), name="history", help="Delete what a workspace keeps.")
    app.add_typer(logs.build_app(), name="logs", help="Read debug and moderation logs, with a reason.")
    app.add_typer(voices.build_app(), name="voices", help="Show voices and map other ids to them.")
    return app


def root_command(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Take the options of the whole command; `version` has done its work before this is called."""
    del version


def main() -> None:
    """Run the command and end the process."""
    try:
        build_app()(prog_name="echoless")
    except EcholessError as error:
        complain(error)
        sys.exit(WRONG_USAGE if error.code in _USAGE_CODES else FAILED)
