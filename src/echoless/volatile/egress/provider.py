"""Small exchanges with identity providers, for the vault, which has no way out of its own."""

from __future__ import annotations

import asyncio
from typing import Final

from echoless.crossing.provider_records import ANSWER_BYTES_MAX, AskProvider, ProviderSaid
from echoless.volatile.egress.connections import Connections, NoAnswerError
from echoless.volatile.egress.targets import parse_target

_ANSWER_S_MAX: Final = 15.0
_FORM: Final = "application/x-www-form-urlencoded"


class ProviderWork:
    """Asks once, within the reach of its connections."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def ask(self, asked: AskProvider) -> ProviderSaid:
        """Return what the other side answers; its redirects are not followed, since a secret may be in the form.

        raises: EcholessError(INVALID_PARAMETERS) for an address that may not be asked
        """
        target = parse_target(asked.url)
        headers = {"accept": "application/json"}
        if asked.form:
            headers |= {"content-type": _FORM, "content-length": str(len(asked.form))}
        if asked.authorization:
            headers["authorization"] = asked.authorization
        method = "POST" if asked.form else "GET"
        try:
            async with (
                asyncio.timeout(_ANSWER_S_MAX),
                self._connections.ask(method, target, headers, asked.form) as answer,
            ):
                return ProviderSaid(answer.status, await answer.whole(ANSWER_BYTES_MAX))
        except (NoAnswerError, TimeoutError):
            return ProviderSaid(0)
