"""`echoless proof keys` and `echoless proof rotate`: the keys that sign receipts and the log."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_line, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.confinement.secret_memory import MemoryKind
from echoless.crossing.receipt_records import GetProofKeys, ProofKeys, RotateProofKey
from echoless.vault.stores.key_safe import AtRest

KEY_MEMORY: Final = {
    MemoryKind.SECRET: "memory that no other process and no core dump reads (memfd_secret)",
    MemoryKind.LOCKED: "locked memory, left out of core dumps; this kernel has no memfd_secret",
    MemoryKind.PLAIN: "memory that may be swapped: no memfd_secret here, and this user may lock no memory",
}
_AT_REST: Final = {AtRest.FILE: "a file that only this user reads", AtRest.TPM: "sealed by the TPM"}


def add_commands(app: typer.Typer) -> None:
    """Add the commands to `echoless proof`."""
    app.command("keys")(keys_command)
    app.command("rotate")(rotate_command)


def keys_command(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print what `echoless verify` takes as --keys.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """List the keys that sign, and those that have ended: what they signed still holds."""
    keys = ask(config_of(config=config, data=data), GetProofKeys(), ProofKeys)
    if as_json:
        show_line(json.dumps({"keys": keys.receipt_keys, "log_key": keys.log_key, "log_keys": keys.log_keys}))
        return
    _show(keys)


def rotate_command(
    *,
    log: Annotated[
        bool, typer.Option("--log", help="The key of the transparency log, instead of that of receipts.")
    ] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let a new key follow; the log says so. The old one is destroyed, and what it signed still holds."""
    keys = ask(config_of(config=config, data=data), RotateProofKey(is_log=log), ProofKeys)
    show_note(f"a new key signs {'the log' if log else 'receipts'} from now on")
    _show(keys)


def _show(keys: ProofKeys) -> None:
    rows = [("receipts", key["kid"], *_times(key)) for key in keys.receipt_keys]
    rows += [("log", key["key"], *_times(key)) for key in keys.log_keys]
    show_table(("signs", "key", "from (UTC)", "to (UTC)"), rows)
    show_line(f"The private keys lie in {KEY_MEMORY[MemoryKind(keys.memory)]};")
    show_line(f"on the disk: {_AT_REST[AtRest(keys.at_rest)]}.")


def _times(key: dict[str, str | int]) -> tuple[str, str]:
    ended = key.get("exp")
    return day_of(int(key["nbf"])), "" if ended is None else day_of(int(ended))
