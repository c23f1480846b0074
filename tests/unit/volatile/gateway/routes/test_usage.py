"""Usage and the request log."""

from __future__ import annotations

import pytest

from echoless.crossing.number_records import (
    GetUsage,
    ListRequests,
    RequestRow,
    RequestRows,
    Usage,
)
from echoless.retention.decision import RetentionMode
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
STATS = "/v1/usage/character-stats"


async def test_stats_are_asked_for_and_shown_in_buckets() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetUsage] = Usage(bucket_start_ms=[0, 86_400_000], series={"All": [3.0, 4.0]})
        reply = await gateway.ask("GET", f"{STATS}?start_unix=0&end_unix=100000000&breakdown_type=model")
        assert reply.json == {"time": [0, 86_400_000], "usage": {"All": [3.0, 4.0]}}
        asked = next(question for question in gateway.vault.questions if isinstance(question, GetUsage))
        assert asked == GetUsage(start_ms=0, end_ms=10**8, interval_s=86_400, breakdown="model", metric="credits")


async def test_a_month_is_asked_for_as_a_month() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetUsage] = Usage(bucket_start_ms=[], series={})
        await gateway.ask("GET", f"{STATS}?start_unix=0&end_unix=100000000&aggregation_interval=month")
        asked = next(question for question in gateway.vault.questions if isinstance(question, GetUsage))
        assert (asked.interval_s, asked.is_by_month) == (0, True)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("start_unix=0&end_unix=x", 422),
        ("start_unix=0&end_unix=1&breakdown_type=x", 422),
        ("start_unix=0&end_unix=1&breakdown_type=voice", 400),
        ("start_unix=0&end_unix=1&metric=ttfb_avg", 400),
        ("start_unix=2&end_unix=1", 400),
        ("start_unix=0&end_unix=1&aggregation_bucket_size=60", 400),
        ("start_unix=0&end_unix=1&breakdown_type=user", 400),
        ("start_unix=0&end_unix=9999999999999&aggregation_interval=hour", 400),
    ],
)
async def test_stats_that_cannot_be_given_are_refused(query: str, status: int) -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", f"{STATS}?{query}")).status == status


@pytest.mark.parametrize("path", ["usage", "query/usage-by-product-over-time"])
async def test_usage_is_a_table_too(path: str) -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetUsage] = Usage(
            bucket_start_ms=[0, 3_600_000], series={"a": [1.0, 2.0], "b": [0.0, 5.0]}
        )
        body = {"start_time": 0, "end_time": 7_200_000, "interval_seconds": 3600, "group_by": ["model"]}
        table = (await gateway.ask("POST", f"/v1/workspace/analytics/{path}", body)).json
        assert table["columns"] == ["time", "model", "credits"]
        assert [3_600_000, "b", 5.0] in table["rows"]
        assert len(table["rows"]) == 4


@pytest.mark.parametrize(
    ("path", "group"), [("usage", "none"), ("query/usage-by-product-over-time", "product_type")]
)
async def test_each_table_has_its_own_usual_group(path: str, group: str) -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetUsage] = Usage(bucket_start_ms=[0], series={"a": [1.0]})
        body = {"start_time": 0, "end_time": 1, "time_zone": "UTC"}
        table = (await gateway.ask("POST", f"/v1/workspace/analytics/{path}", body)).json
        assert table["columns"][1] == group
        asked = next(question for question in gateway.vault.questions if isinstance(question, GetUsage))
        assert asked.breakdown == group


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"end_time": 0}, "end_time"), ({"interval_seconds": 60}, "interval_seconds"),
        ({"group_by": ["voice"]}, "group_by"), ({"time_zone": "Asia/Tokyo"}, "time_zone"),
        ({"end_time": 2**44, "interval_seconds": 3600}, "interval_seconds"),
    ],
)  # fmt: skip
async def test_a_refused_table_names_the_field_of_its_own_body(changes: dict[str, object], param: str) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask(
            "POST", "/v1/workspace/analytics/usage", {"start_time": 1, "end_time": 2} | changes
        )
        assert (reply.status, reply.json["detail"]["param"]) == (400, param)


@pytest.mark.claim("Z9")
async def test_request_log_shows_the_closed_list_and_nothing_else() -> None:
    """C31: no address, no name, no text, no voice."""
    row = RequestRow(
        request_id="r-1", workspace_id="ws", key_id="k-1", endpoint="POST /v1/text-to-speech/{voice}",
        product="text_to_speech", model_id="eleven_v3", output_format="pcm_8000", characters=5, audio_ms=900,
        start_unix=1_790_000_000, duration_ms=12, http_status=200, error_code="", mode=RetentionMode.ZERO,
        policy_version=1,
    )  # fmt: skip
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListRequests] = RequestRows(rows=[row])
        table = (await gateway.ask("POST", "/v1/workspace/analytics/requests")).json
        assert set(table["columns"]) == {
            "request_id", "time", "product_type", "endpoint", "model", "output_format", "characters", "audio_ms",
            "duration_ms", "status_code", "error_code", "retention", "policy_version", "api_key_id",
        }  # fmt: skip
        shown = dict(zip(table["columns"], table["rows"][0], strict=True))
        assert (shown["retention"], shown["time"], shown["characters"]) == ("zero", 1_790_000_000_000, 5)
        assert len(table["column_types"]) == len(table["columns"])


async def test_filters_of_the_request_log_are_refused_rather_than_ignored() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", "/v1/workspace/analytics/requests", {"search": "secret"})
        assert (reply.status, reply.json["detail"]["param"]) == (400, "search")
        assert b"secret" not in reply.body
