"""Proofs over HTTP for anybody, policy changes for whoever has a key."""

from __future__ import annotations

import base64

import pytest

from echoless.crossing.proof_records import (
    Consistency,
    GetConsistency,
    GetInclusion,
    Inclusion,
    ListPolicyChanges,
    PolicyChangePage,
    PolicyChangeView,
)
from echoless.crossing.records import Refused
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PROOFS = "/v1/transparency-log/proofs"
CHANGES = "/v1/workspace/zero-retention/changes"
HERE = {"index": 7, "checkpoint": "note", "proof": ["YQ=="]}


async def test_proofs_need_no_key() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetInclusion] = Inclusion(7, "note", [b"a"])
        gateway.vault.scripted[GetConsistency] = Consistency(3, 9, "note", [b"a"])
        inclusion = await gateway.ask("GET", f"{PROOFS}/inclusion?index=7", api_key="")
        assert inclusion.json == HERE
        smaller = await gateway.ask("GET", f"{PROOFS}/inclusion?index=7&size=9", api_key="")
        assert smaller.json == HERE | {"size": 9}
        consistency = await gateway.ask("GET", f"{PROOFS}/consistency?old_size=3&size=9", api_key="")
        assert consistency.json == {"old_size": 3, "size": 9, "checkpoint": "note", "proof": ["YQ=="]}


@pytest.mark.parametrize(
    "line", ["inclusion", "inclusion?index=-1", "inclusion?index=x", "consistency", "consistency?old_size=0"]
)
async def test_what_is_no_place_is_refused_before_the_log_is_asked(line: str) -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", f"{PROOFS}/{line}", api_key="")).status == 422


async def test_a_place_that_the_log_has_not_is_an_error_of_the_client() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetInclusion] = Refused(code="invalid_parameters", message="none", param="size")
        assert (await gateway.ask("GET", f"{PROOFS}/inclusion?index=7&size=9", api_key="")).status == 400


async def test_a_change_is_shown_as_it_was_committed_to_beside_its_reading() -> None:
    async with running_gateway() as gateway:
        views = [
            PolicyChangeView(5, '{"activity":"x"}', b"salt", Inclusion(7, "note", [b"a"])),
            PolicyChangeView(4, '{"activity":"y"}', b"salt"),
        ]
        gateway.vault.scripted[ListPolicyChanges] = PolicyChangePage(views, 4)
        page = (await gateway.ask("GET", f"{CHANGES}?page_size=2")).json
        salt = base64.b64encode(b"salt").decode()
        assert page == {
            "changes": [
                {"change": {"activity": "x"}, "statement": '{"activity":"x"}', "salt": salt, "inclusion": HERE},
                {"change": {"activity": "y"}, "statement": '{"activity":"y"}', "salt": salt, "inclusion": None},
            ],
            "next_before": 4,
        }
        gateway.vault.scripted[ListPolicyChanges] = PolicyChangePage([])
        assert (await gateway.ask("GET", CHANGES)).json == {"changes": [], "next_before": None}


async def test_changes_need_a_key() -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", CHANGES, api_key="")).status == 401
