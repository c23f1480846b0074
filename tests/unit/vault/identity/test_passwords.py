"""Passwords: argon2id, the same work for nobody, and a bound on who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.identity.passwords import CHARACTERS_MIN, Passwords, check_strength
from tests.fakes.people import PASSWORD

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords(memory_kib=64)
    yield made
    made.close()


async def test_a_hash_is_salted_and_only_its_password_is_right(passwords: Passwords) -> None:
    first, second = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)
    assert first != second
    assert PASSWORD not in first
    assert await passwords.is_right(first, PASSWORD)
    assert not await passwords.is_right(first, PASSWORD + " ")
    assert not await passwords.is_right("damaged", PASSWORD)


async def test_nobody_has_a_password_and_finding_that_out_takes_the_same_work(passwords: Passwords) -> None:
    stored = await passwords.hash(PASSWORD)
    before = passwords.work_count
    assert not await passwords.is_right("", PASSWORD)
    assert passwords.work_count == before + 1
    await passwords.is_right(stored, PASSWORD)
    assert passwords.work_count == before + 2


async def test_the_parameters_are_those_that_owasp_names() -> None:
    real = Passwords()
    stored = await real.hash(PASSWORD)
    real.close()
    assert stored.startswith("$argon2id$v=19$m=47104,t=1,p=1$")


async def test_who_comes_when_too_many_wait_is_told_to_come_again(passwords: Passwords) -> None:
    stored = await passwords.hash(PASSWORD)
    await passwords.is_right(stored, PASSWORD)
    answers = await asyncio.gather(
        *(passwords.is_right(stored, PASSWORD) for _ in range(40)), return_exceptions=True
    )
    refused = [one for one in answers if isinstance(one, EcholessError)]
    assert [one.code for one in refused] == [ErrorCode.CONCURRENT_LIMIT_EXCEEDED] * 8
    assert answers.count(True) == 32
    # The places are free again.
    assert await passwords.is_right(stored, PASSWORD)


def test_a_password_is_long_enough_and_nothing_else_is_asked_of_it() -> None:
    check_strength("a" * CHARACTERS_MIN)
    with pytest.raises(EcholessError) as caught:
        check_strength("a" * (CHARACTERS_MIN - 1))
    assert caught.value.param == "password"
