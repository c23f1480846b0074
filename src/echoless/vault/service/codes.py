"""The outbox as identity knows it: codes go out as notices, sealed until they are sent."""

from __future__ import annotations

from echoless.vault.notices.kinds import NoticeKind
from echoless.vault.notices.outbox import Outbox, Recipient
from echoless.vault.stores.membership import Member


class OutboxCodes:
    """Sends codes by the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def send_invitation(self, workspace_id: str, address: str, role: str, code: str) -> None:
        """Send the code of an invitation."""
        to = [Recipient(address=address)]
        await self._outbox.post(workspace_id, NoticeKind.INVITATION, to, {"role": role}, secrets={"code": code})

    async def send_password_code(self, member: Member, code: str) -> None:
        """Send the code that sets a new password."""
        to = [Recipient(user_id=member.user_id)]
        await self._outbox.post(member.workspace_id, NoticeKind.PASSWORD_RESET, to, {}, secrets={"code": code})
