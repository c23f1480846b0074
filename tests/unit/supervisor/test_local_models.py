"""Which installed models a configuration uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.cli.model_install import install
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.model_catalogue import Capability
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.local_models import languages_of, models_for, used_models
from tests.fakes.models import archive_of, voice, whisper

pytestmark = pytest.mark.unit


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    """A configuration with two installed models, beside its data."""
    models = tmp_path / "data-models"
    models.mkdir()
    archive = archive_of({"top/model.onnx": b"w", "top/tokens.txt": b"a 0\n"})
    (tmp_path / "a.tar").write_bytes(archive)
    (tmp_path / "model.bin").write_bytes(b"w")
    for model, path in (
        (voice(archive), tmp_path / "a.tar"),
        (whisper(**{"model.bin": b"w"}), tmp_path / "model.bin"),
    ):
        install(model, models, from_path=path, report=lambda _name, _fraction: None)
    return ServerConfig(data=str(tmp_path / "data"))


def mapped(config: ServerConfig, **engines: str) -> ServerConfig:
    return config.model_copy(update={"model_engines": engines})


def test_each_kind_of_process_is_told_of_its_own_models(config: ServerConfig) -> None:
    used = used_models(mapped(config, eleven_v3="local:voice", scribe_v1="local:ours", eleven_flash_v2="embedded"))
    assert list(used) == ["local:voice", "local:ours"]
    (speaking,) = models_for(used, Capability.SPEECH)
    (hearing,) = models_for(used, Capability.RECOGNITION)
    assert (speaking.name, speaking.runtime) == ("voice", "sherpa-onnx")
    assert (hearing.name, hearing.runtime) == ("ours", "faster-whisper")
    assert Path(speaking.path) == config.models_path / "voice"
    assert models_for(used, Capability.LIVE) == ()
    languages = languages_of(used)
    assert languages["local:voice"] == ["en"]
    assert {"en", "de", "zh"} <= set(languages["local:ours"])


def test_what_is_not_mapped_is_not_used(config: ServerConfig) -> None:
    assert used_models(config) == {}


@pytest.mark.parametrize(
    ("engines", "said"),
    [
        ({"eleven_v3": "local:absent"}, "is not installed"),
        ({"eleven_v3": "local:ours"}, "cannot be done by"),
        ({"scribe_v1": "local:voice"}, "cannot be done by"),
        ({"scribe_v2_realtime": "local:ours"}, "cannot be done by"),
        ({"eleven_english_sts_v2": "local:voice"}, "cannot be done by"),
    ],
)
def test_a_model_that_is_not_there_or_does_something_else_is_refused(
    config: ServerConfig, engines: dict[str, str], said: str
) -> None:
    with pytest.raises(EcholessError, match=said) as caught:
        used_models(mapped(config, **engines))
    assert caught.value.code is ErrorCode.CONFIGURATION


def test_a_model_that_has_lost_a_file_is_refused(config: ServerConfig) -> None:
    (config.models_path / "ours" / "model.bin").unlink()
    with pytest.raises(EcholessError, match="damaged"):
        used_models(mapped(config, scribe_v1="local:ours"))
