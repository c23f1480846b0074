"""Puts routes, documentation and admission together into one ASGI app.

Admission finds the row of the endpoint table and hands the request to its handler: between the two there is no
framework that could read a body, keep a request or answer with what it was sent.
"""

from __future__ import annotations

from echoless.crossing.control import GatewayConfig
from echoless.volatile.gateway.admission import Admission
from echoless.volatile.gateway.documentation.pages import Pages
from echoless.volatile.gateway.ports import App, GatewayServices
from echoless.volatile.gateway.routes import (
    history,
    models,
    service,
    text_to_speech,
    usage,
    user,
    voices,
    workspace,
)
from echoless.volatile.gateway.routing import Route, route_table


def product_routes() -> tuple[Route, ...]:
    """Return every served route but the documentation's own."""
    return (
        *service.ROUTES,
        *text_to_speech.ROUTES,
        *voices.routes(),
        *models.ROUTES,
        *history.ROUTES,
        *user.ROUTES,
        *usage.ROUTES,
        *workspace.ROUTES,
    )


def build_app(services: GatewayServices, settings: GatewayConfig) -> App:
    """Return the app. Call it before the wall closes: the documentation's page is a file.

    raises: KeyError for a route that the endpoint table does not know
    """
    routes = product_routes()
    return Admission(route_table((*routes, *Pages(routes).routes())), services, settings)
