"""`echoless retention`: what this server keeps, where, why, how long, and who erases it."""

from __future__ import annotations

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.crossing.operator_policy_records import OperatorGetRetention
from echoless.crossing.policy_records import RetainedClassView, RetentionView
from echoless.retention.classes import CLASSES, STORES


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("retention")(retention_command)


def retention_command(config: ConfigOption = None, data: DataOption = None) -> None:
    """Say what is kept where, why, how long, and who erases it."""
    view = ask(config_of(config=config, data=data), OperatorGetRetention(), RetentionView)
    show_table(
        ("class", "purpose", "life", "erased by", "stores", "of zero retention"),
        [
            (
                kept.name,
                ", ".join(kept.purposes),
                life_of(kept),
                ", ".join(kept.erased_by),
                ", ".join(kept.stores),
                "ids and counts" if kept.keeps_zero else "nothing",
            )
            for kept in view.classes
        ],
    )


def life_of(kept: RetainedClassView) -> str:
    """Say how long a class lives."""
    return "until deleted" if kept.life_days is None else f"{kept.life_days} days"


def classes_table() -> str:
    """Return the classes as a Markdown table; docs/RETENTION.md holds it."""
    lines = [
        "| class | what | purpose | life | who erases it | how to check | of a zero-retention request |",
        "|---|---|---|---|---|---|---|",
    ]
    for kept in CLASSES:
        life = "until deleted" if kept.life_days is None else f"{kept.life_days} days"
        row = (
            f"`{kept.name}`", kept.holds, ", ".join(kept.purposes), life,
            ", ".join(kept.erased_by).replace("_", " "), kept.check,
            "ids, counts and codes" if kept.keeps_zero else "nothing",
        )  # fmt: skip
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def stores_table() -> str:
    """Return the stores as a Markdown table; docs/RETENTION.md holds it."""
    lines = ["| store | what | purpose | where |", "|---|---|---|---|"]
    for store in STORES:
        places = ", ".join(f"`{place}`" for place in store.places)
        lines.append(f"| `{store.name}` | {store.holds} | {', '.join(store.purposes)} | {places} |")
    return "\n".join(lines) + "\n"
