"""Many kept generations deleted by one request."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.crossing.log_records import DeleteMany, DeletionProgress, GetDeletionProgress
from echoless.crossing.records import Refused
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
PATH = "/v1/history/deletions"


async def test_a_deletion_is_begun_and_looked_at() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[DeleteMany] = DeletionProgress("d1", False, 250, 1000)
        gateway.vault.scripted[GetDeletionProgress] = DeletionProgress("d1", True, 1000, 1000)
        body = {"voice_id": "v", "model_id": "m", "source": "STS", "date_before_unix": 20, "date_after_unix": 10}
        begun = await gateway.ask("POST", PATH, body)
        looked = await gateway.ask("GET", f"{PATH}/d1")
        assert begun.json == {
            "deletion_id": "d1", "status": "running", "deleted_count": 250, "total_count": 1000,
        }  # fmt: skip
        assert looked.json["status"] == "done"
        wanted = DeleteMany(voice_id="v", model_id="m", source="STS", before_unix=20, after_unix=10)
        assert wanted in gateway.vault.questions
        assert GetDeletionProgress("d1") in gateway.vault.questions


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ({"history_item_ids": ["a", "b"]}, DeleteMany(["a", "b"])),
        ({"every_item": True}, DeleteMany()),
        ({"date_before_unix": 5, "every_item": True}, DeleteMany(before_unix=5)),
    ],
)
async def test_items_are_named_or_chosen(body: dict[str, Any], wanted: DeleteMany) -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[DeleteMany] = DeletionProgress("d1", True, 2, 2)
        assert (await gateway.ask("POST", PATH, body)).status == 200
        assert wanted in gateway.vault.questions


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"history_item_ids": []}, 400),
        ({"history_item_ids": ["a"], "voice_id": "v"}, 400),
        ({"history_item_ids": ["a"], "every_item": True}, 400),
        ({"every_item": False}, 422),
        ({"history_item_ids": ["a"] * 1001}, 422),
        ({"source": "STT"}, 422),
        ({"date_before_unix": -1}, 422),
    ],
)
async def test_a_word_too_few_or_too_many_deletes_nothing(body: dict[str, Any], status: int) -> None:
    """An empty list of names is no wish to delete everything."""
    async with running_gateway() as gateway:
        assert (await gateway.ask("POST", PATH, body)).status == status
        assert not [each for each in gateway.vault.questions if isinstance(each, DeleteMany)]


async def test_an_unknown_deletion_is_not_found() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetDeletionProgress] = Refused(code="not_found", message="There is none.")
        assert (await gateway.ask("GET", f"{PATH}/unknown")).status == 404
