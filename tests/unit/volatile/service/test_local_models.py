"""What a process loads of the installed models, and when."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from echoless.core.errors import EcholessError
from echoless.core.model_catalogue import InstalledModel
from echoless.crossing.control import EngineConfig, LiveConfig, LocalModel, MediaConfig
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.host.speech_job import SpeechParts
from echoless.volatile.engines.null.tone import ToneEngine
from echoless.volatile.service.local_models import HearingModels, live_models, speaking_models
from echoless.volatile.speech.flow import TextPlanner

pytest.importorskip("sherpa_onnx", reason="the extra `neural` is not installed")
pytest.importorskip("faster_whisper", reason="the extra `neural` is not installed")
pytest.importorskip("onnx", reason="tiny models are made with onnx")
from tests.fakes.neural_models import piper_model, transducer_model
from tests.fakes.whisper_model import whisper_model

pytestmark = pytest.mark.unit


def told(*models: InstalledModel) -> tuple[LocalModel, ...]:
    return tuple(LocalModel(model.card.name, model.card.runtime, str(model.directory)) for model in models)


def test_each_speaking_model_has_parts_of_its_own(tmp_path: Path) -> None:
    parts = SpeechParts(ToneEngine(), new_encoder, TextPlanner({}))
    models = told(piper_model(tmp_path / "one"), piper_model(tmp_path / "two", languages=("de",)))
    config = EngineConfig("engine-0", "null", False, "strict", True, 9, 9, models)
    made = speaking_models(config, parts.engine, parts)
    assert list(made) == ["local:one", "local:two"]
    assert made["local:two"].languages == ("de",)
    assert made["local:one"].engine is not made["local:two"].engine
    assert made["local:one"].plan is parts.plan
    assert speaking_models(EngineConfig("engine-0", "null", False, "strict", True, 9, 9), parts.engine, parts) == {}


def test_live_models_go_by_the_names_of_orders(tmp_path: Path) -> None:
    models = told(transducer_model(tmp_path / "tiny"))
    assert list(live_models(LiveConfig("live-0", "null", False, "strict", True, 9, models))) == ["local:tiny"]


LOADING = """
import sys
from echoless.confinement.limits import task_count
from echoless.crossing.control import LocalModel, MediaConfig
from echoless.volatile.service.local_models import HearingModels
models = (LocalModel("tiny", "faster-whisper", sys.argv[1]),)
hearing = HearingModels(MediaConfig("media-0", "null", False, "strict", True, 9, 9, models))
before = task_count()
loaded = hearing.load()
print(before, *loaded, task_count() > before, hearing.paths == (sys.argv[1],))
"""


def test_hearing_models_leave_no_thread_until_they_are_loaded(tmp_path: Path) -> None:
    """The wall is closed in between, around a single thread."""
    model = whisper_model(tmp_path / "tiny")
    done = subprocess.run(
        [sys.executable, "-c", LOADING, str(model.directory)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["1", "local:tiny", "True", "True"]


def test_a_model_of_another_kind_of_process_is_refused(tmp_path: Path) -> None:
    models = told(piper_model(tmp_path / "one"))
    with pytest.raises(EcholessError, match="not for this kind of process"):
        HearingModels(MediaConfig("media-0", "null", False, "strict", True, 9, 9, models))
