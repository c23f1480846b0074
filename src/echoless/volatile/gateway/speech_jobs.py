"""(4) Where a text is spoken: on this machine, or by a declared remote."""

from __future__ import annotations

from contextlib import AbstractContextManager

from echoless.core.engine_names import remote_name
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.dialogue_records import DialogueSpeak
from echoless.crossing.records import Speak
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.ports import SpeechSource


def synthesis(
    call: Call, job: Speak | DialogueSpeak, model_id: str, sink: ZeroSink | RetainingSink
) -> AbstractContextManager[SpeechSource]:
    """Begin a job of synthesis.

    raises: EcholessError, also where a remote may not be given what this sink does not take; INVALID_PARAMETERS for
            a dialogue that a remote would have to speak
    """
    job = call.traces.asking(job)
    services, ticket, name = call.services, TicketId(call.grant.ticket_id), remote_name(job.engine_model)
    if not name:
        return services.engines.speak(ticket, job)
    if not isinstance(job, Speak):
        raise EcholessError(
            ErrorCode.INVALID_PARAMETERS,
            "This model is done by a remote, which speaks no dialogues.",
            param="model_id",
        )
    is_zero = isinstance(sink, ZeroSink)
    return services.remotes.speak(name, ticket, job, model_id=model_id, is_zero=is_zero)
