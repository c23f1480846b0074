"""docs/RETENTION.md says what the code says, and names only commands and routes that are."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from echoless.cli.main import build_app
from echoless.cli.retention import classes_table, stores_table
from echoless.retention.classes import STORES
from echoless.retention.endpoints import ENDPOINTS
from echoless.supervisor.config import ServerConfig
from echoless.vault.stores.accounts import CHARACTERS_BY_TIER
from echoless.vault.stores.plans import Lane, places_of
from echoless.volatile.gateway.request_line import EndpointMatcher
from tests.house.sources import ROOT

pytestmark = pytest.mark.house
TEXT = (ROOT / "docs/RETENTION.md").read_text(encoding="utf-8")


@pytest.mark.seed("S1")
@pytest.mark.parametrize("table", [classes_table, stores_table])
def test_the_tables_are_those_of_the_code(table: object) -> None:
    assert callable(table)
    assert table() in TEXT


def test_every_place_of_a_store_that_is_a_setting_is_one() -> None:
    words = {place for store in STORES for place in store.places if place.endswith(("_url", "_directory"))}
    assert words <= set(ServerConfig.model_fields)
    assert len(words) == 5


@pytest.mark.parametrize("tier", [tier for tier in CHARACTERS_BY_TIER if tier != "enterprise"])
def test_the_limits_of_a_tier_are_those_of_the_code(tier: str) -> None:
    lanes = (Lane.SPEECH, Lane.SLOW_SPEECH, Lane.HEARING)
    places = " | ".join(str(places_of(tier, lane, None, 10_000)) for lane in lanes)
    assert f"| {tier} | {CHARACTERS_BY_TIER[tier]:,} | {places} |" in TEXT


def test_every_command_that_is_named_exists() -> None:
    root = get_command(build_app())
    named = set(re.findall(r"echoless ([a-z]+(?: [a-z]+)?)", TEXT))
    assert len(named) > 12
    for words in named:
        command = root
        for word in words.split():
            if hasattr(command, "commands"):
                assert word in command.commands, words
                command = command.commands[word]


def test_every_route_that_is_named_exists() -> None:
    matcher = EndpointMatcher(ENDPOINTS)
    named = set(re.findall(r"(GET|POST|PATCH|DELETE) (/v1/[^\s`,:.;]+)", TEXT))
    assert len(named) > 10
    for method, path in named:
        match = matcher.match(method, path.encode())
        assert match is not None, path
        assert match.is_allowed, (method, path)
