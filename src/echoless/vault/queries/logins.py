"""(queries) What is asked before there is a credential: logins, codes, single sign-on.

Answered without a ticket. Nothing of these questions is written but what they lead to: a session, a member, a hash.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from echoless.core.errors import EcholessError
from echoless.crossing.member_records import (
    AcceptInvitation,
    FinishSignOn,
    LogIn,
    RequestPasswordReset,
    ResetPassword,
    SessionOpened,
    SignOnStarted,
    StartSignOn,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record, Refused
from echoless.vault.identity.logins import LogIns, SlowedError
from echoless.vault.identity.sign_on import SignOns
from echoless.vault.stores.membership import Member, Session

Act = Callable[[Any], Awaitable[Record]]


class LoginQueries:
    """Answers whoever is not known yet."""

    def __init__(self, logins: LogIns, sign_ons: SignOns) -> None:
        self._logins = logins
        self._sign_ons = sign_ons
        self._acts: Final[dict[type[Record], Act]] = {
            LogIn: self._log_in,
            AcceptInvitation: self._accept,
            RequestPasswordReset: self._request_reset,
            ResetPassword: self._reset,
            StartSignOn: self._start_sign_on,
            FinishSignOn: self._finish_sign_on,
        }

    def knows(self, record: Record) -> bool:
        """Whether this is a question that needs no ticket."""
        return type(record) in self._acts

    async def answer(self, record: Record) -> Record:
        """Answer a question; a refusal is an answer too."""
        try:
            return await self._acts[type(record)](record)
        except SlowedError as error:
            return Refused(
                code=error.code.value, message=error.public_description, retry_after_s=error.retry_after_s
            )
        except EcholessError as error:
            return Refused(code=error.code.value, message=error.public_description, param=error.param)

    async def _log_in(self, record: LogIn) -> SessionOpened:
        return _opened(*await self._logins.log_in(record.address, record.password, record.workspace_id))

    async def _accept(self, record: AcceptInvitation) -> SessionOpened:
        return _opened(*await self._logins.accept(record.code, record.password, record.first_name))

    async def _request_reset(self, record: RequestPasswordReset) -> Done:
        await self._logins.request_reset(record.address, record.workspace_id)
        return Done()

    async def _reset(self, record: ResetPassword) -> Done:
        await self._logins.reset_password(record.code, record.password)
        return Done()

    async def _start_sign_on(self, record: StartSignOn) -> SignOnStarted:
        return SignOnStarted(*await self._sign_ons.start(record.workspace_id))

    async def _finish_sign_on(self, record: FinishSignOn) -> SessionOpened:
        return _opened(*await self._sign_ons.finish(record.state, record.code))


def _opened(member: Member, session: Session, token: str) -> SessionOpened:
    return SessionOpened(
        token=token, session_id=session.session_id, user_id=member.user_id, workspace_id=member.workspace_id,
        role=member.role.value, expires_unix=session.expires_unix,
    )  # fmt: skip
