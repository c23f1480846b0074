"""Logging in and out: by password, by a code, and by an identity provider.

A session's token is used like an API key, in `xi-api-key` or as a bearer. What is asked here without a credential
is answered by the vault without a ticket. All of this is ours.
"""

from __future__ import annotations

from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
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
    SetSignOn,
    SignOnStarted,
    SignOnView,
    StartSignOn,
)
from echoless.crossing.records import Record
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.members import (
    AcceptBody,
    CallbackQuery,
    LoginBody,
    PasswordBody,
    ResetBody,
    ResetRequestBody,
    SignOnBody,
    StartSignOnBody,
)

_OK: Final = {"status": "ok"}


async def log_in(call: Call) -> None:
    """Open a session for an address and its password."""
    body = await read_schema(call, LoginBody)
    question = LogIn(address=body.email, password=body.password, workspace_id=body.workspace_id or "")
    await _answer_session(call, question)


async def accept(call: Call) -> None:
    """Accept an invitation."""
    body = await read_schema(call, AcceptBody)
    question = AcceptInvitation(code=body.code, password=body.password, first_name=body.first_name or "")
    await _answer_session(call, question)


async def request_reset(call: Call) -> None:
    """Have a code for a new password sent; the answer is the same whether there is such a member or not."""
    body = await read_schema(call, ResetRequestBody)
    await call.services.vault.ask(RequestPasswordReset(address=body.email, workspace_id=body.workspace_id or ""))
    await call.answer(_OK)


async def reset(call: Call) -> None:
    """Set a new password by a code."""
    body = await read_schema(call, ResetBody)
    await call.services.vault.ask(ResetPassword(code=body.code, password=body.password))
    await call.answer(_OK)


async def start_sign_on(call: Call) -> None:
    """Begin a login at the workspace's identity provider."""
    body = await read_schema(call, StartSignOnBody)
    started = await call.services.vault.ask(StartSignOn(workspace_id=body.workspace_id))
    assert isinstance(started, SignOnStarted)
    await call.answer({"authorization_url": started.url, "state": started.state})


async def finish_sign_on(call: Call) -> None:
    """Open a session for whoever comes back from the identity provider.

    raises: EcholessError(INVALID_CREDENTIALS) where the provider says that it let nobody in
    """
    query = CallbackQuery.parse(call.query)
    if query.code is None:
        raise EcholessError(ErrorCode.INVALID_CREDENTIALS, "The identity provider let nobody in.")
    await _answer_session(call, FinishSignOn(state=query.state, code=query.code))


async def log_out(call: Call) -> None:
    """Revoke the session that asks."""
    await call.open_ticket.ask(CloseSessions())
    await call.answer(_OK)


async def list_sessions(call: Call) -> None:
    """List one's open sessions."""
    found = await call.open_ticket.ask(ListSessions())
    assert isinstance(found, SessionList)
    sessions = [
        {
            "session_id": one.session_id,
            "created_at_unix": one.created_unix,
            "expires_at_unix": one.expires_unix,
            "is_current": one.is_own,
        }
        for one in found.sessions
    ]
    await call.answer({"sessions": sessions})


async def close_session(call: Call) -> None:
    """Revoke one of one's sessions."""
    await call.open_ticket.ask(CloseSessions(session_id=call.path_id(0)))
    await call.answer(_OK)


async def close_sessions(call: Call) -> None:
    """Revoke all of one's sessions, the one that asks too."""
    await call.open_ticket.ask(CloseSessions(is_all=True))
    await call.answer(_OK)


async def change_password(call: Call) -> None:
    """Change one's password; the other sessions are revoked."""
    body = await read_schema(call, PasswordBody)
    await call.open_ticket.ask(ChangePassword(old_password=body.old_password, new_password=body.new_password))
    await call.answer(_OK)


async def show_sign_on(call: Call) -> None:
    """Show the identity provider, without the client's secret."""
    await _answer_sign_on(call, GetSignOn())


async def set_sign_on(call: Call) -> None:
    """Name the identity provider of an enterprise workspace."""
    body = await read_schema(call, SignOnBody)
    question = SetSignOn(
        issuer=body.issuer,
        client_id=body.client_id,
        client_secret=body.client_secret or "",
        redirect_url=body.redirect_url,
        domains=body.domains or [],
        default_role=body.default_role,
    )
    await _answer_sign_on(call, question)


async def remove_sign_on(call: Call) -> None:
    """Take single sign-on away."""
    await call.open_ticket.ask(RemoveSignOn())
    await call.answer(_OK)


async def _answer_session(call: Call, question: Record) -> None:
    opened = await call.services.vault.ask(question)
    assert isinstance(opened, SessionOpened)
    session: dict[str, Any] = {
        "token": opened.token,
        "session_id": opened.session_id,
        "user_id": opened.user_id,
        "workspace_id": opened.workspace_id,
        "role": opened.role,
        "expires_at_unix": opened.expires_unix,
    }
    await call.answer(session)


async def _answer_sign_on(call: Call, question: GetSignOn | SetSignOn) -> None:
    shown = await call.open_ticket.ask(question)
    assert isinstance(shown, SignOnView)
    await call.answer(
        {
            "issuer": shown.issuer,
            "client_id": shown.client_id,
            "redirect_url": shown.redirect_url,
            "domains": shown.domains,
            "default_role": shown.default_role,
        }
    )


_BASE: Final = "/v1/workspace"
ROUTES: Final = (
    Route(f"POST {_BASE}/login", log_in, "Log in", body=LoginBody, is_public=True),
    Route(f"POST {_BASE}/invites/accept", accept, "Accept an invitation", body=AcceptBody, is_public=True),
    Route(
        f"POST {_BASE}/password/request",
        request_reset,
        "Have a code for a new password sent",
        body=ResetRequestBody,
        is_public=True,
    ),
    Route(f"POST {_BASE}/password/reset", reset, "Set a new password by a code", body=ResetBody, is_public=True),
    Route(
        f"POST {_BASE}/sign-on/start",
        start_sign_on,
        "Begin a login at the identity provider",
        body=StartSignOnBody,
        is_public=True,
    ),
    Route(
        f"GET {_BASE}/sign-on/callback",
        finish_sign_on,
        "Come back from the identity provider",
        query=CallbackQuery,
        is_public=True,
    ),
    Route(f"POST {_BASE}/logout", log_out, "Log out"),
    Route(f"GET {_BASE}/sessions", list_sessions, "List one's sessions"),
    Route(f"DELETE {_BASE}/sessions", close_sessions, "Revoke all of one's sessions"),
    Route(f"DELETE {_BASE}/sessions/{{session}}", close_session, "Revoke one of one's sessions"),
    Route(f"POST {_BASE}/password", change_password, "Change one's password", body=PasswordBody),
    Route(f"GET {_BASE}/sign-on", show_sign_on, "Show the identity provider"),
    Route(f"PUT {_BASE}/sign-on", set_sign_on, "Name the identity provider", body=SignOnBody),
    Route(f"DELETE {_BASE}/sign-on", remove_sign_on, "Take single sign-on away"),
)
