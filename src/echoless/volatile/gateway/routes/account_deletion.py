"""The end of an account: asked for by its owner, confirmed by the code of a mail, taken back; and what is left.

A certificate is shown to whoever knows its id: after the deletion nobody of the account is left to ask. It has
counts by class and ids of ours.
"""

from __future__ import annotations

from typing import Final

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
from echoless.volatile.gateway.bodies import read_schema
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.log_wire import base64_text, inclusion_wire
from echoless.volatile.gateway.routing import Route
from echoless.volatile.gateway.schemas.account_deletion import ConfirmDeletionBody, DeleteAccountBody

_ACCEPTED: Final = 202


async def ask(call: Call) -> None:
    """Ask for the deletion; a code is mailed to the owner."""
    body = await read_schema(call, DeleteAccountBody, is_required=False)
    await _answer_view(call, AskDeletion(password=body.password or ""), status=_ACCEPTED)


async def confirm(call: Call) -> None:
    """Confirm the deletion by the code of the mail."""
    body = await read_schema(call, ConfirmDeletionBody)
    await _answer_view(call, ConfirmDeletion(code=body.code), status=_ACCEPTED)


async def show(call: Call) -> None:
    """Show how far the deletion is."""
    await _answer_view(call, GetDeletion())


async def cancel(call: Call) -> None:
    """Take the deletion back, as long as it has not begun."""
    await call.open_ticket.ask(CancelDeletion())
    await call.answer({"status": "ok"})


async def show_certificate(call: Call) -> None:
    """Show a certificate."""
    found = await call.services.vault.ask(GetCertificate(certificate_id=call.path_id(0)))
    assert isinstance(found, CertificateView)
    inclusion = None if found.inclusion is None else inclusion_wire(found.inclusion)
    answer = {"certificate": found.certificate, "salt": base64_text(found.salt), "inclusion": inclusion}
    await call.answer(answer)


async def show_keys(call: Call) -> None:
    """Show the public key of certificates, as a JSON Web Key Set."""
    found = await call.services.vault.ask(GetCertificateKey())
    assert isinstance(found, CertificateKeyView)
    await call.answer({"keys": [found.members]})


async def _answer_view(
    call: Call, question: AskDeletion | ConfirmDeletion | GetDeletion, *, status: int = 200
) -> None:
    found = await call.open_ticket.ask(question)
    assert isinstance(found, DeletionView)
    view = {
        "deletion_id": found.deletion_id,
        "state": found.state,
        "due_at_unix": found.due_unix,
        # Known from the beginning, so that it can be noted before the account is gone.
        "certificate_id": found.deletion_id,
    }
    await call.answer(view, status=status)


_DELETION: Final = "/v1/workspace/deletion"
_CERTIFICATES: Final = "/v1/deletion-certificates"
ROUTES: Final = (
    Route(
        "DELETE /v1/workspace",
        ask,
        "Ask for the deletion of the workspace",
        body=DeleteAccountBody,
        is_body_required=False,
    ),
    Route(f"GET {_DELETION}", show, "How far the deletion is"),
    Route(f"DELETE {_DELETION}", cancel, "Take the deletion back"),
    Route(f"POST {_DELETION}/confirm", confirm, "Confirm the deletion", body=ConfirmDeletionBody),
    Route(f"GET {_CERTIFICATES}/keys", show_keys, "The public key of deletion certificates", is_public=True),
    Route(f"GET {_CERTIFICATES}/{{certificate}}", show_certificate, "A deletion certificate", is_public=True),
)
