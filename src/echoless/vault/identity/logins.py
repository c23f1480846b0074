"""Letting somebody in: by password, by the code of an invitation, and back in by a code for a new password.

A wrong password, an unknown address, a locked member and one without a password are answered alike and after the
same work. Failures make the next attempts wait, each address for itself.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.addresses import lookup_digest, normal_address
from echoless.vault.identity.groups import Groups
from echoless.vault.identity.passes import Passes
from echoless.vault.identity.passwords import Passwords
from echoless.vault.identity.people import People
from echoless.vault.identity.ports import CodeSender
from echoless.vault.identity.sessions import Sessions
from echoless.vault.identity.throttle import Throttle
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.members import MemberProfile
from echoless.vault.stores.membership import Member, PassKind, Session

WRONG: Final = "The address or the password is wrong."


class SlowedError(EcholessError):
    """Too many failures: this attempt was not looked at.

    retry_after_s: when to come again
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(
            ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "Too many attempts for this address; wait before the next one."
        )
        self.retry_after_s = max(1, math.ceil(wait_s))


class LogIns:
    """Opens sessions for whoever proves who they are."""

    def __init__(
        self, *, people: People, sessions: Sessions, passes: Passes, groups: Groups, passwords: Passwords,
        keyring: Keyring, clock: Clock, sender: CodeSender,
    ) -> None:  # fmt: skip
        self._people = people
        self._sessions = sessions
        self._passes = passes
        self._groups = groups
        self._passwords = passwords
        self._keyring = keyring
        self._sender = sender
        self._throttle = Throttle(clock)
        # Of codes that are asked for: an address gets few, whoever asks.
        self._mail_throttle = Throttle(clock)
        self._sending: set[asyncio.Task[None]] = set()

    # --- passwords ---

    async def log_in(self, address: str, password: str, workspace_id: str) -> tuple[Member, Session, str]:
        """Open a session for an address and its password; return it and its token.

        raises: EcholessError(INVALID_CREDENTIALS), SlowedError
        """
        normal = normal_address(address)
        digest = lookup_digest(self._keyring, normal)
        self._check_pace(digest)
        member = self._people.with_address(normal, workspace_id)
        # Counted before the work, so that attempts at the same time are attempts too.
        self._throttle.failed(digest)
        stored = self._stored_of(member)
        if not await self._passwords.is_right(stored, password) or member is None:
            raise EcholessError(ErrorCode.INVALID_CREDENTIALS, WRONG)
        async with self._people.one_at_a_time:
            # The password may have been changed, or the member locked or removed, while the hash was compared.
            now = self._people.accounts.members.get(member.user_id)
            if now is None or self._stored_of(now) != stored:
                raise EcholessError(ErrorCode.INVALID_CREDENTIALS, WRONG)
            self._throttle.succeeded(digest)
            session, token = await self._sessions.open(now)
        return now, session, token

    async def check_password(self, member: Member, password: str) -> None:
        """Prove that a member who is logged in knows the password, as slowly as a login.

        raises: EcholessError(INVALID_CREDENTIALS), SlowedError
        """
        self._check_pace(member.lookup_digest)
        self._throttle.failed(member.lookup_digest)
        if not await self._passwords.is_right(self._stored_of(member), password):
            raise EcholessError(ErrorCode.INVALID_CREDENTIALS, WRONG, param="password")
        self._throttle.succeeded(member.lookup_digest)

    async def change_password(self, member: Member, old: str, new: str, session_id: str) -> None:
        """Set a new password and revoke the member's other sessions.

        raises: EcholessError(INVALID_CREDENTIALS, INVALID_PARAMETERS), SlowedError
        """
        await self.check_password(member, old)
        hashed = await self._passwords.hash(new)
        async with self._people.one_at_a_time:
            if session_id not in self._people.accounts.sessions:
                # Revoked since, perhaps by the member's own newer password: this one must not take its place.
                raise EcholessError(ErrorCode.INVALID_CREDENTIALS, WRONG, param="password")
            await self._people.set_password(member.user_id, hashed, member.user_id)
            await self._sessions.close_all_of(member.user_id, member.user_id, but=session_id)

    def _stored_of(self, member: Member | None) -> str:
        """Return the hash that lets a member in now, or an empty text."""
        return "" if member is None or member.is_locked else self._people.profile(member).password_hash

    def _check_pace(self, digest: bytes) -> None:
        wait_s = self._throttle.wait_s(digest)
        if wait_s > 0:
            raise SlowedError(wait_s)

    # --- codes ---

    async def request_reset(self, address: str, workspace_id: str) -> None:
        """Have a code sent, if there is such a member; whoever asks cannot tell, not by the time it takes either.

        raises: EcholessError(INVALID_PARAMETERS) for what is no address
        """
        normal = normal_address(address)
        digest = lookup_digest(self._keyring, normal)
        if self._mail_throttle.wait_s(digest) > 0:
            return
        self._mail_throttle.failed(digest)
        member = self._people.with_address(normal, workspace_id)
        if member is not None and not member.is_locked:
            task = asyncio.get_running_loop().create_task(self._send_code(member, normal))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send_code(self, member: Member, address: str) -> None:
        async with self._people.one_at_a_time:
            _, code = await self._passes.for_password(member, address)
        await self._sender.send_password_code(member, code)

    async def finish_sending(self) -> None:
        """Return when every code that was asked for is on its way."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def reset_password(self, code: str, password: str) -> None:
        """Set a new password by a code, which is worthless afterwards, and revoke all sessions of the member.

        raises: EcholessError(INVALID_TOKEN, INVALID_PARAMETERS)
        """
        self._passes.find(code, PassKind.PASSWORD_RESET)
        hashed = await self._passwords.hash(password)
        async with self._people.one_at_a_time:
            # Somebody may have used it while the hash was made.
            used = self._passes.find(code, PassKind.PASSWORD_RESET)
            await self._passes.burn([used])
            member = self._people.named(used.workspace_id, used.user_id)
            await self._people.set_password(member.user_id, hashed, member.user_id)
            await self._sessions.close_all_of(member.user_id, member.user_id)
        self._throttle.succeeded(member.lookup_digest)

    async def accept(self, code: str, password: str, first_name: str) -> tuple[Member, Session, str]:
        """Make a member of whoever holds the code of an invitation, which is worthless afterwards.

        raises: EcholessError(INVALID_TOKEN, INVALID_PARAMETERS)
        """
        self._passes.find(code, PassKind.INVITATION)
        hashed = await self._passwords.hash(password)
        async with self._people.one_at_a_time:
            used = self._passes.find(code, PassKind.INVITATION)
            profile = MemberProfile(self._passes.address_of(used), first_name, hashed)
            self._passes.take(used)
            try:
                member = await self._people.add(
                    used.workspace_id, profile, used.role, used.pass_id, character_limit=used.character_limit,
                    more=lambda made: self._groups.joining(used.group_ids, made),
                )  # fmt: skip
            except EcholessError:
                self._passes.give_back(used)
                raise
            self._groups.joined(used.group_ids, member.user_id)
            await self._passes.burn([used])
            session, token = await self._sessions.open(member)
        return member, session, token
