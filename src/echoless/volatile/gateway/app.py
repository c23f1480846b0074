"""Puts routes, documentation and admission together into one ASGI app.

Admission finds the row of the endpoint table and hands the request to its handler: between the two there is no
framework that could read a body, keep a request or answer with what it was sent.
"""

from __future__ import annotations

from echoless.crossing.control import GatewayConfig
from echoless.volatile.gateway.admission import Admission
from echoless.volatile.gateway.documentation.pages import Pages
from echoless.volatile.gateway.ports import App, GatewayServices, Receive, Scope, Send
from echoless.volatile.gateway.routes import (
    account_deletion,
    audio_speech,
    audio_transcriptions,
    history,
    history_deletions,
    logins,
    members,
    models,
    pronunciation_dictionaries,
    proofs,
    receipts,
    service,
    service_accounts,
    single_use_token,
    speech_to_speech,
    speech_to_text,
    speech_to_text_sockets,
    text_to_dialogue,
    text_to_dialogue_sockets,
    text_to_speech,
    text_to_speech_sockets,
    usage,
    user,
    voices,
    workspace,
    workspace_logs,
    workspace_notices,
    workspace_webhooks,
)
from echoless.volatile.gateway.routing import Route, SocketRoute, route_table, socket_table
from echoless.volatile.gateway.socket_admission import SocketAdmission


def product_routes() -> tuple[Route, ...]:
    """Return every served route but the documentation's own."""
    return (
        *service.ROUTES,
        *text_to_speech.ROUTES,
        *text_to_dialogue.ROUTES,
        *speech_to_speech.ROUTES,
        *speech_to_text.ROUTES,
        *audio_speech.ROUTES,
        *audio_transcriptions.ROUTES,
        *pronunciation_dictionaries.ROUTES,
        *voices.routes(),
        *models.ROUTES,
        *history.ROUTES,
        *history_deletions.ROUTES,
        *user.ROUTES,
        *usage.ROUTES,
        *workspace.ROUTES,
        *workspace_logs.ROUTES,
        *receipts.ROUTES,
        *proofs.ROUTES,
        *service_accounts.ROUTES,
        *workspace_notices.ROUTES,
        *workspace_webhooks.ROUTES,
        *members.ROUTES,
        *logins.ROUTES,
        *account_deletion.ROUTES,
        *single_use_token.ROUTES,
    )


def socket_routes() -> tuple[SocketRoute, ...]:
    """Return every served socket."""
    return (*text_to_speech_sockets.ROUTES, *text_to_dialogue_sockets.ROUTES, *speech_to_text_sockets.ROUTES)


def build_app(services: GatewayServices, settings: GatewayConfig) -> App:
    """Return the app. Call it before the wall closes: the documentation's page is a file.

    raises: KeyError for a route that the endpoint table does not know
    """
    routes = product_routes()
    table = route_table((*routes, *Pages(routes).routes()))
    admission = Admission(table, services, settings)
    socket_admission = SocketAdmission(socket_table(socket_routes()), services, settings)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (socket_admission if scope["type"] == "websocket" else admission)(scope, receive, send)

    return app
