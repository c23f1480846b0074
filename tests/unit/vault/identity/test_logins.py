"""Logging in: slowed where it is guessed at, never locked out, and nothing is good twice."""

from __future__ import annotations

import asyncio

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.identity import Identity
from echoless.vault.identity.logins import SlowedError
from echoless.vault.identity.throttle import FREE_FAILURES, WAIT_S_MAX
from echoless.vault.stores.accounts import Accounts
from echoless.vault.stores.membership import Session
from echoless.vault.stores.roles import MemberRole
from echoless.vault.stores.storage import Storage
from tests.fakes.gateway_double import TurnedClock
from tests.fakes.people import ADDRESS, PASSWORD, CaughtCodes, add_member

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


def opens(storage: Storage, token: str) -> bool:
    """Whether a token is a credential now."""
    accounts: Accounts = storage.accounts
    return accounts.credential(storage.keyring.digest(token)) is not None


async def fails(identity: Identity, address: str, password: str) -> EcholessError:
    with pytest.raises(EcholessError) as caught:
        await identity.logins.log_in(address, password, "")
    return caught.value


async def log_in(identity: Identity, password: str = PASSWORD) -> tuple[Session, str]:
    _, session, token = await identity.logins.log_in(ADDRESS, password, "")
    return session, token


async def test_a_password_opens_a_session_of_its_member(
    identity: Identity, storage: Storage, workspace_id: str
) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    session, token = await log_in(identity)
    found = storage.accounts.credential(storage.keyring.digest(token))
    assert found is not None
    assert (found.caller.workspace_id, found.caller.key_id) == (workspace_id, member.user_id)
    assert found.caller.session_id == session.session_id


@pytest.mark.parametrize("case", ["wrong", "unknown", "locked", "without password", "other workspace"])
async def test_every_failure_looks_and_works_alike(identity: Identity, workspace_id: str, case: str) -> None:
    """The same code, the same words, and the same one round of argon2."""
    password = "" if case == "without password" else PASSWORD
    member = await add_member(identity, workspace_id, ADDRESS, MemberRole.EDITOR, password=password)
    if case == "locked":
        async with identity.people.one_at_a_time:
            await identity.edit(member, "operator", is_locked=True)
    address = "nobody@example.org" if case == "unknown" else ADDRESS
    given = "a wrong word, but long" if case == "wrong" else PASSWORD
    before = identity.passwords.work_count
    with pytest.raises(EcholessError) as caught:
        await identity.logins.log_in(address, given, "elsewhere" if case == "other workspace" else "")
    assert caught.value.code is ErrorCode.INVALID_CREDENTIALS
    assert caught.value.public_description == "The address or the password is wrong."
    assert identity.passwords.work_count == before + 1


async def test_guessing_is_slowed_and_the_right_password_is_let_in_after_the_wait(
    identity: Identity, workspace_id: str, clock: TurnedClock
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    waits = []
    for _ in range(20):
        error = await fails(identity, ADDRESS, "a wrong word, but long")
        if isinstance(error, SlowedError):
            waits.append(error.retry_after_s)
            clock.turn(error.retry_after_s)
    assert waits[:4] == [1, 2, 4, 8] and max(waits) == WAIT_S_MAX
    await fails(identity, ADDRESS, "a wrong word, but long")
    assert isinstance(await fails(identity, ADDRESS, PASSWORD), SlowedError)
    clock.turn(WAIT_S_MAX)
    await log_in(identity)
    # Who is in has no failures any more.
    assert not isinstance(await fails(identity, ADDRESS, "a wrong word, but long"), SlowedError)


async def test_an_attempt_that_comes_too_early_is_not_looked_at_and_does_not_lengthen_the_wait(
    identity: Identity, workspace_id: str, clock: TurnedClock
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    for _ in range(FREE_FAILURES + 3):
        await fails(identity, ADDRESS, "a wrong word, but long")
    before = identity.passwords.work_count
    for _ in range(50):
        assert isinstance(await fails(identity, ADDRESS, PASSWORD), SlowedError)
    assert identity.passwords.work_count == before
    clock.turn(WAIT_S_MAX)
    await log_in(identity)


async def test_guesses_at_the_same_time_are_counted_each(identity: Identity, workspace_id: str) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    tries = (fails(identity, ADDRESS, "a wrong word, but long") for _ in range(20))
    slowed = [error for error in await asyncio.gather(*tries) if isinstance(error, SlowedError)]
    assert len(slowed) == 20 - FREE_FAILURES


async def test_a_session_that_was_closed_is_refused_however_often_its_token_is_shown(
    identity: Identity, storage: Storage, workspace_id: str
) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    session, token = await log_in(identity)
    _, other = await log_in(identity)
    assert opens(storage, token)
    await identity.sessions.close([session], member.user_id)
    assert not opens(storage, token) and not opens(storage, token)
    assert opens(storage, other)


async def test_a_new_password_closes_the_other_sessions_and_the_old_one_is_worthless(
    identity: Identity, storage: Storage, workspace_id: str
) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    session, own = await log_in(identity)
    _, other = await log_in(identity)
    with pytest.raises(EcholessError) as caught:
        await identity.logins.change_password(member, "not the old one", "another long word", session.session_id)
    assert caught.value.code is ErrorCode.INVALID_CREDENTIALS
    await identity.logins.change_password(member, PASSWORD, "another long word", session.session_id)
    assert opens(storage, own) and not opens(storage, other)
    assert (await fails(identity, ADDRESS, PASSWORD)).code is ErrorCode.INVALID_CREDENTIALS
    await log_in(identity, "another long word")


@pytest.mark.parametrize("event", ["changed", "locked", "removed"])
async def test_a_password_that_is_over_while_it_is_compared_opens_nothing(
    identity: Identity, storage: Storage, workspace_id: str, event: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed, locked or removed: the comparison with the former hash is right, and comes too late."""
    member = await add_member(identity, workspace_id, ADDRESS, MemberRole.EDITOR)
    compare, new = identity.passwords.is_right, await identity.passwords.hash("another long word")

    async def compare_slowly(stored: str, password: str) -> bool:
        is_right = await compare(stored, password)
        async with identity.people.one_at_a_time:
            if event == "changed":
                await identity.people.set_password(member.user_id, new, member.user_id)
            elif event == "locked":
                await identity.edit(member, "operator", is_locked=True)
            else:
                await identity.people.remove(member.user_id, "operator")
        return is_right

    monkeypatch.setattr(identity.passwords, "is_right", compare_slowly)
    assert (await fails(identity, ADDRESS, PASSWORD)).code is ErrorCode.INVALID_CREDENTIALS
    assert storage.accounts.sessions_of(member.user_id) == []


async def test_a_change_whose_session_is_revoked_meanwhile_does_not_replace_the_newer_password(
    identity: Identity, workspace_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = await add_member(identity, workspace_id, ADDRESS)
    session, _ = await log_in(identity)
    make, new = identity.passwords.hash, await identity.passwords.hash("another long word")

    async def make_slowly(password: str) -> str:
        async with identity.people.one_at_a_time:
            await identity.people.set_password(member.user_id, new, member.user_id)
            await identity.sessions.close_all_of(member.user_id, member.user_id)
        return await make(password)

    monkeypatch.setattr(identity.passwords, "hash", make_slowly)
    with pytest.raises(EcholessError) as caught:
        await identity.logins.change_password(member, PASSWORD, "a thief's long word", session.session_id)
    assert caught.value.code is ErrorCode.INVALID_CREDENTIALS
    await log_in(identity, "another long word")


async def test_a_code_sets_a_new_password_once_and_closes_every_session(
    identity: Identity, storage: Storage, workspace_id: str, codes: CaughtCodes
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    _, token = await log_in(identity)
    await identity.logins.request_reset(ADDRESS, "")
    await identity.logins.finish_sending()
    (_, code) = codes.resets.pop()
    await identity.logins.reset_password(code, "another long word")
    assert not opens(storage, token)
    await log_in(identity, "another long word")
    with pytest.raises(EcholessError) as caught:
        await identity.logins.reset_password(code, "a third long word")
    assert caught.value.code is ErrorCode.INVALID_TOKEN


async def test_a_code_is_worthless_after_an_hour_and_stays_so_when_the_clock_is_set_back(
    identity: Identity, workspace_id: str, codes: CaughtCodes, clock: TurnedClock
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    await identity.logins.request_reset(ADDRESS, "")
    await identity.logins.finish_sending()
    (_, code) = codes.resets.pop()
    clock.turn(3600)
    clock.now_ms -= 7_200_000
    with pytest.raises(EcholessError) as caught:
        await identity.logins.reset_password(code, "another long word")
    assert caught.value.code is ErrorCode.INVALID_TOKEN


async def test_who_asks_for_a_code_cannot_tell_who_is_a_member(
    identity: Identity, workspace_id: str, codes: CaughtCodes
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    await identity.logins.request_reset("nobody@example.org", "")
    await identity.logins.request_reset(ADDRESS, "")
    await identity.logins.finish_sending()
    assert len(codes.resets) == 1


async def test_codes_are_not_sent_as_often_as_they_are_asked_for(
    identity: Identity, workspace_id: str, codes: CaughtCodes
) -> None:
    await add_member(identity, workspace_id, ADDRESS)
    for _ in range(20):
        await identity.logins.request_reset(ADDRESS, "")
    await identity.logins.finish_sending()
    assert len(codes.resets) == FREE_FAILURES


async def test_an_invitation_is_accepted_once_by_whoever_holds_its_code(
    identity: Identity, storage: Storage, workspace_id: str, codes: CaughtCodes
) -> None:
    await add_member(identity, workspace_id, "owner@example.org")
    async with identity.people.one_at_a_time:
        group = await identity.groups.create(workspace_id, "readers", "operator")
    await identity.invite(
        workspace_id, "new@example.org", MemberRole.VIEWER, "operator", group_ids=[group.group_id],
        character_limit=500,
    )  # fmt: skip
    (address, role, code) = codes.invitations.pop()
    assert (address, role) == ("new@example.org", "viewer")
    member, _, token = await identity.logins.accept(code, PASSWORD, "New")
    assert (member.role, member.character_limit, member.is_owner) == (MemberRole.VIEWER, 500, False)
    assert identity.groups.of(workspace_id)[0].user_ids == (member.user_id,)
    assert opens(storage, token)
    with pytest.raises(EcholessError) as caught:
        await identity.logins.accept(code, PASSWORD, "Again")
    assert caught.value.code is ErrorCode.INVALID_TOKEN


async def test_a_newer_invitation_replaces_the_older_and_a_withdrawn_one_is_worthless(
    identity: Identity, workspace_id: str, codes: CaughtCodes
) -> None:
    for _ in range(2):
        await identity.invite(workspace_id, "new@example.org", MemberRole.VIEWER, "operator")
    older, newer = (code for _, _, code in codes.invitations)
    with pytest.raises(EcholessError):
        await identity.logins.accept(older, PASSWORD, "")
    async with identity.people.one_at_a_time:
        await identity.passes.withdraw(workspace_id, "new@example.org", "operator")
    with pytest.raises(EcholessError):
        await identity.logins.accept(newer, PASSWORD, "")


async def test_a_short_password_is_refused_before_any_work(identity: Identity, workspace_id: str) -> None:
    await identity.invite(workspace_id, "new@example.org", MemberRole.VIEWER, "operator")
    with pytest.raises(EcholessError) as caught:
        await identity.passwords.hash("short")
    assert caught.value.code is ErrorCode.INVALID_PARAMETERS
