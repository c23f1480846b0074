"""Passwords: argon2id, in a thread of its own, and the same work for an address that nobody has.

source: RFC 9106; the parameters are those of OWASP's password storage sheet for one lane
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import argon2

from echoless.core.errors import EcholessError, ErrorCode

CHARACTERS_MIN: Final = 12
_MEMORY_KIB: Final = 47_104
_ROUNDS: Final = 1
_WAITING_MAX: Final = 32
T = TypeVar("T")


class Passwords:
    """Makes and checks hashes, one at a time, so that guessing is as slow as one core is.

    memory_kib: of one hash; tests take less
    """

    def __init__(self, *, memory_kib: int = _MEMORY_KIB) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=_ROUNDS, memory_cost=memory_kib, parallelism=1)
        self._thread = ThreadPoolExecutor(1, "vault-passwords")
        self._waiting_count = 0
        self._of_nobody = ""
        self.work_count = 0

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return what is stored of a new password.

        raises: EcholessError(INVALID_PARAMETERS) for a short one, CONCURRENT_LIMIT_EXCEEDED where too many wait
        """
        check_strength(password)
        return await self._work(lambda: self._hasher.hash(password))

    async def is_right(self, stored: str, password: str) -> bool:
        """Whether a password is the stored one; takes as long where nothing is stored.

        raises: EcholessError(CONCURRENT_LIMIT_EXCEEDED) where too many wait
        """
        if not self._of_nobody:
            self._of_nobody = await self._work(lambda: self._hasher.hash(secrets.token_hex(32)))
        return await self._work(lambda: self._verify(stored or self._of_nobody, password)) and bool(stored)

    def _verify(self, stored: str, password: str) -> bool:
        self.work_count += 1
        try:
            return self._hasher.verify(stored, password)
        except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
            return False

    async def _work(self, work: Callable[[], T]) -> T:
        if self._waiting_count >= _WAITING_MAX:
            raise EcholessError(ErrorCode.CONCURRENT_LIMIT_EXCEEDED, "Too many log in at once; try again.")
        self._waiting_count += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting_count -= 1


def check_strength(password: str) -> None:
    """Raise for a password that is too short; there are no other rules, as they make passwords worse.

    source: NIST SP 800-63B, section 5.1.1.2
    """
    if len(password) < CHARACTERS_MIN:
        message = f"A password has at least {CHARACTERS_MIN} characters."
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, message, param="password")
