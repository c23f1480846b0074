"""Admission: who is let in, in which order the refusals come, and what of a refused request is read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from echoless.core.errors import ErrorCode
from echoless.core.journal import Event
from echoless.crossing.records import CloseStatus, OpenTicket, Refused
from echoless.retention.decision import Ineligible, RetentionMode
from echoless.retention.endpoints import ENDPOINTS, Endpoint, EndpointClass
from echoless.volatile.gateway.app import product_routes
from tests.fakes.gateway import VOICE_ID, running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
SPEECH = f"/v1/text-to-speech/{VOICE_ID}"
ROUTES = {route.endpoint_name: route for route in product_routes()}
READING = {"GET", "DELETE"}


def path_of(endpoint: Endpoint) -> str:
    return "/".join(VOICE_ID if part.startswith("{") else part for part in endpoint.template.split("/"))


def headers_of(endpoint: Endpoint) -> dict[str, str]:
    return {"upgrade": "websocket", "connection": "upgrade"} if endpoint.method == "WS" else {}


def method_of(endpoint: Endpoint) -> str:
    return "GET" if endpoint.method == "WS" else endpoint.method


async def test_every_row_answers_a_free_workspace_as_its_class_says() -> None:
    """C1, C3, C4: with the switch off and without the right, no row runs kept and no body is read."""
    async with running_gateway() as gateway:
        gateway.vault.standing = replace(gateway.vault.standing, is_enterprise=False)
        for endpoint in ENDPOINTS:
            if endpoint.template in {
                "/health",
                "/ready",
                "/metrics",
                "/docs",
                "/openapi.json",
            } or endpoint.template.endswith("/preview"):
                continue
            reply = await gateway.ask(
                method_of(endpoint),
                path_of(endpoint) + "?enable_logging=false",
                {"text": "x"},
                headers=headers_of(endpoint),
            )
            read_only = endpoint.method in READING
            if endpoint.retention_class is EndpointClass.HONOURED:
                expected = {(403, "zero_retention_not_permitted")}
            elif endpoint.retention_class is EndpointClass.STORES or not read_only:
                expected = {(400, "zero_retention_not_supported")}
            else:
                expected = None
            if expected is not None:
                assert {(reply.status, reply.code)} == expected, endpoint.name
                assert reply.body_reads == 0, endpoint.name
        assert not gateway.engine.jobs


@pytest.mark.claim("Z5")
async def test_every_unserved_row_is_404_not_available_after_the_earlier_checks() -> None:
    async with running_gateway() as gateway:
        unserved = [row for row in ENDPOINTS if row.name not in ROUTES and row.product != "service"]
        assert len(unserved) > 300
        for endpoint in unserved:
            path, more = path_of(endpoint), headers_of(endpoint)
            reply = await gateway.ask(method_of(endpoint), path, headers=more)
            assert (reply.status, reply.code) == (404, "not_available"), endpoint.name
            reply = await gateway.ask(method_of(endpoint), path, headers=more, api_key="sk_wrong")
            assert (reply.status, reply.code) == (401, "invalid_api_key"), endpoint.name
        assert all(kept.closed is not None for kept in gateway.vault.tickets.values())


@pytest.mark.claim("Z15")
async def test_each_answer_of_a_generation_route_states_its_mode() -> None:
    async with running_gateway() as gateway:
        generation = [row for row in ENDPOINTS if row.is_generation]
        for endpoint in generation:
            for query in ("", "?enable_logging=false", "?enable_logging=maybe"):
                for key in ("sk_test", "sk_wrong", ""):
                    reply = await gateway.ask(
                        method_of(endpoint),
                        path_of(endpoint) + query,
                        b"{",
                        headers=headers_of(endpoint),
                        api_key=key,
                    )
                    expected = "default" if not query else "zero"
                    assert reply.headers["x-echoless-retention"] == expected, (endpoint.name, query, key)


@pytest.mark.claim("Z3")
@pytest.mark.parametrize("query", ["", "?enable_logging=true", "?enable_logging=false"])
async def test_enforcing_workspace_makes_every_request_zero(query: str) -> None:
    async with running_gateway() as gateway:
        gateway.vault.standing = replace(gateway.vault.standing, is_enforced=True)
        reply = await gateway.ask("POST", SPEECH + query, {"text": "Hello"})
        assert (reply.status, reply.headers["x-echoless-retention"]) == (200, "zero")
        assert gateway.vault.last.text is None


async def test_ineligible_products_of_an_enforcing_workspace_run_kept_where_the_administrator_allows() -> None:
    async with running_gateway() as gateway:
        standing = replace(gateway.vault.standing, is_enforced=True, ineligible=Ineligible.ALLOW)
        gateway.vault.standing = standing
        reply = await gateway.ask("POST", "/v1/music", {"prompt": "x"})
        assert (reply.status, reply.code) == (404, "not_available")
        assert reply.headers["x-echoless-retention"] == "default"
        gateway.vault.standing = replace(standing, ineligible=Ineligible.REFUSE)
        reply = await gateway.ask("POST", "/v1/music", {"prompt": "x"})
        assert (reply.status, reply.code) == (400, "zero_retention_not_supported")


async def test_order_of_refusals_is_the_contracts() -> None:
    async with running_gateway() as gateway:
        broken = "/v1/text-to-speech/unknown?enable_logging=maybe&output_format=none"
        assert (await gateway.ask("POST", broken, b"{", api_key="sk_wrong")).status == 401
        assert (await gateway.ask("POST", broken, b"{")).status == 422
        gateway.vault.standing = replace(gateway.vault.standing, is_entitled=False)
        zero = "/v1/text-to-speech/unknown?enable_logging=false&output_format=none"
        assert (await gateway.ask("POST", "/v1/music?enable_logging=false", b"{")).status == 400
        assert (await gateway.ask("POST", zero, b"{")).status == 403
        kept = "/v1/text-to-speech/unknown?output_format=none"
        large = {"content-length": "99999999"}
        assert (await gateway.ask("POST", kept, b"{", headers=large)).code == "voice_not_found"
        assert (await gateway.ask("PUT", kept, b"{", headers=large)).status == 405
        wrong = f"{SPEECH}?output_format=none"
        assert (await gateway.ask("POST", wrong, b"{", headers=large)).status == 413
        reply = await gateway.ask("POST", wrong, b"{")
        assert (reply.status, reply.json["detail"][0]["loc"]) == (422, ["query", "output_format"])
        reply = await gateway.ask("POST", SPEECH, b"{")
        assert (reply.status, reply.json["detail"][0]["loc"]) == (422, ["body"])


async def test_refusals_from_line_and_headers_read_no_body_and_close_the_connection() -> None:
    async with running_gateway() as gateway:
        for target, key in (
            (SPEECH, "sk_wrong"),
            (SPEECH, ""),
            (f"{SPEECH}?enable_logging=x", "sk_test"),
            ("/v1/music?enable_logging=false", "sk_test"),
            ("/v1/music", "sk_test"),
            ("/v1/nothing", "sk_test"),
            ("/v1/text-to-speech/unknown", "sk_test"),
        ):
            reply = await gateway.ask("POST", target, {"text": "x"}, api_key=key)
            assert 400 <= reply.status < 500
            assert reply.body_reads == 0
            assert reply.headers["connection"] == "close"
        assert not gateway.engine.jobs


async def test_wrong_method_names_the_right_ones() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("PUT", "/v1/history/abc")
        assert (reply.status, reply.code) == (405, "method_not_allowed")
        assert reply.headers["allow"] == "DELETE, GET, HEAD"


async def test_missing_vault_is_503_and_worth_a_retry() -> None:
    async with running_gateway() as gateway:
        for link in gateway.vault.links:
            link.abort()
        await asyncio.sleep(0.01)
        reply = await gateway.ask("POST", SPEECH, {"text": "x"})
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert reply.body_reads == 0


async def test_busy_workspace_is_429_and_worth_a_retry() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[OpenTicket] = Refused(
            code=ErrorCode.CONCURRENT_LIMIT_EXCEEDED.value, message="Too many.", retry_after_s=3, request_id="r-1"
        )
        reply = await gateway.ask("POST", SPEECH, {"text": "x"})
        assert (reply.status, reply.headers["retry-after"], reply.headers["request-id"]) == (429, "3", "r-1")


async def test_preflight_is_answered_without_a_key() -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask("OPTIONS", SPEECH, api_key="", headers={"origin": "https://a.example"})
        assert reply.status == 204
        assert "xi-api-key" in reply.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in reply.headers
        reply = await gateway.ask("GET", "/v1/models", headers={"origin": "https://a.example"})
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "x-echoless-retention" in reply.headers["access-control-expose-headers"]


async def test_every_ticket_is_closed_once_with_its_status() -> None:
    async with running_gateway() as gateway:
        await gateway.ask("GET", "/v1/models")
        await gateway.ask("POST", SPEECH, b"{")
        await gateway.ask("POST", SPEECH, {"text": "x"})
        closed = [kept.closed for kept in gateway.vault.tickets.values()]
        assert [(close.status, close.http_status) for close in closed if close] == [
            (CloseStatus.DONE, 200),
            (CloseStatus.REFUSED, 422),
            (CloseStatus.DONE, 200),
        ]


@pytest.mark.claim("Z14")
async def test_unexpected_error_is_500_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_gateway() as gateway:

        def broken(*_: object) -> None:
            raise ValueError("cannot speak secret words")

        monkeypatch.setattr(gateway.engine_pool, "speak", broken)
        reply = await gateway.ask("POST", SPEECH, {"text": "secret words"})
        assert (reply.status, reply.code) == (500, "internal_error")
        assert b"secret" not in reply.body
        assert gateway.journal.events[0][1]["error"] == "ValueError"
        assert "secret" not in str(gateway.journal.events)
        assert gateway.vault.last.closed is not None
        assert gateway.vault.last.closed.status is CloseStatus.FAILED


@pytest.mark.claim("Z18")
async def test_answers_are_not_to_be_stored_and_set_no_cookie() -> None:
    """C41, C42, C43: no etag, no cookie, ranges and idempotency keys without effect."""
    async with running_gateway() as gateway:
        more = {"range": "bytes=0-5", "idempotency-key": "k", "if-none-match": "*"}
        replies = [await gateway.ask("POST", SPEECH, {"text": "x"}, headers=more) for _ in range(2)]
        assert len(gateway.engine.jobs) == 2
        assert [reply.status for reply in replies] == [200, 200]
        for reply in replies:
            assert reply.headers["cache-control"] == "no-store"
            assert not {"etag", "set-cookie", "accept-ranges", "location"} & set(reply.headers)


async def test_a_zero_ticket_is_asked_for_by_line_and_headers_only() -> None:
    async with running_gateway() as gateway:
        await gateway.ask("POST", f"{SPEECH}?enable_logging=false", {"text": "secret words"})
        opened = [question for question in gateway.vault.questions if isinstance(question, OpenTicket)]
        assert [question.endpoint for question in opened] == ["POST /v1/text-to-speech/{voice}"]
        assert gateway.vault.last.mode is RetentionMode.ZERO


async def test_a_request_is_noted_by_its_template_and_numbers_and_nothing_that_it_said() -> None:
    """C24, C25, T1: neither path ids nor the query are in the access record."""
    async with running_gateway() as gateway:
        await gateway.ask("POST", f"{SPEECH}?enable_logging=false&canary=canary", {"text": "canary words"})
        await gateway.ask("GET", "/canary/path")
    noted = [fields for event, fields in gateway.journal.events if event is Event.REQUEST_CLOSED]
    assert [(fields["method"], fields["route"], fields["http_status"]) for fields in noted] == [
        ("POST", "/v1/text-to-speech/{voice}", 200),
        ("", "unlisted", 404),
    ]
    assert noted[0]["mode"] == "zero"
    assert "canary" not in str(noted)


async def test_the_access_record_can_be_left_out() -> None:
    async with running_gateway(has_access_log=False) as gateway:
        await gateway.ask("GET", "/health")
    assert not [event for event, _ in gateway.journal.events if event is Event.REQUEST_CLOSED]


@pytest.mark.claim("Z2")
@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (SPEECH, {"enable-logging": "false"}),
        (SPEECH, {"enable_logging": "false"}),
        (SPEECH, {"x-echoless-retention": "zero"}),
        (f"{SPEECH};enable_logging=false", {}),
        (f"{SPEECH}%3Fenable_logging=false", {}),
        (f"{SPEECH}?foo=1;enable_logging=false", {}),
    ],
)
async def test_switch_at_a_wrong_place_of_the_head_is_refused_before_the_body(
    target: str, headers: dict[str, str]
) -> None:
    """C2: headers and path have no switch; a request that puts it there asks for zero and is not kept."""
    async with running_gateway() as gateway:
        reply = await gateway.ask("POST", target, {"text": "x"}, headers=headers)
        assert (reply.status, reply.json["detail"][0]["loc"]) == (422, ["query", "enable_logging"])
        assert (reply.headers["x-echoless-retention"], reply.body_reads) == ("zero", 0)
        assert not gateway.engine.jobs


async def test_without_a_key_an_unlisted_path_looks_like_a_listed_one() -> None:
    async with running_gateway() as gateway:
        for path in ("/v1/nothing", "/v1/models"):
            reply = await gateway.ask("GET", path, api_key="")
            assert (reply.status, reply.code) == (401, "invalid_api_key")
        assert (await gateway.ask("GET", "/v1/nothing")).code == "not_found"
