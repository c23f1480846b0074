"""`echoless doctor`: whether this host can keep the promises, channel by channel.

Exit status: 0 when zero-retention work may be done here, 1 when something is missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated

import typer

from echoless.cli.backup_standing import backup_facts, in_words
from echoless.cli.screen import show_line, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.cli.signing_keys import KEY_MEMORY
from echoless.confinement.doctor import DoctorReport, RoleReport, diagnose, fix_for
from echoless.confinement.facts import ChannelResult, ChannelVerdict
from echoless.core.clock import SystemClock


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor_command)


def doctor_command(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Enter each wall in a process of its own, try every channel, and say what closes it or what to do.

    Where backups stand is said too; the exit status does not depend on it.
    """
    backups = backup_facts(config_of(config=config, data=data), SystemClock().unix_ms() // 1000)
    report = diagnose()
    if as_json:
        facts = asdict(report) | {"missing": report.missing, "backups": asdict(backups)}
        show_line(json.dumps(facts, indent=2))
    else:
        _show(report)
        show_table(("backups", "value"), in_words(backups), title="Backups")
    raise typer.Exit(1 if report.missing else 0)


def _show(report: DoctorReport) -> None:
    show_table(("host", "value"), host_rows(report), title="Host")
    show_table(("channel", *(each.role.value for each in report.roles)), channel_rows(report), title="Channels")
    if report.missing:
        fixes = [(code, fix_for(code)) for code in report.missing]
        show_table(("missing", "what to do"), fixes, title="Zero retention is refused on this host")
    else:
        show_line("Nothing is missing: zero-retention work may be done on this host.")


def host_rows(report: DoctorReport) -> list[tuple[str, object]]:
    """Return the host's facts in words."""
    host = report.host
    return [
        ("kernel", f"{host.kernel_release} on {host.machine}"),
        ("C library", host.libc),
        ("Landlock", f"ABI {report.landlock_abi}" if report.landlock_abi else "absent"),
        ("memory and disk", report.swap.value.replace("_", " ")),
        ("core dumps go to", "a program" if host.core_pattern_is_pipe else "files"),
        ("kernel clears freed pages", {1: "yes", 0: "no"}.get(host.init_on_free, "unknown")),
        ("Yama ptrace scope", host.yama_scope if host.yama_scope >= 0 else "no Yama"),
        ("foreign agents", ", ".join(host.agents) or "none"),
        ("private keys lie in", KEY_MEMORY[report.key_memory]),
    ]


def channel_rows(report: DoctorReport) -> Iterator[tuple[str, ...]]:
    """Yield each channel with what became of it in each kind of process."""
    names = dict.fromkeys(channel.name for role in report.roles for channel in role.channels)
    for name in names:
        yield (name, *(_cell(role, name) for role in report.roles))


def _cell(role: RoleReport, name: str) -> str:
    found = [channel for channel in role.channels if channel.name == name]
    return _in_words(found[0]) if found else "not tried"


def _in_words(channel: ChannelResult) -> str:
    if channel.verdict is ChannelVerdict.CLOSED:
        return "closed by " + ", ".join(layer.value for layer in channel.layers)
    if not channel.must_close:
        return "allowed here" if channel.verdict is ChannelVerdict.OPEN else "not proved, and not needed here"
    return channel.verdict.value.upper()
