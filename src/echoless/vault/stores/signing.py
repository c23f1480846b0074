"""The key that deletion certificates are signed with: 32 random bytes in a file, made when it is missing.

Whoever wants to check certificates later keeps the public half; a lost key takes nothing from certificates that
were signed with it.
"""

from __future__ import annotations

import secrets
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.certificate import CertificateSigner
from echoless.receipts.signing import SEED_BYTES
from echoless.vault.stores.directory import DataDirectory, write_whole

_NAME: Final = "deletion_certificate.key"


def open_signer(directory: DataDirectory) -> CertificateSigner:
    """Read the key, or make it.

    raises: EcholessError(DATA_DIRECTORY) where the file is damaged
    """
    path = directory.keys / _NAME
    if not path.exists():
        write_whole(path, secrets.token_bytes(SEED_BYTES))
    seed = path.read_bytes()
    if len(seed) != SEED_BYTES:
        raise EcholessError(ErrorCode.DATA_DIRECTORY, f"the key file keys/{_NAME} is damaged")
    return CertificateSigner(seed)
