"""Puts routes, documentation and admission together into one ASGI app."""

from __future__ import annotations

from typing import Final

from echoless.crossing.control import GatewayConfig
from echoless.volatile.gateway.admission import Admission
from echoless.volatile.gateway.ports import App, GatewayServices
from echoless.volatile.gateway.routes import service, text_to_speech
from echoless.volatile.gateway.routing import Route, route_table

ROUTES: Final[tuple[Route, ...]] = (*service.ROUTES, *text_to_speech.ROUTES)


def build_app(services: GatewayServices, settings: GatewayConfig) -> App:
    """Return the app.

    raises: KeyError for a route that the endpoint table does not know
    """
    return Admission(route_table(ROUTES), services, settings)
