"""docs/AUDIT.md names the options and the parts that there are, and all of them."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from echoless.audit.lab import LAB_PARTS
from echoless.audit.parts.catalogue import PARTS
from echoless.cli.main import build_app
from tests.house.sources import ROOT

pytestmark = pytest.mark.house
TEXT = (ROOT / "docs/AUDIT.md").read_text(encoding="utf-8")


def options_of(*words: str) -> set[str]:
    command = get_command(build_app())
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]  # groups have commands
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


def test_every_option_that_is_named_exists() -> None:
    known = options_of("audit") | options_of("verify", "audit") | options_of("serve") | {"--audit-view"}
    named = set(re.findall(r"(--[a-z]+(?:-[a-z]+)*)", TEXT))
    assert len(named) > 10
    assert named - known == set()


def test_every_part_is_described() -> None:
    rows = "".join(re.findall(r"^\| ([a-z:, ]+) \| ", TEXT, flags=re.MULTILINE))
    for name in (*(part.name for part in PARTS), *LAB_PARTS):
        assert name in rows, name
