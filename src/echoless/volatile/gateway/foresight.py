"""What would become of a request, as it is told to a client: the mode and who decided it, or the refusal."""

from __future__ import annotations

from typing import Any

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.policy_records import ForeseenRequest
from echoless.volatile.gateway.problems import problem_for


def foreseen_wire(foreseen: ForeseenRequest, request_id: str) -> dict[str, Any]:
    """Return a foreseen request for JSON; its status is the one that the refusal would have.

    request_id: of the request that asks
    """
    refusal = None
    if foreseen.code:
        error = EcholessError(ErrorCode(foreseen.code), foreseen.message, param=foreseen.param)
        refusal = {
            "http_status": problem_for(error, request_id).status,
            "code": foreseen.code,
            "message": foreseen.message,
            "param": foreseen.param,
        }
    return {
        "endpoint": foreseen.endpoint,
        "served": refusal is None,
        "retention": foreseen.mode.value,
        "decided_by": foreseen.level.value,
        "refusal": refusal,
        "policy_version": foreseen.policy_version,
    }
