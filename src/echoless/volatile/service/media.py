"""The media process: decoders, converters and recognisers, one recording at a time, behind the wall."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import replace

from echoless.confinement.own_memory import OwnMemory
from echoless.confinement.profile import Role
from echoless.core.clock import SystemClock
from echoless.crossing.child import ChildStart
from echoless.crossing.control import MediaConfig, Retire
from echoless.crossing.media_records import Convert, RenderTranscript, Transcribe
from echoless.crossing.records import Record
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.documents.render_job import RenderJob
from echoless.volatile.engines.media.bounds import bound_memory, watchdog
from echoless.volatile.engines.media.convert_job import ConvertJob
from echoless.volatile.engines.media.host import MediaHost
from echoless.volatile.engines.media.noise import without_noise
from echoless.volatile.engines.media.warm_up import warm_up
from echoless.volatile.engines.null.conversion import UnchangedConversion
from echoless.volatile.engines.sts.conversions import world_conversion
from echoless.volatile.engines.stt.transcribe_job import TranscribeJob
from echoless.volatile.service.hearing import hearing_parts
from echoless.volatile.service.local_models import HearingModels
from echoless.volatile.service.orders import obey
from echoless.volatile.service.wall import close_wall
from echoless.volatile.speech.hearing_ports import Conversion, Recognizer
from echoless.volatile.speech.media_ports import MediaJob


def run_media(start: ChildStart, config: MediaConfig) -> None:
    """Serve orders until told to stop.

    raises: EcholessError when an engine or a codec does not work here
    """
    models = HearingModels(config)
    recognizers: dict[str, Recognizer] = {}
    jobs = _jobs(config, recognizers)
    warm_up(jobs[Convert], without_noise)
    rest = _Rest(start, config, jobs)
    host = MediaHost(
        jobs,
        journal=start.journal,
        clock=SystemClock(),
        held_bytes_max=config.held_bytes_max,
        without_noise=without_noise,
        on_idle=rest.take,
        on_turn=watchdog(),
    )
    rest.host = host
    bound_memory(config.held_bytes_max, models.paths)
    report = close_wall(start, config, Role.ENGINE, models.paths)
    recognizers |= models.load()
    gc.collect()
    gc.freeze()
    rest.note_size()
    start.control.set_blocking(False)
    host.add_watch(start.control, lambda: obey(start, host))
    start.control.send(report)
    host.run()
    host.close()


def _jobs(config: MediaConfig, recognizers: dict[str, Recognizer]) -> Mapping[type[Record], MediaJob]:
    """Return who does which kind of order.

    recognizers: gets the embedded one, and may be given more before the first order
    """
    parts = hearing_parts(config)
    recognizers |= parts.recognizers
    new_conversion = _unchanged if config.media_engine == "null" else world_conversion
    return {
        Convert: ConvertJob(new_conversion, new_encoder, held_bytes_max=config.held_bytes_max),
        Transcribe: TranscribeJob(replace(parts, recognizers=recognizers)),
        RenderTranscript: RenderJob(),
    }


def _unchanged(_order: Convert) -> Conversion:
    return UnchangedConversion()


class _Rest:
    """What a media process does between two jobs: it looks at its size, and asks once to be replaced.

    The process ends when its gateways have moved on to its successor.
    """

    def __init__(self, start: ChildStart, config: MediaConfig, jobs: Mapping[type[Record], MediaJob]) -> None:
        self._start = start
        self._jobs = jobs
        self._growth_bytes_max = config.growth_bytes_max
        self._memory = OwnMemory()
        self._resident_at_start_bytes = self._memory.resident_bytes
        self._is_asked = False
        self.host: MediaHost | None = None

    def note_size(self) -> None:
        """Take the present size for that of a process without jobs: models are loaded late, and are no growth."""
        self._resident_at_start_bytes = self._memory.resident_bytes

    def take(self) -> None:
        """Ask for a successor where one is due."""
        grown = self._memory.resident_bytes - self._resident_at_start_bytes
        is_due = grown >= self._growth_bytes_max or any(job.wants_retirement for job in self._jobs.values())
        if is_due and not self._is_asked and self.host is not None:
            self._is_asked = True
            self.host.retire()
            self._start.control.send(Retire())
