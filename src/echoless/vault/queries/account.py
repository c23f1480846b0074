"""(queries) The owner's word on the end of the account: asked for, proved, confirmed by mail, taken back.

Only the member who owns the workspace asks, logged in, with the password or right after a login; a key never does.
The code of the mail is the second proof. Where the server sends no mail its operator deletes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import (
    AskDeletion,
    CancelDeletion,
    ConfirmDeletion,
    DeletionView,
    GetDeletion,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import Record
from echoless.vault.erasure.account import AccountEraser
from echoless.vault.identity.logins import LogIns
from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.outbox import Outbox, Recipient
from echoless.vault.queries.desk import Question
from echoless.vault.queries.ending import deletion_view
from echoless.vault.stores.accounts import Accounts, Caller
from echoless.vault.stores.membership import Member
from echoless.vault.stores.roles import MemberRole

FRESH_S: Final = 300
"""How old a login may be that stands for the password."""
_WORKSPACE: Final = "/v1/workspace"
_DELETION: Final = f"{_WORKSPACE}/deletion"
_NO_MAIL: Final = (
    "This server sends no mail, by which a deletion would be confirmed: its operator deletes workspaces, with "
    "`echoless workspace delete`."
)
_NOT_THE_OWNER: Final = "Only the member who owns the workspace deletes it, logged in; an API key cannot."
_NOT_AN_ADMIN: Final = "Only an administrator who is logged in takes a deletion back; an API key cannot."
_NOT_FRESH: Final = "The password is needed, or a login that is not older than five minutes."


class AccountQueries:
    """Answers an owner about the end of the account."""

    def __init__(
        self, accounts: Accounts, eraser: AccountEraser, logins: LogIns, outbox: Outbox, clock: Clock,
        *, has_mail: bool,
    ) -> None:  # fmt: skip
        self._accounts = accounts
        self._eraser = eraser
        self._logins = logins
        self._outbox = outbox
        self._clock = clock
        self._has_mail = has_mail

    def questions(self) -> Mapping[type[Record], Question]:
        """Return what is answered here, with scopes and endpoints."""
        writes, reads = ("workspace_write",), ("workspace_read",)
        answers: list[tuple[type[Record], tuple[str, ...], str, Any]] = [
            (AskDeletion, writes, f"DELETE {_WORKSPACE}", self.ask),
            (ConfirmDeletion, writes, f"POST {_DELETION}/confirm", self.confirm),
            (CancelDeletion, writes, f"DELETE {_DELETION}", self.cancel),
            (GetDeletion, reads, f"GET {_DELETION}", self.get),
        ]
        return {kind: Question(scopes, (endpoint,), answer) for kind, scopes, endpoint, answer in answers}

    async def ask(self, caller: Caller, record: AskDeletion) -> DeletionView:
        """Have a code mailed that confirms the deletion of the caller's workspace.

        raises: EcholessError(MISSING_PERMISSIONS, INVALID_CREDENTIALS, NOT_AVAILABLE), SlowedError
        """
        owner = self._owner(caller)
        if not self._has_mail:
            raise EcholessError(ErrorCode.NOT_AVAILABLE, _NO_MAIL)
        if record.password:
            await self._logins.check_password(owner, record.password)
        elif not self._is_fresh(caller):
            raise EcholessError(ErrorCode.INVALID_CREDENTIALS, _NOT_FRESH, param="password")
        deletion, code = self._eraser.prepare(caller.workspace_id)
        notice = self._outbox.draft(
            caller.workspace_id, NoticeKind.DELETION_REQUESTED, [Recipient(user_id=owner.user_id)], {},
            secrets={"code": code},
        )  # fmt: skip
        await self._eraser.put_unconfirmed(deletion, *notice.rows)
        self._outbox.wake()
        return deletion_view(deletion)

    async def confirm(self, caller: Caller, record: ConfirmDeletion) -> DeletionView:
        """Confirm by the code of the mail; from here on only the waiting period is between the account and its end.

        raises: EcholessError(MISSING_PERMISSIONS); EcholessError(INVALID_CREDENTIALS) for a wrong or late code
        """
        self._owner(caller)
        return deletion_view(await self._eraser.confirm(caller.workspace_id, record.code, caller.key_id))

    async def cancel(self, caller: Caller, _record: CancelDeletion) -> Done:
        """Take a deletion back that has not begun.

        raises: EcholessError(MISSING_PERMISSIONS, NOT_FOUND)
        """
        if self._member(caller, _NOT_AN_ADMIN).role is not MemberRole.ADMIN:
            raise EcholessError(ErrorCode.MISSING_PERMISSIONS, _NOT_AN_ADMIN)
        await self._eraser.cancel(caller.workspace_id, caller.key_id)
        return Done()

    async def get(self, caller: Caller, _record: GetDeletion) -> DeletionView:
        """Return how far the deletion of the caller's workspace is.

        raises: EcholessError(NOT_FOUND) where none was asked for
        """
        found = self._eraser.requests.get(caller.workspace_id)
        if found is None:
            raise EcholessError(ErrorCode.NOT_FOUND, "Nobody has asked for a deletion of this workspace.")
        return deletion_view(found)

    def _owner(self, caller: Caller) -> Member:
        member = self._member(caller, _NOT_THE_OWNER)
        if not member.is_owner:
            raise EcholessError(ErrorCode.MISSING_PERMISSIONS, _NOT_THE_OWNER)
        return member

    def _member(self, caller: Caller, otherwise: str) -> Member:
        member = self._accounts.members.get(caller.key_id) if caller.is_member else None
        if member is None:
            raise EcholessError(ErrorCode.MISSING_PERMISSIONS, otherwise)
        return member

    def _is_fresh(self, caller: Caller) -> bool:
        """Whether the login was a moment ago. A clock that was set back makes it too old, never new."""
        session = self._accounts.sessions.get(caller.session_id)
        age_s = self._clock.unix_ms() // 1000 - session.created_unix if session is not None else -1
        return 0 <= age_s <= FRESH_S
