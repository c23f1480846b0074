"""Members for tests, and the codes that would have been sent to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from echoless.vault.identity.identity import Identity
from echoless.vault.stores.members import MemberProfile
from echoless.vault.stores.membership import Member
from echoless.vault.stores.roles import MemberRole

PASSWORD = "a long enough word"
ADDRESS = "Ada.Lovelace@example.org"


@dataclass(slots=True)
class CaughtCodes:
    """Keeps codes in place of sending them."""

    invitations: list[tuple[str, str, str]] = field(default_factory=list)
    resets: list[tuple[str, str]] = field(default_factory=list)

    async def send_invitation(self, workspace_id: str, address: str, role: str, code: str) -> None:
        del workspace_id
        self.invitations.append((address, role, code))

    async def send_password_code(self, member: Member, code: str) -> None:
        self.resets.append((member.user_id, code))


async def add_member(
    identity: Identity, workspace_id: str, address: str, role: MemberRole = MemberRole.ADMIN, *,
    password: str = PASSWORD,
) -> Member:  # fmt: skip
    """Make a member with a password, as the operator would."""
    hashed = await identity.passwords.hash(password) if password else ""
    async with identity.people.one_at_a_time:
        profile = MemberProfile(address.lower(), "Ada", hashed)
        return await identity.people.add(workspace_id, profile, role, "operator")
