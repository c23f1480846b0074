"""`python -m echoless.volatile.service engine|media|egress|gateway CONTROL JOURNAL`: a child of the supervisor."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from echoless.core.errors import EcholessError
from echoless.core.journal import Event, where
from echoless.crossing.child import begin
from echoless.crossing.control import EngineConfig, GatewayConfig, LiveConfig, MediaConfig, StartRefused
from echoless.crossing.egress_control import EgressConfig


def main(arguments: Sequence[str]) -> int:
    """Become what the first message says, and end when the supervisor says so or is gone."""
    start = begin(arguments[1:])
    try:
        match start.config:
            case EngineConfig():
                # Each role imports its own libraries only: an engine holds no web framework, a gateway no model.
                from echoless.volatile.service.engine import run_engine

                run_engine(start, start.config)
            case MediaConfig():
                from echoless.volatile.service.media import run_media

                run_media(start, start.config)
            case LiveConfig():
                from echoless.volatile.service.live import run_live

                run_live(start, start.config)
            case EgressConfig():
                from echoless.volatile.service.egress import run_egress

                run_egress(start, start.config)
            case GatewayConfig():
                from echoless.volatile.service.gateway import run_gateway

                run_gateway(start, start.config)
            case _:
                return 2
    except EcholessError as error:
        start.journal.say(Event.UNEXPECTED_ERROR, error=error.code, **_place(error))
        start.control.send(StartRefused(error.code.value, error.public_description))
        return 1
    return 0


def _place(error: EcholessError) -> dict[str, str | int]:
    place = where(type(error), error.__traceback__)
    return {"module": str(place["module"]), "line": int(place["line"] or 0)}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
