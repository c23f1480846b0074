"""What stands in where there is nobody: it says so, and prints nothing."""

from __future__ import annotations

import pytest

from echoless.vault.notices.ports import Hook, Mail, NobodyKnown, NoCourier, Outcome

pytestmark = [pytest.mark.unit, pytest.mark.anyio]

MAIL = Mail("ann@example.org", "s", "t", "m")
HOOK = Hook("h", "https://hooks.example/secret-path", "wsec_1")


async def test_without_a_courier_every_attempt_fails_and_may_be_repeated() -> None:
    assert await NoCourier().send_mail(MAIL) == Outcome("no_mail_server", is_final=False)
    assert await NoCourier().post(HOOK, b"{}") == 0


def test_without_members_nobody_has_an_address() -> None:
    assert NobodyKnown().address_of("w", "u") is None


def test_an_outcome_without_a_code_is_a_delivery() -> None:
    assert Outcome("").is_delivered
    assert not Outcome("http_503").is_delivered


def test_addresses_and_secrets_are_not_printed() -> None:
    shown = repr((MAIL, HOOK))
    assert not any(word in shown for word in ("ann@", "secret-path", "wsec_1"))
