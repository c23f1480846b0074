"""Passes: codes sent by e-mail that let somebody in once, to accept an invitation or to set a new password.

Only a digest is stored; the address is sealed by a key of its own. A pass that was used, replaced or withdrawn is
gone from memory first, so a code that is shown twice is refused the second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import new_opaque_id, new_pass_code
from echoless.vault.identity.addresses import lookup_digest
from echoless.vault.identity.people import Erase
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.members import load_passes, opened_holder, pass_row, sealed_holder, sealers_of
from echoless.vault.stores.membership import Member, Pass, PassKind
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.trail import audit_row
from echoless.vault.stores.writing import Row, Write

INVITATION_LIFE_S: Final = 7 * 86_400
RESET_LIFE_S: Final = 3600
INVITATIONS_MAX: Final = 1000
BAD_CODE: Final = "The code is unknown, used or expired."


class Passes:
    """Makes, finds and burns passes. `one_at_a_time` of the members must be held by whoever changes them."""

    def __init__(self, storage: Storage, clock: Clock, erase: Erase) -> None:
        self._storage = storage
        self._clock = clock
        self._erase = erase
        self._by_digest: dict[bytes, Pass] = {}
        self._sealers: dict[str, ItemSealer] = {}
        # What time has closed stays closed when the time of day is set back.
        self._ends_s: dict[str, float] = {}

    async def load(self) -> None:
        """Take the stored passes into memory."""
        passes = await self._storage.read(load_passes)
        ids = [(one.workspace_id, one.pass_id) for one in passes]
        self._sealers = await self._storage.read(lambda reader: sealers_of(reader, ids))
        for one in passes:
            if one.pass_id in self._sealers:
                self._put(one)

    # --- finding ---

    def find(self, code: str, kind: PassKind) -> Pass:
        """Return the pass of a code.

        raises: EcholessError(INVALID_TOKEN), the same for one that never was and one that was used
        """
        found = self._by_digest.get(self._storage.keyring.digest(code))
        if found is None or found.kind is not kind or not self._is_open(found):
            raise EcholessError(ErrorCode.INVALID_TOKEN, BAD_CODE, param="code")
        return found

    def address_of(self, one: Pass) -> str:
        """Return the address that a pass was sent to."""
        return opened_holder(self._sealers[one.pass_id], one.sealed_holder)

    def invitations_of(self, workspace_id: str) -> list[Pass]:
        """Return the invitations to a workspace that may still be accepted, oldest first."""
        mine = (one for one in self._by_digest.values() if one.workspace_id == workspace_id)
        return [one for one in mine if one.kind is PassKind.INVITATION and self._is_open(one)]

    # --- making ---

    async def invite(
        self, workspace_id: str, address: str, role: MemberRole, actor_id: str, *,
        group_ids: Sequence[str] = (), character_limit: int | None = None,
    ) -> tuple[Pass, str]:  # fmt: skip
        """Make an invitation for a normal address, in place of an older one; return it and its code.

        raises: EcholessError(INVALID_PARAMETERS) where too many are open
        """
        if len(self.invitations_of(workspace_id)) >= INVITATIONS_MAX:
            message = f"A workspace has at most {INVITATIONS_MAX} open invitations."
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="email")
        return await self._make(
            workspace_id, PassKind.INVITATION, address, role, actor_id, life_s=INVITATION_LIFE_S,
            group_ids=tuple(group_ids), character_limit=character_limit,
        )  # fmt: skip

    async def for_password(self, member: Member, address: str) -> tuple[Pass, str]:
        """Make a pass that sets a member's password, in place of an older one; return it and its code."""
        return await self._make(
            member.workspace_id, PassKind.PASSWORD_RESET, address, member.role, member.user_id,
            life_s=RESET_LIFE_S, user_id=member.user_id,
        )  # fmt: skip

    async def _make(
        self, workspace_id: str, kind: PassKind, address: str, role: MemberRole, actor_id: str, *, life_s: int,
        user_id: str = "", group_ids: tuple[str, ...] = (), character_limit: int | None = None,
    ) -> tuple[Pass, str]:  # fmt: skip
        now, code, pass_id = self._clock.unix_ms() // 1000, new_pass_code(), new_opaque_id()
        sealer = ItemSealer.new(pass_id)
        one = Pass(
            pass_id=pass_id, workspace_id=workspace_id, kind=kind, user_id=user_id, role=role,
            digest=self._storage.keyring.digest(code), group_ids=group_ids, character_limit=character_limit,
            lookup_digest=lookup_digest(self._storage.keyring, address), created_unix=now,
            expires_unix=now + life_s, sealed_holder=sealed_holder(sealer, address),
        )  # fmt: skip
        older = self._alike(one)
        wrapped = self._storage.keyring.wrap_item_key(workspace_id, pass_id, sealer.key)
        key: Row = {"item_id": pass_id, "workspace_id": workspace_id, "wrapped": wrapped}
        act = audit_row(self._clock, workspace_id, actor_id, f"{kind.value}.create", pass_id)
        await self._storage.writer.now((Write.ITEM_KEY, key), (Write.MEMBER_PASS, pass_row(one)), act)
        self._sealers[pass_id] = sealer
        self._put(one)
        await self.burn(older)
        return one, code

    # --- ending ---

    async def withdraw(self, workspace_id: str, address: str, actor_id: str) -> None:
        """Burn the invitations of a normal address.

        raises: EcholessError(NOT_FOUND) where there are none
        """
        digest = lookup_digest(self._storage.keyring, address)
        found = [one for one in self.invitations_of(workspace_id) if one.lookup_digest == digest]
        if not found:
            raise EcholessError(ErrorCode.NOT_FOUND, "There is no open invitation of this address.")
        acts = [audit_row(self._clock, workspace_id, actor_id, "invitation.withdraw", one.pass_id) for one in found]
        await self._storage.writer.now(*acts)
        await self.burn(found)

    def take(self, one: Pass) -> None:
        """Make a pass worthless from now on; `burn` must follow."""
        self._by_digest.pop(one.digest, None)
        self._ends_s.pop(one.pass_id, None)

    def give_back(self, one: Pass) -> None:
        """Undo `take`, where what the pass was used for could not be done."""
        self._put(one)

    async def burn(self, passes: Sequence[Pass]) -> None:
        """Destroy passes."""
        if not passes:
            return
        for one in passes:
            self.take(one)
        await self._erase([one.pass_id for one in passes])
        for one in passes:
            self._sealers.pop(one.pass_id, None)

    async def forget_expired(self) -> int:
        """Destroy the passes that time has closed; return how many."""
        over = [one for one in self._by_digest.values() if not self._is_open(one)]
        await self.burn(over)
        return len(over)

    def of_member(self, user_id: str) -> list[Pass]:
        """Return the passes that set a member's password."""
        return [one for one in self._by_digest.values() if one.user_id == user_id]

    def forget_workspace(self, workspace_id: str) -> None:
        """Forget the passes of a workspace that is deleted with all rows and keys."""
        for one in tuple(self._by_digest.values()):
            if one.workspace_id == workspace_id:
                self.take(one)
                self._sealers.pop(one.pass_id, None)

    # --- inner ---

    def _put(self, one: Pass) -> None:
        self._by_digest[one.digest] = one
        left_s = one.expires_unix - self._clock.unix_ms() // 1000
        self._ends_s[one.pass_id] = self._clock.monotonic_s() + left_s

    def _is_open(self, one: Pass) -> bool:
        is_over = self._clock.monotonic_s() >= self._ends_s[one.pass_id]
        return not is_over and self._clock.unix_ms() // 1000 < one.expires_unix

    def _alike(self, new: Pass) -> list[Pass]:
        """Return older passes that a new one replaces."""
        return [
            one
            for one in self._by_digest.values()
            if (one.workspace_id, one.kind, one.lookup_digest) == (new.workspace_id, new.kind, new.lookup_digest)
        ]
