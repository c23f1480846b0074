"""Identities of age as files: made once, readable for their owner only, never written over another."""

from __future__ import annotations

import os
import time
from pathlib import Path

from echoless.core.errors import EcholessError, ErrorCode
from echoless.vault.backups.age_keys import identity_file, new_identity, recipient_of


def make_identity(out: Path, code: ErrorCode) -> str:
    """Make an identity, write its secret half to a new file, and return its public half.

    code:   of the error where it cannot be written
    raises: EcholessError
    """
    identity = new_identity()
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(identity_file(identity, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))
            os.fsync(file.fileno())
        return str(recipient_of(identity))
    raise EcholessError(code, f"cannot write {out}: {reason}")
