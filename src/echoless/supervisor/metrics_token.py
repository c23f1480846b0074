"""The token that a scraper of the metrics shows. Gateways get its digest, so that none of them holds the token."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

_TOKEN: Final = re.compile(r"[A-Za-z0-9_.:/+=-]{16,256}")
_PARAM: Final = "metrics_token_file"


def metrics_token_digest(path: str | None) -> str:
    """Return the SHA-256 of the token in a file, in hex; empty where no file is named.

    raises: EcholessError(CONFIGURATION) where the file cannot be read or holds no token
    """
    if path is None:
        return ""
    try:
        token = Path(path).read_text(encoding="ascii").strip()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    except UnicodeDecodeError:
        reason = "it is not ASCII"
    else:
        if _TOKEN.fullmatch(token) is not None:
            return hashlib.sha256(token.encode("ascii")).hexdigest()
        reason = "a token has 16 to 256 letters, digits or characters of _.:/+=-"
    raise EcholessError(ErrorCode.CONFIGURATION, f"cannot use {_PARAM} {path}: {reason}", param=_PARAM)
