"""(4) Where a job that is given a recording is done: on this machine, or by a declared remote."""

from __future__ import annotations

from contextlib import AbstractContextManager

from echoless.core.engine_names import remote_name
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.ids import TicketId
from echoless.crossing.media_records import Convert, Transcribe
from echoless.crossing.sinks import RetainingSink, ZeroSink
from echoless.volatile.gateway.calls import Call
from echoless.volatile.gateway.ports import MediaSource


def conversion(
    call: Call, order: Convert, model_id: str, sink: ZeroSink | RetainingSink
) -> AbstractContextManager[MediaSource]:
    """Begin a conversion.

    raises: EcholessError, also where a remote may not be given what this sink does not take
    """
    order = call.traces.asking(order)
    services, ticket, name = call.services, TicketId(call.grant.ticket_id), remote_name(order.engine_model)
    if not name:
        _require_media(call)
        return services.media.convert(ticket, order)
    is_zero = isinstance(sink, ZeroSink)
    return services.remotes.convert(name, ticket, order, model_id=model_id, is_zero=is_zero)


def recognition(
    call: Call, order: Transcribe, model_id: str, sink: ZeroSink | RetainingSink
) -> AbstractContextManager[MediaSource]:
    """Begin a recognition.

    raises: as `conversion`
    """
    order = call.traces.asking(order)
    services, ticket, name = call.services, TicketId(call.grant.ticket_id), remote_name(order.engine_model)
    if not name:
        _require_media(call)
        return services.media.transcribe(ticket, order)
    is_zero = isinstance(sink, ZeroSink)
    return services.remotes.transcribe(name, ticket, order, model_id=model_id, is_zero=is_zero)


def _require_media(call: Call) -> None:
    """Refuse what an operator left out.

    raises: EcholessError(NOT_AVAILABLE)
    """
    if not call.settings.media_engine_count:
        raise EcholessError(ErrorCode.NOT_AVAILABLE, "This server does not offer this product.")
