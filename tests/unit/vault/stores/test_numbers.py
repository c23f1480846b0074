"""Numbers: request log, usage, trail."""

from __future__ import annotations

import pytest

from echoless.vault.stores.numbers import count_items, read_audit, read_requests, read_usage
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def request(request_id: str, start_unix: int, workspace_id: str = "w") -> dict[str, str | int]:
    return {
        "request_id": request_id, "workspace_id": workspace_id, "key_id": "k", "endpoint": "e", "product": "p",
        "model_id": "m", "output_format": "f", "characters": 1, "audio_ms": 2, "start_unix": start_unix,
        "duration_ms": 3, "http_status": 200, "error_code": "", "mode": "zero", "policy_version": 1,
    }  # fmt: skip


async def test_requests_are_newest_first_within_bounds_and_workspace(storage: Storage) -> None:
    for number in range(4):
        storage.writer.later(Write.REQUEST_LOG, request(f"r{number}", 100 + number))
    storage.writer.later(Write.REQUEST_LOG, request("foreign", 102, "other"))
    await storage.writer.flush()

    async def ids(start: int, end: int, limit: int = 10) -> list[str]:
        rows = await storage.read(lambda reader: read_requests(reader.vault, "w", start, end, limit))
        return [row["request_id"] for row in rows]

    assert await ids(0, 0) == ["r3", "r2", "r1", "r0"]
    assert await ids(101, 103) == ["r2", "r1"]
    assert await ids(0, 0, 1) == ["r3"]


async def test_usage_is_summed_by_hour_and_label(storage: Storage) -> None:
    shared = {"workspace_id": "w", "product": "p", "credits": 1, "characters": 2, "request_count": 1}
    shared["audio_ms"] = 45_000
    for key, model, hour in (("k1", "m1", 3600), ("k2", "m1", 3600), ("k1", "m2", 7200)):
        storage.writer.later(Write.USAGE, shared | {"key_id": key, "model_id": model, "hour_unix": hour})
    await storage.writer.flush()

    async def points(breakdown: str, metric: str) -> list[tuple[int, str, float]]:
        found = await storage.read(
            lambda reader: read_usage(reader.vault, "w", 3600, 7201, breakdown=breakdown, metric=metric)
        )
        return [(point.hour_unix, point.label, point.value) for point in found]

    assert await points("none", "request_count") == [(3600, "All", 2.0), (7200, "All", 1.0)]
    assert await points("model", "tts_characters") == [(3600, "m1", 4.0), (7200, "m2", 2.0)]
    assert await points("model", "minutes_used") == [(3600, "m1", 1.5), (7200, "m2", 0.75)]
    assert sorted(await points("api_keys", "credits")) == [(3600, "k1", 1.0), (3600, "k2", 1.0), (7200, "k1", 1.0)]


async def test_the_trail_pages_backwards_and_filters(storage: Storage) -> None:
    for number in range(5):
        row = {
            "entry_id": f"e{number}", "workspace_id": "w", "time_ms": number, "activity": "key.create",
            "actor_id": "a" if number % 2 else "b", "target_id": "t",
        }  # fmt: skip
        await storage.writer.now((Write.AUDIT, row))

    async def ids(**wanted: str | int) -> list[str]:
        rows = await storage.read(lambda reader: read_audit(reader.vault, "w", limit=3, **wanted))
        return [row["entry_id"] for row in rows]

    assert await ids() == ["e4", "e3", "e2"]
    assert await ids(before_entry="e2") == ["e1", "e0"]
    assert await ids(actor_id="a") == ["e3", "e1"]
    assert await ids(from_ms=1, to_ms=3) == ["e2", "e1"]
    assert await ids(activity="other") == []
    assert await storage.read(lambda reader: count_items(reader.vault)) == {}
