"""Sessions of members: opened at a login, closed by whoever opened them, by time, or with the member.

A token is shown once and stored as a digest. A session that was closed is gone from memory before its row is, so
that a token which is shown again is refused at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from echoless.core.clock import Clock
from echoless.core.ids import new_opaque_id, new_session_token
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.members import session_row
from echoless.vault.stores.membership import Member, Session
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writing import Row, Write

SESSIONS_MAX: Final = 50
"""Of one member; the oldest is closed for a new one."""


class Sessions:
    """Opens and closes sessions.

    life_s: how long a session lasts, however much it is used
    """

    def __init__(self, storage: Storage, clock: Clock, life_s: int) -> None:
        self._storage = storage
        self._clock = clock
        self._life_s = life_s

    @property
    def accounts(self) -> Accounts:
        """What is in force."""
        return self._storage.accounts

    async def open(self, member: Member) -> tuple[Session, str]:
        """Open a session; return it and its token, the only time that it is known."""
        now, token = self._clock.unix_ms() // 1000, new_session_token()
        session = Session(
            session_id=new_opaque_id(), user_id=member.user_id, workspace_id=member.workspace_id,
            digest=self._storage.keyring.digest(token), created_unix=now, expires_unix=now + self._life_s,
        )  # fmt: skip
        mine = self.accounts.sessions_of(member.user_id)
        over = [one for one in mine if not self.accounts.is_session_open(one)]
        still = [one for one in mine if one not in over]
        too_many = still[: max(0, len(still) + 1 - SESSIONS_MAX)]
        act = audit_row(self._clock, member.workspace_id, member.user_id, "session.open", session.session_id)
        await self._storage.writer.now((Write.MEMBER_SESSION, session_row(session)), act)
        self.accounts.put_session(session)
        await self._drop([*over, *too_many])
        return session, token

    async def close(self, sessions: Sequence[Session], actor_id: str) -> None:
        """Revoke sessions of one workspace."""
        acts = [
            audit_row(self._clock, session.workspace_id, actor_id, "session.close", session.session_id)
            for session in sessions
        ]
        await self._drop(sessions, *acts)

    async def close_all_of(self, user_id: str, actor_id: str, *, but: str = "") -> int:
        """Revoke every session of a member but one; return how many."""
        mine = [session for session in self.accounts.sessions_of(user_id) if session.session_id != but]
        await self.close(mine, actor_id)
        return len(mine)

    async def forget_expired(self) -> int:
        """Delete the sessions that time has closed; return how many."""
        over = [one for one in self.accounts.sessions.values() if not self.accounts.is_session_open(one)]
        await self._drop(over)
        return len(over)

    async def _drop(self, sessions: Sequence[Session], *acts: tuple[Write, Row]) -> None:
        if not sessions:
            return
        for session in sessions:
            if session.session_id in self.accounts.sessions:
                self.accounts.drop_session(session.session_id)
        rows = [(Write.MEMBER_SESSION_REMOVED, {"gone_session_id": one.session_id}) for one in sessions]
        await self._storage.writer.now(*rows, *acts)
