"""The engine process: an engine, its codecs and the loop that interleaves jobs, behind the wall."""

from __future__ import annotations

import gc

from echoless.confinement.profile import Role
from echoless.core.clock import SystemClock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.child import ChildStart
from echoless.crossing.control import EngineConfig, Retire
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.codecs.spare import SpareEncoders
from echoless.volatile.engines.host.scheduler import EngineHost
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.host.warm_up import warm_up, warm_up_engine
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.engines.tts.espeak_library import data_paths
from echoless.volatile.service.local_models import speaking_models
from echoless.volatile.service.orders import obey
from echoless.volatile.service.wall import close_wall
from echoless.volatile.speech.flow import TextPlanner
from echoless.volatile.speech.normalize import load_spellers
from echoless.volatile.speech.ports import TTSEngine


def run_engine(start: ChildStart, config: EngineConfig) -> None:
    """Serve jobs until told to stop.

    raises: EcholessError when the engine cannot start here or leaves residue in its self-test
    """
    engine = _engine(config)
    encoders = SpareEncoders(new_encoder)
    parts = SpeechParts(engine, encoders, TextPlanner(load_spellers()))
    others = speaking_models(config, engine, parts)
    rest = _Rest(start, engine)
    host = EngineHost(
        parts, journal=start.journal, clock=SystemClock(), on_idle=rest.take, prepare=encoders.prepare,
        others=others,
    )  # fmt: skip
    rest.host = host
    warm_up(parts)
    for other in others.values():
        warm_up_engine(other)
    if config.is_scrubbing and isinstance(engine, EspeakEngine):
        engine.prove_scrubbed()
    # The phonemes of an installed model's language are read when it first speaks.
    paths = data_paths() if isinstance(engine, EspeakEngine) or others else ()
    report = close_wall(start, config, Role.ENGINE, paths)
    gc.collect()
    gc.freeze()
    start.control.set_blocking(False)
    host.add_watch(start.control, lambda: obey(start, host))
    start.control.send(report)
    host.run()
    host.close()


def _engine(config: EngineConfig) -> TTSEngine:
    if config.engine == "null":
        return ToneEngine()
    if config.engine == "espeak-ng":
        return EspeakEngine(
            is_scrubbing=config.is_scrubbing,
            voice_changes_max=config.voice_changes_max,
            growth_bytes_max=config.growth_bytes_max,
        )
    raise EcholessError(ErrorCode.CONFIGURATION, "no engine has this name", param="engine")


class _Rest:
    """What an engine does when no job is left.

    It collects, which also empties the interpreter's own list of freed numbers: settings of the last job lie there.
    It asks once to be replaced when the engine says so; the process ends when its gateways have moved on.
    """

    def __init__(self, start: ChildStart, engine: TTSEngine) -> None:
        self._start = start
        self._engine = engine
        self._is_asked = False
        self.host: EngineHost | None = None

    def take(self) -> None:
        """Collect, and ask for a successor where one is due."""
        gc.collect()
        is_due = isinstance(self._engine, EspeakEngine) and self._engine.wants_retirement
        if is_due and not self._is_asked:
            self._is_asked = True
            assert self.host is not None, "wired before the first job"
            self.host.retire()
            self._start.control.send(Retire())
