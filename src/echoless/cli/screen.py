"""What the commands show: tables on standard output, complaints on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from echoless.core.errors import EcholessError


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print rows as a table on a terminal, and as tab-separated lines elsewhere, for other programs."""
    console = Console(highlight=False)
    if not console.is_terminal:
        for row in rows:
            console.file.write("\t".join(harmless(str(cell)) for cell in row) + "\n")
        return
    table = Table(*headings, title=title, title_justify="left")
    for row in rows:
        table.add_row(*(Text(harmless(str(cell))) for cell in row))
    console.print(table)


def harmless(text: str) -> str:
    """Return a text that others wrote, with everything escaped that could move a terminal's cursor or end a row."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode("ascii")
        for sign in text
    )


def show_line(text: str) -> None:
    """Print one line as it is, at once: who reads it may be a program that waits for the next."""
    console = Console(highlight=False)
    console.file.write(text + "\n")
    console.file.flush()


def show_note(text: str) -> None:
    """Print one line for a person, apart from what another program may read."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(text))


def complain(error: EcholessError) -> None:
    """Say what went wrong, on standard error."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        Text.assemble(("error: ", "bold red"), error.public_description)
    )


def day_of(unix_s: int) -> str:
    """Return a date for people, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(unix_s))
