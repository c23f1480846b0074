"""Whether a server in use can be audited with a key at all, before anything is planted there."""

from __future__ import annotations

import http.client
import json
from typing import Final

from echoless.audit.client import AuditClient
from echoless.audit.options import RunningServer
from echoless.core.errors import EcholessError, ErrorCode

_POLICY: Final = "/v1/workspace/zero-retention"


def expect_welcome(server: RunningServer) -> None:
    """Ask the server what this key's requests would have.

    raises: EcholessError(NOT_FOUND) when it cannot be reached, EcholessError(MISSING_PERMISSIONS) when it does not
            take the key, EcholessError(ZERO_RETENTION_NOT_PERMITTED) when there is nothing to audit
    """
    try:
        with AuditClient(server.url, server.api_key) as client:
            answer = client.request("GET", _POLICY)
        is_permitted = answer.status == 200 and json.loads(answer.body)["permitted"] is True
    except (OSError, http.client.HTTPException):
        code, reason = ErrorCode.NOT_FOUND, "the server cannot be reached"
    except (ValueError, LookupError, TypeError):
        code, reason = ErrorCode.NOT_FOUND, "what answers there is not Echoless"
    else:
        if is_permitted:
            return
        code, reason = ErrorCode.MISSING_PERMISSIONS, f"the server answers this key with status {answer.status}"
        if answer.status == 200:
            code = ErrorCode.ZERO_RETENTION_NOT_PERMITTED
            reason = "the key's workspace may not have zero retention, so there is nothing to audit"
    raise EcholessError(code, reason)
