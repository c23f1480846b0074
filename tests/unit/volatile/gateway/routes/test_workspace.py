"""Workspace: policy, what it means for a request, what is kept, acts."""

from __future__ import annotations

import msgspec
import pytest

from echoless.crossing import number_records as numbers
from echoless.crossing import query_records as queries
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest, GetRetention
from echoless.crossing.records import Record
from echoless.retention.decision import Ineligible, Level, RetentionMode, Switch
from echoless.vault.queries.policy import retention_view
from tests.fakes.gateway import Gateway, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
POLICY = queries.ZeroRetentionPolicy(
    is_permitted=True, tier="enterprise", is_restricted=False, restriction_reason="", restricted_since_unix=0,
    notified_at_unix=0, is_enforced=True, ineligible=Ineligible.REFUSE, is_hipaa=False, conversation_rows="none",
)  # fmt: skip


def asked(gateway: Gateway, kind: type[Record]) -> Record:
    return next(question for question in gateway.vault.questions if isinstance(question, kind))


def foreseen(question: ForeseeRequest) -> ForeseenRequest:
    """Answer as a workspace that may not have zero retention."""
    if question.switch is Switch.ABSENT:
        return ForeseenRequest(question.endpoint, RetentionMode.DEFAULT, Level.NOBODY, policy_version=3)
    return ForeseenRequest(
        question.endpoint, RetentionMode.ZERO, Level.REQUEST, "zero_retention_not_permitted", "No.",
        "enable_logging", 3,
    )  # fmt: skip


async def test_policy_is_shown_with_what_it_means() -> None:
    """C7: the effective mode can be read, and what it would be with and without the parameter."""
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.GetZeroRetention] = msgspec.structs.replace(
            POLICY, is_hipaa=True, hipaa_agreed_on="2026-01-31", policy_version=3, capsule_key="age1"
        )
        gateway.vault.answers[ForeseeRequest] = foreseen
        shown = (await gateway.ask("GET", "/v1/workspace/zero-retention")).json
        effective = shown.pop("effective")
        assert shown == {
            "permitted": True, "tier": "enterprise", "restricted": False, "restriction": None, "enforced": True,
            "ineligible": "refuse", "hipaa": True, "hipaa_agreement_date": "2026-01-31",
            "conversation_rows": "none", "policy_version": 3, "capsule_key": "age1",
        }  # fmt: skip
        without, asking = effective["without_parameter"], effective["with_enable_logging_false"]
        assert (without["served"], without["retention"], without["refusal"]) == (True, "default", None)
        assert (asking["served"], asking["retention"], asking["decided_by"]) == (False, "zero", "request")
        assert asking["refusal"]["http_status"] == 403
        assert asking["refusal"]["code"] == "zero_retention_not_permitted"


@pytest.mark.parametrize(
    ("query", "endpoint", "switch", "key_id"),
    [
        ("path=/v1/text-to-speech/abc", "POST /v1/text-to-speech/{voice}", Switch.ABSENT, ""),
        (
            "method=WS&path=/v1/text-to-speech/abc/stream-input&enable_logging=false&key_id=k-2",
            "WS /v1/text-to-speech/{voice}/stream-input", Switch.LOGGING_OFF, "k-2",
        ),
        ("method=GET&path=%2Fv1%2Fhistory&enable_logging=True", "GET /v1/history", Switch.LOGGING_ON, ""),
    ],
)  # fmt: skip
async def test_a_request_that_might_be_sent_is_asked_for_by_its_row(
    query: str, endpoint: str, switch: Switch, key_id: str
) -> None:
    """C7: the path itself, which may name a voice, does not cross."""
    async with running_gateway() as gateway:
        gateway.vault.answers[ForeseeRequest] = foreseen
        reply = await gateway.ask("GET", f"/v1/workspace/zero-retention/request?{query}")
        assert (reply.status, reply.json["endpoint"]) == (200, endpoint)
        assert asked(gateway, ForeseeRequest) == ForeseeRequest(endpoint, switch, key_id)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("path=/v1/nowhere", 400), ("method=DELETE&path=/v1/text-to-speech/a", 400), ("path=v1/history", 422),
        ("", 422), ("path=/v1/history&method=HEAD", 422), ("path=/v1/history&enable_logging=no", 422),
        ("path=/v1/history%3Fenable_logging%3Dfalse", 422),
    ],
)  # fmt: skip
async def test_a_request_that_cannot_be_sent_is_not_foreseen(query: str, status: int) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("GET", f"/v1/workspace/zero-retention/request?{query}")
        assert reply.status == status
        assert not [question for question in gateway.vault.questions if isinstance(question, ForeseeRequest)]


@pytest.mark.seed("S1")
async def test_every_class_of_what_is_kept_names_its_purpose() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[GetRetention] = retention_view({"request_log": 7})
        shown = (await gateway.ask("GET", "/v1/workspace/retention")).json
        classes = {kept["name"]: kept for kept in shown["classes"]}
        assert {"history", "debug_log", "moderation_log", "backups"} <= set(classes)
        assert all(kept["purposes"] and kept["erased_by"] and kept["check"] for kept in classes.values())
        assert (classes["request_log"]["life_days"], classes["debug_log"]["life_days"]) == (7, 30)
        assert {name for kept in classes.values() for name in kept["stores"]} == {
            store["name"] for store in shown["stores"]
        }


async def test_policy_changes_only_what_is_given() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.SetZeroRetention] = POLICY
        reply = await gateway.ask("PATCH", "/v1/workspace/zero-retention", {"enforced": True, "hipaa": None})
        assert reply.json["enforced"] is True
        assert asked(gateway, queries.SetZeroRetention) == queries.SetZeroRetention(is_enforced=True)
        reply = await gateway.ask("PATCH", "/v1/workspace/zero-retention", {"restricted": False})
        assert (reply.status, reply.json["detail"]["param"]) == (400, "restricted")
        for wrong in ({"ineligible": "maybe"}, {"hipaa": True, "hipaa_agreement_date": "31.1.2026"}):
            assert (await gateway.ask("PATCH", "/v1/workspace/zero-retention", wrong)).status == 422


@pytest.mark.claim("Z23")
async def test_a_misspelled_switch_of_the_policy_is_refused_and_not_repeated() -> None:
    """T2: it must not look thrown, and its name may be anything a client wrote."""
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.SetZeroRetention] = POLICY
        reply = await gateway.ask("PATCH", "/v1/workspace/zero-retention", {"enforcd": True, "hipaa": None})
        assert reply.status == 422
        assert reply.json["detail"][0]["msg"] == "There is no such member here; nothing was changed."
        assert "enforcd" not in str(reply.json)
        assert not [record for record in gateway.vault.questions if isinstance(record, queries.SetZeroRetention)]


async def test_the_date_of_an_agreement_crosses_as_it_was_given() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[queries.SetZeroRetention] = POLICY
        body = {"hipaa": True, "hipaa_agreement_date": "2026-01-31"}
        assert (await gateway.ask("PATCH", "/v1/workspace/zero-retention", body)).status == 200
        expected = queries.SetZeroRetention(is_hipaa=True, hipaa_agreed_on="2026-01-31")
        assert asked(gateway, queries.SetZeroRetention) == expected


async def test_acts_are_listed_with_the_members_that_are_required() -> None:
    entry = numbers.AuditEntry(
        entry_id="a-1", time_ms=1_790_000_000_123, actor_id="k-1", activity="key_created", target_id="k-2"
    )
    async with running_gateway() as gateway:
        gateway.vault.scripted[numbers.ListAuditEntries] = numbers.AuditEntries(entries=[entry], next_cursor="c-2")
        page = (await gateway.ask("GET", "/v1/workspace/audit-logs?limit=1&actor_uid=k-1")).json
        assert (page["has_more"], page["next_cursor"]) == (True, "c-2")
        act = page["entries"][0]
        assert {"activity_id", "activity_name", "status_id", "actor", "message", "id"} <= set(act)
        assert (act["time"], act["time_dt"]) == (1_790_000_000_123, "2026-09-21T14:13:20.123+00:00")
        assert act["actor"] == {"user": {"uid": "k-1"}}


async def test_acts_of_another_class_are_none() -> None:
    entry = numbers.AuditEntry(entry_id="a-1", time_ms=5, actor_id="k-1", activity="key_created", target_id="k-2")
    async with running_gateway() as gateway:
        gateway.vault.scripted[numbers.ListAuditEntries] = numbers.AuditEntries(entries=[entry], next_cursor="c-2")
        page = (await gateway.ask("GET", "/v1/workspace/audit-logs?class_name=Authentication")).json
        assert page == {"entries": [], "has_more": False, "next_cursor": None}
        page = (await gateway.ask("GET", "/v1/workspace/audit-logs?class_name=Entity%20Management")).json
        assert [act["class_name"] for act in page["entries"]] == ["Entity Management"]
        assert page["next_cursor"] == "c-2"


async def test_cursor_that_leads_nowhere_is_refused() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[numbers.ListAuditEntries] = numbers.AuditEntries(entries=[], next_cursor="")
        reply = await gateway.ask("GET", "/v1/workspace/audit-logs?cursor=unknown")
        assert (reply.status, reply.json["detail"][0]["loc"]) == (422, ["query", "cursor"])
        assert (await gateway.ask("GET", "/v1/workspace/audit-logs")).json["entries"] == []
