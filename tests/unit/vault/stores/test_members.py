"""Members at rest: who they are is sealed, and opens only where it belongs."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError
from echoless.vault.stores.keyring import ItemSealer
from echoless.vault.stores.members import (
    MemberProfile,
    Provider,
    member_row,
    opened_holder,
    opened_profile,
    pass_row,
    provider_row,
    sealed_holder,
    sealed_profile,
)
from echoless.vault.stores.membership import Member, Pass, PassKind
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.schema import member_passes, members, sign_ons

pytestmark = pytest.mark.unit
ADDRESS = "ada@example.org"
PROFILE = MemberProfile(ADDRESS, "Ada", "$argon2id$...")


def test_a_row_says_nothing_of_who_it_is() -> None:
    sealer = ItemSealer.new("u")
    row = member_row(Member("u", "w", MemberRole.ADMIN, 1, b"digest", sealed_profile(sealer, PROFILE)))
    assert set(row) == {column.name for column in members.columns}
    assert (row["role"], row["character_limit"]) == ("admin", None)
    for word in (b"ada", b"Ada", b"argon2"):
        assert word not in row["sealed_profile"]
    assert opened_profile(sealer, row["sealed_profile"]) == PROFILE


def test_a_profile_of_one_member_does_not_open_as_anothers() -> None:
    sealer = ItemSealer.new("u")
    other = ItemSealer("v", sealer.key)
    with pytest.raises(EcholessError):
        opened_profile(other, sealed_profile(sealer, PROFILE))
    with pytest.raises(EcholessError):
        opened_holder(sealer, sealed_profile(sealer, PROFILE))


def test_a_pass_and_a_provider_say_nothing_either() -> None:
    sealer = ItemSealer.new("p")
    one = Pass(
        "p", "w", PassKind.INVITATION, "", MemberRole.VIEWER, b"digest", b"lookup", ("g",), None, 1, 2,
        sealed_holder(sealer, ADDRESS),
    )  # fmt: skip
    row = pass_row(one)
    assert set(row) == {column.name for column in member_passes.columns}
    assert ADDRESS.encode() not in row["sealed_holder"]
    assert opened_holder(sealer, row["sealed_holder"]) == ADDRESS
    named = Provider("https://login.example.org", "client", "the secret", "https://r.test")
    stored = provider_row("w", sealer, "p", 1, named)
    assert set(stored) == {column.name for column in sign_ons.columns}
    assert b"secret" not in stored["sealed_provider"] and b"login" not in stored["sealed_provider"]


def test_nothing_of_it_is_printed() -> None:
    member = Member("u", "w", MemberRole.ADMIN, 1, b"digest", b"sealed")
    assert "digest" not in repr(member).replace("_digest", "") and "ada" not in repr(PROFILE)
