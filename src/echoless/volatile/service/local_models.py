"""The installed models that a process works with, by what its jobs call them.

Those of sherpa-onnx are loaded before the wall closes, like everything else. CTranslate2 has a thread of its own
for each model, and the wall is closed around a single thread; and it makes machine code when it first computes,
which the wall forbids. So its models are loaded and rehearsed before the wall, unloaded, and loaded again behind
it, from directories that stay readable: the code that was made stays, and the new thread is inside.
"""

from __future__ import annotations

import gc
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from echoless.confinement.limits import task_count
from echoless.core.content import AudioContent, TextContent
from echoless.core.engine_names import LOCAL_PREFIX
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import InstalledModel, read_installed
from echoless.crossing.control import EngineConfig, LiveConfig, LocalModel, MediaConfig
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.stt.faster_whisper import WhisperRecognizer
from echoless.volatile.engines.stt.sherpa_streaming import SherpaLiveRecognizer
from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.engines.tts.sherpa import SherpaEngine
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ, HearingOptions, LiveRecognizer, Recognizer
from echoless.volatile.speech.ports import TTSEngine

_SHERPA, _WHISPER = "sherpa-onnx", "faster-whisper"
# A tone that rises: models hear more in it than in silence.
_REHEARSAL_SECOND: Final = bytes(
    byte for index in range(HEARING_RATE_HZ) for byte in (index * index // 5 % 251, index * index // 997 % 32)
)
_TASK_CHECK_S: Final = 0.01
_TASK_CHECKS_MAX: Final = 200


def engine_name(model: LocalModel) -> str:
    """Return what jobs call a model."""
    return LOCAL_PREFIX + model.name


def speaking_models(config: EngineConfig, engine: TTSEngine, parts: SpeechParts) -> dict[str, SpeechParts]:
    """Load what speaks; each model has parts of its own, with its own rate and languages.

    engine: the embedded one, which knows what texts sound like
    raises: EcholessError(CONFIGURATION) when a model or its library cannot be loaded
    """
    made: dict[str, SpeechParts] = {}
    phonemizer = engine if isinstance(engine, EspeakEngine) else None
    for model in config.local_models:
        phonemizer = phonemizer or EspeakEngine(is_scrubbing=config.is_scrubbing)
        speaking = SherpaEngine(_installed(model, _SHERPA), phonemizer)
        made[engine_name(model)] = replace(parts, engine=speaking, languages=speaking.languages)
    return made


def live_models(config: LiveConfig) -> dict[str, LiveRecognizer]:
    """Load what listens.

    raises: EcholessError(CONFIGURATION) when a model or its library cannot be loaded
    """
    return {engine_name(model): SherpaLiveRecognizer(_installed(model, _SHERPA)) for model in config.local_models}


class HearingModels:
    """What recognises recordings: rehearsed before the wall closes, loaded behind it.

    raises: EcholessError when a model does not work here
    """

    def __init__(self, config: MediaConfig) -> None:
        self._models = {engine_name(model): _installed(model, _WHISPER) for model in config.local_models}
        for model in self._models.values():
            _rehearse(WhisperRecognizer(model))
        gc.collect()
        _await_one_task()

    @property
    def paths(self) -> tuple[str, ...]:
        """The directories that must stay readable."""
        return tuple(str(model.directory) for model in self._models.values())

    def load(self) -> dict[str, Recognizer]:
        """Load every model and let it hear a little: what is broken is seen now.

        raises: EcholessError when one does not work here
        """
        recognizers: dict[str, Recognizer] = {}
        for name, model in self._models.items():
            recognizers[name] = WhisperRecognizer(model)
            _rehearse(recognizers[name])
        return recognizers


def _rehearse(recognizer: Recognizer) -> None:
    """Let every part of a recogniser compute: with and without a language, terms and a temperature."""
    term, language = (TextContent("rehearsal"),), recognizer.languages[0]
    for seconds, options in (
        (1, HearingOptions()),
        (3, HearingOptions(language=language, keyterms=term)),
        (round(recognizer.window_s_max), HearingOptions(language=language, temperature=0.5)),
    ):
        recognizer.recognise(AudioContent(_REHEARSAL_SECOND * seconds), options)


def _await_one_task() -> None:
    """Wait until the threads of unloaded models are gone: one that has ended is counted a little longer.

    raises: EcholessError(CONFIGURATION) when one stays
    """
    for _ in range(_TASK_CHECKS_MAX):
        if task_count() == 1:
            return
        time.sleep(_TASK_CHECK_S)
    raise EcholessError(ErrorCode.CONFIGURATION, "an unloaded model has left a thread behind")


def _installed(model: LocalModel, runtime: str) -> InstalledModel:
    if model.runtime != runtime:
        raise EcholessError(ErrorCode.CONFIGURATION, f"{model.name} is not for this kind of process")
    return read_installed(Path(model.path))
