"""The vault's courier as single sign-on knows it: the way to identity providers."""

from __future__ import annotations

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.courier_client import CourierLink
from echoless.crossing.provider_records import AskProvider


class CourierWay:
    """Asks over the link to the courier's process, while there is one."""

    def __init__(self, link: CourierLink) -> None:
        self._link = link

    async def get(self, url: str) -> bytes:
        """Return what an address answers with.

        raises: EcholessError(ENGINE_UNAVAILABLE)
        """
        return await self._ask(AskProvider(url))

    async def post_form(self, url: str, form: bytes, authorization: str) -> bytes:
        """Post a form and return the answer.

        raises: EcholessError(INVALID_CREDENTIALS) where the provider refuses it; as `get`
        """
        return await self._ask(AskProvider(url, form, authorization))

    async def _ask(self, question: AskProvider) -> bytes:
        said = await self._link.ask_provider(question)
        if said is not None and said.http_status == 200:
            return said.body
        if said is not None and question.form and 400 <= said.http_status < 500:
            message = "The identity provider did not accept the login."
            raise EcholessError(ErrorCode.INVALID_CREDENTIALS, message)
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "The identity provider cannot be reached at this moment.")
