"""Logging in and out on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.member_records import (
    AcceptInvitation,
    ChangePassword,
    CloseSessions,
    FinishSignOn,
    GetSignOn,
    ListSessions,
    LogIn,
    RemoveSignOn,
    RequestPasswordReset,
    ResetPassword,
    SessionList,
    SessionOpened,
    SessionView,
    SetSignOn,
    SignOnStarted,
    SignOnView,
    StartSignOn,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import OpenTicket, Record, Refused
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
BASE, ADDRESS, PASSWORD = "/v1/workspace", "ada@example.org", "canary-password"
OPENED = SessionOpened("es_1", "s-1", "u-1", "w-1", "editor", 9)
SHOWN = {
    "token": "es_1", "session_id": "s-1", "user_id": "u-1", "workspace_id": "w-1", "role": "editor",
    "expires_at_unix": 9,
}  # fmt: skip
PUBLIC: tuple[tuple[str, dict[str, Any], Record, Record], ...] = (
    ("login", {"email": ADDRESS, "password": PASSWORD}, LogIn(ADDRESS, PASSWORD), OPENED),
    (
        "invites/accept", {"code": "c", "password": PASSWORD, "first_name": "Ada"},
        AcceptInvitation("c", PASSWORD, "Ada"), OPENED,
    ),
    ("password/request", {"email": ADDRESS}, RequestPasswordReset(ADDRESS), Done()),
    ("password/reset", {"code": "c", "password": PASSWORD}, ResetPassword("c", PASSWORD), Done()),
)  # fmt: skip


@pytest.mark.parametrize(("path", "body", "question", "answer"), PUBLIC, ids=[one[0] for one in PUBLIC])
async def test_whoever_has_no_credential_yet_needs_none(
    path: str, body: dict[str, Any], question: Record, answer: Record
) -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[type(question)] = answer
        reply = await gateway.ask("POST", f"{BASE}/{path}", body, api_key="")
        assert (reply.status, reply.json) == (200, SHOWN if answer is OPENED else {"status": "ok"})
        assert gateway.vault.questions == [question]


async def test_a_refusal_is_told_with_the_time_to_come_again_and_without_what_was_sent() -> None:
    async with running_gateway() as gateway:
        for code, status, wait_s in (
            (ErrorCode.INVALID_CREDENTIALS, 401, 0),
            (ErrorCode.CONCURRENT_LIMIT_EXCEEDED, 429, 8),
        ):
            gateway.vault.scripted[LogIn] = Refused(code=code.value, message="No.", retry_after_s=wait_s)
            reply = await gateway.ask("POST", f"{BASE}/login", {"email": ADDRESS, "password": PASSWORD}, api_key="")
            assert (reply.status, reply.json["detail"]["code"]) == (status, code.value)
            assert reply.headers.get("retry-after") == (str(wait_s) if wait_s else None)
            assert b"canary" not in reply.body and ADDRESS.encode() not in reply.body


async def test_a_login_by_an_identity_provider_begins_and_ends() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[StartSignOn] = SignOnStarted("https://login.example.org/?a=1", "the-state")
        begun = await gateway.ask("POST", f"{BASE}/sign-on/start", {"workspace_id": "w1"}, api_key="")
        assert begun.json == {"authorization_url": "https://login.example.org/?a=1", "state": "the-state"}
        gateway.vault.scripted[FinishSignOn] = OPENED
        ended = await gateway.ask("GET", f"{BASE}/sign-on/callback?state=the-state&code=abc", api_key="")
        assert ended.json == SHOWN
        assert gateway.vault.questions == [StartSignOn("w1"), FinishSignOn("the-state", "abc")]
        refused = await gateway.ask("GET", f"{BASE}/sign-on/callback?state=s&error=access_denied", api_key="")
        assert (refused.status, refused.json["detail"]["code"]) == (401, "invalid_credentials")
        assert len(gateway.vault.questions) == 2


OWN: tuple[tuple[str, str, Any, Record], ...] = (
    ("POST", "logout", None, CloseSessions()),
    ("DELETE", "sessions", None, CloseSessions(is_all=True)),
    ("DELETE", "sessions/s-1", None, CloseSessions("s-1")),
    ("POST", "password", {"old_password": "old", "new_password": "new"}, ChangePassword("old", "new")),
    ("DELETE", "sign-on", None, RemoveSignOn()),
)


@pytest.mark.parametrize(("method", "path", "body", "question"), OWN)
async def test_whoever_is_logged_in_asks_under_a_ticket(
    method: str, path: str, body: Any, question: Record
) -> None:
    async with running_gateway() as gateway:
        reply = await gateway.ask(method, f"{BASE}/{path}", body)
        assert (reply.status, reply.json) == (200, {"status": "ok"})
        asked = [type(one) for one in gateway.vault.questions]
        assert asked[0] is OpenTicket and question in gateway.vault.questions
        assert (await gateway.ask(method, f"{BASE}/{path}", body, api_key="")).status == 401


async def test_sessions_are_listed_without_their_tokens() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[ListSessions] = SessionList([SessionView("s-1", 5, 9, True)])
        reply = await gateway.ask("GET", f"{BASE}/sessions")
        one = {"session_id": "s-1", "created_at_unix": 5, "expires_at_unix": 9, "is_current": True}
        assert reply.json == {"sessions": [one]}


async def test_a_sign_on_is_set_and_shown_without_its_secret() -> None:
    view = SignOnView("https://i.test/", "client", "https://r.test/", ["example.org"], "viewer")
    async with running_gateway() as gateway:
        gateway.vault.scripted[SetSignOn] = gateway.vault.scripted[GetSignOn] = view
        body = {
            "issuer": "https://i.test/", "client_id": "client", "client_secret": "canary-secret",
            "redirect_url": "https://r.test/", "domains": ["example.org"],
        }  # fmt: skip
        shown = {**body, "default_role": "viewer"}
        del shown["client_secret"]
        assert (await gateway.ask("PUT", f"{BASE}/sign-on", body)).json == shown
        assert (await gateway.ask("GET", f"{BASE}/sign-on")).json == shown
