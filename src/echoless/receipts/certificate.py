"""The deletion certificate: our signed word that everything of an account was destroyed.

It lists classes and counts, our own ids and times, never an e-mail address, a name or anything derived from
content. It is a compact JWS with Ed25519 over canonical JSON, so that anybody who has the public key can check it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.signing import KeptKey, StatementSigner, verify_statement

CERTIFICATE_TYPE: Final = "echoless-deletion-certificate+jws"
_MEMBERS: Final[Mapping[str, type]] = {
    "certificate_id": str,
    "workspace_id": str,
    "requested_by": str,
    "requested_unix": int,
    "began_unix": int,
    "finished_unix": int,
    "destroyed": dict,
    "remaining": int,
    "backups_expire_unix": int,
    "kept": list,
}
"""What a certificate states, all of it and nothing else."""


class CertificateSigner:
    """Signs certificates with one key.

    key: or the seed of one
    """

    def __init__(self, key: bytes | KeptKey) -> None:
        self._signer = StatementSigner(key)

    @property
    def public_key(self) -> dict[str, str]:
        """The public half as a JSON Web Key, with its id."""
        return self._signer.public_key

    def sign(self, statement: Mapping[str, Any]) -> str:
        """Return a certificate as a compact JWS.

        statement: exactly the members of a certificate, with their types
        """
        assert is_statement(statement), "a certificate states what its form allows, and all of it"
        return self._signer.sign(CERTIFICATE_TYPE, statement)


def verify_certificate(certificate: str, public_key: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a certificate states once its signature, form and canonical order are right.

    certificate: a compact JWS
    public_key:  a JSON Web Key
    raises:      EcholessError(INVALID_PARAMETERS) naming what is wrong
    """
    statement = verify_statement(CERTIFICATE_TYPE, certificate, [public_key])
    if is_statement(statement):
        return statement
    raise EcholessError(ErrorCode.INVALID_PARAMETERS, "What is signed is no deletion certificate.")


def is_statement(members: Mapping[str, Any]) -> bool:
    """Whether members are exactly those of a certificate; counts are numbers by class, ids have no other signs."""
    if set(members) != set(_MEMBERS):
        return False
    if not all(type(members[name]) is kind for name, kind in _MEMBERS.items()):
        return False
    words = [members["certificate_id"], members["workspace_id"], members["requested_by"], *members["kept"]]
    counts = members["destroyed"]
    return all(isinstance(word, str) and _is_word(word) for word in (*words, *counts)) and all(
        type(count) is int and count >= 0 for count in counts.values()
    )


def _is_word(text: str) -> bool:
    return 0 < len(text) <= 64 and text.isascii() and text.replace("_", "").isalnum()
