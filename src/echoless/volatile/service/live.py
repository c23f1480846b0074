"""The live process: recognisers that listen while somebody speaks, many sessions, behind the wall."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from echoless.confinement.own_memory import OwnMemory
from echoless.confinement.profile import Role
from echoless.core.clock import SystemClock
from echoless.core.content import AudioContent
from echoless.crossing.child import ChildStart
from echoless.crossing.control import LiveConfig, Retire
from echoless.volatile.engines.codecs.live_input import LIVE_FORMATS, LiveInput
from echoless.volatile.engines.live.host import LiveHost
from echoless.volatile.engines.live.listening import ListeningParts
from echoless.volatile.engines.null.live import LoudIsSpeech, NullLiveRecognizer
from echoless.volatile.engines.vad.webrtc import WebRtcVoiceActivity, level_of
from echoless.volatile.service.hearing import WARM_UP_SOUND, has_pocketsphinx
from echoless.volatile.service.local_models import live_models
from echoless.volatile.service.orders import obey
from echoless.volatile.service.wall import close_wall
from echoless.volatile.speech.hearing_ports import HearingOptions, LiveRecognizer

if TYPE_CHECKING:
    from echoless.volatile.engines.stt.sphinx_live import SphinxLiveRecognizer


def run_live(start: ChildStart, config: LiveConfig) -> None:
    """Serve sessions until told to stop.

    raises: EcholessError when a recogniser does not work here
    """
    memory = OwnMemory()
    embedded = _embedded(config, memory)
    parts = _parts(config, embedded, live_models(config))
    _warm_up(parts)
    rest = _Rest(start, config, embedded, memory)
    host = LiveHost(
        parts,
        journal=start.journal,
        clock=SystemClock(),
        on_idle=rest.take,
        prepare=embedded.prepare if embedded is not None else None,
    )
    rest.host = host
    report = close_wall(start, config, Role.ENGINE)
    gc.collect()
    gc.freeze()
    start.control.set_blocking(False)
    host.add_watch(start.control, lambda: obey(start, host))
    start.control.send(report)
    host.run()
    host.close()


def _embedded(config: LiveConfig, memory: OwnMemory) -> SphinxLiveRecognizer | None:
    if config.media_engine == "null" or not has_pocketsphinx():
        return None
    from echoless.volatile.engines.stt.sphinx_live import SphinxLiveRecognizer

    return SphinxLiveRecognizer(size_bytes=lambda: memory.resident_bytes)


def _parts(
    config: LiveConfig, embedded: SphinxLiveRecognizer | None, others: dict[str, LiveRecognizer]
) -> ListeningParts:
    if config.media_engine == "null":
        return ListeningParts({"": NullLiveRecognizer(), **others}, lambda _threshold: LoudIsSpeech(), LiveInput)
    own: dict[str, LiveRecognizer] = {} if embedded is None else {"": embedded}
    return ListeningParts({**own, **others}, lambda threshold: WebRtcVoiceActivity(level_of(threshold)), LiveInput)


def _warm_up(parts: ListeningParts) -> None:
    """Hear a little in each format and with each recogniser: what loads late is loaded now."""
    for audio_format in LIVE_FORMATS:
        samples = parts.new_samples(audio_format)
        samples.convert(WARM_UP_SOUND, is_last=True)
        samples.close()
    for recognizer in parts.recognizers.values():
        session = recognizer.open(HearingOptions())
        session.hear(WARM_UP_SOUND)
        session.commit()
        session.close()
    parts.new_activity(0.4).is_speech(AudioContent(WARM_UP_SOUND.reveal()[:960]))


class _Rest:
    """What a live process does when no session is left: it looks at its size, and asks once to be replaced.

    Decoders that the recogniser holds or lends are no growth. The process ends when its gateways have moved on to
    its successor.
    """

    def __init__(
        self, start: ChildStart, config: LiveConfig, embedded: SphinxLiveRecognizer | None, memory: OwnMemory
    ) -> None:
        self._start = start
        self._embedded = embedded
        self._growth_bytes_max = config.growth_bytes_max
        self._memory = memory
        self._resident_at_start_bytes = self._memory.resident_bytes
        self._is_asked = False
        self.host: LiveHost | None = None

    def take(self) -> None:
        """Unload what nobody needs, collect, and ask for a successor where one is due."""
        if self._embedded is not None:
            self._embedded.trim()
        gc.collect()
        added_bytes = self._embedded.added_bytes if self._embedded is not None else 0
        grown = self._memory.resident_bytes - self._resident_at_start_bytes - added_bytes
        if grown >= self._growth_bytes_max and not self._is_asked and self.host is not None:
            self._is_asked = True
            self.host.retire()
            self._start.control.send(Retire())
