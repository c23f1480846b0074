"""The answer to a question: the record that was asked for, or why there is none."""

from __future__ import annotations

from typing import TypeVar

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.records import Record, Refused

A = TypeVar("A", bound=Record)


def told(answer: Record, wanted: type[A]) -> A:
    """Return a vault's answer, as what it must be.

    wanted: the record that the question is answered by
    raises: EcholessError with the vault's code and words when it refused, CROSSING_BROKEN when it is another record
    """
    if isinstance(answer, Refused):
        code = ErrorCode(answer.code) if answer.code in set(ErrorCode) else ErrorCode.INTERNAL_ERROR
        raise EcholessError(code, answer.message, param=answer.param)
    if not isinstance(answer, wanted):
        raise EcholessError(ErrorCode.CROSSING_BROKEN, "the vault gave an answer to another question")
    return answer
