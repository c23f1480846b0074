"""The end of an account over HTTP."""

from __future__ import annotations

import pytest

from echoless.core.errors import ErrorCode
from echoless.crossing.account_records import (
    AskDeletion,
    CancelDeletion,
    CertificateKeyView,
    CertificateView,
    ConfirmDeletion,
    DeletionView,
    GetCertificate,
    GetCertificateKey,
    GetDeletion,
)
from echoless.crossing.query_records import Done
from echoless.crossing.records import Refused
from tests.fakes.gateway import running_gateway

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
VIEW = DeletionView("d" * 20, "w" * 20, "waiting", 7)
WIRE = {"deletion_id": "d" * 20, "state": "waiting", "due_at_unix": 7, "certificate_id": "d" * 20}


async def test_a_deletion_is_asked_for_with_or_without_a_body() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted[AskDeletion] = VIEW
        for body, password in ((None, ""), ({}, ""), ({"password": "secret words"}, "secret words")):
            reply = await gateway.ask("DELETE", "/v1/workspace", body)
            assert (reply.status, reply.json) == (202, WIRE)
            asked = [record for record in gateway.vault.questions if isinstance(record, AskDeletion)]
            assert asked[-1].password == password


async def test_a_deletion_is_confirmed_shown_and_taken_back() -> None:
    async with running_gateway() as gateway:
        gateway.vault.scripted |= {ConfirmDeletion: VIEW, GetDeletion: VIEW, CancelDeletion: Done()}
        confirmed = await gateway.ask("POST", "/v1/workspace/deletion/confirm", {"code": "abc"})
        assert (confirmed.status, confirmed.json) == (202, WIRE)
        shown = await gateway.ask("GET", "/v1/workspace/deletion")
        assert (shown.status, shown.json) == (200, WIRE)
        assert (await gateway.ask("DELETE", "/v1/workspace/deletion")).json == {"status": "ok"}


async def test_a_code_is_needed_to_confirm() -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("POST", "/v1/workspace/deletion/confirm", {})).status == 422


async def test_an_owner_on_a_server_without_mail_is_told_so() -> None:
    async with running_gateway() as gateway:
        refused = Refused(code=ErrorCode.NOT_AVAILABLE.value, message="This server sends no mail.")
        gateway.vault.scripted[AskDeletion] = refused
        assert (await gateway.ask("DELETE", "/v1/workspace")).json["detail"]["code"] == "not_available"


@pytest.mark.claim("Z28")
async def test_a_certificate_and_its_key_need_no_credential() -> None:
    """C54: after the deletion nobody of the account is left to ask."""
    async with running_gateway() as gateway:
        gateway.vault.scripted |= {
            GetCertificate: CertificateView("a.b.c"),
            GetCertificateKey: CertificateKeyView({"kty": "OKP"}),
        }
        shown = await gateway.ask("GET", "/v1/deletion-certificates/" + "c" * 20, api_key="")
        assert shown.json == {"certificate": "a.b.c", "salt": "", "inclusion": None}
        keys = await gateway.ask("GET", "/v1/deletion-certificates/keys", api_key="")
        assert keys.json == {"keys": [{"kty": "OKP"}]}


async def test_a_certificate_that_does_not_exist_is_not_found() -> None:
    async with running_gateway() as gateway:
        assert (await gateway.ask("GET", "/v1/deletion-certificates/" + "x" * 20, api_key="")).status == 404
