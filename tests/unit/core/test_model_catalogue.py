"""The catalogue that is shipped, and what may stand in any."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from echoless.core.errors import EcholessError
from echoless.core.languages import LANGUAGE_BY_CODE
from echoless.core.model_catalogue import (
    ANY_LANGUAGE,
    MANIFEST_NAME,
    Capability,
    manifest_of,
    parse_catalogue,
    part_paths,
    read_installed,
    shipped_catalogue,
)
from tests.fakes.models import archive_of, toml_of, voice

pytestmark = pytest.mark.unit
OURS = toml_of(voice(archive_of({"top/model.onnx": b"w"})))


def test_each_shipped_model_is_pinned_and_comes_from_its_publisher() -> None:
    models = shipped_catalogue()
    assert {model.card.capability for model in models.values()} == set(Capability)
    for name, model in models.items():
        assert model.card.name == name
        assert model.card.licence_address.startswith("https://")
        assert set(model.card.languages) <= LANGUAGE_BY_CODE.keys() | {ANY_LANGUAGE}
        for file in model.files:
            address = urlsplit(file.address)
            assert address.hostname in ("github.com", "huggingface.co")
            assert address.path.startswith(("/k2-fsa/sherpa-onnx/releases/download/", "/Systran/faster-whisper-"))
            assert "/resolve/main/" not in address.path


def test_an_entry_is_read_as_it_was_written() -> None:
    (model,) = parse_catalogue(OURS).values()
    assert (model.card.name, model.card.runtime, model.files[0].is_archive) == ("voice", "sherpa-onnx", True)
    assert part_paths("a,b/c") == ["a", "b/c"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[voice]", "[[["),
        ("[voice]", "['../voice']"),
        ('runtime = "sherpa-onnx"', 'runtime = "pickle"'),
        ('family = "vits"', 'family = "transducer"'),
        ('licence = "MIT"', 'licence = ""'),
        ("languages = ['en']", "languages = []"),
        ("languages = ['en']", "languages = 'en'"),
        ('tokens = "tokens.txt"', 'vocoder = "tokens.txt"'),
        ('tokens = "tokens.txt"', 'tokens = "../tokens.txt"'),
        ('tokens = "tokens.txt"', 'tokens = "/etc/passwd"'),
        ("https://models.example/voice", "http://models.example/voice"),
        ("size_bytes = ", "size_bytes = -"),
        ('sha256 = "', 'sha256 = "x'),
        ('path = "voice.tar.bz2"', 'path = "../voice.tar.bz2"'),
        ("is_archive = true", 'is_archive = "yes"'),
        ("is_archive = true", "is_archive = true\nexecutes = true"),
        ("parts = ", "speakers = { en = [3, 1] }\nparts = "),
        ("parts = ", "speakers = 4\nparts = "),
        ("parts = ", "unknown = 4\nparts = "),
    ],
)
def test_an_entry_that_is_not_sound_is_refused(before: str, after: str) -> None:
    text = OURS.replace(before, after)
    assert text != OURS
    with pytest.raises(EcholessError):
        parse_catalogue(text)


def test_an_entry_without_files_is_refused() -> None:
    with pytest.raises(EcholessError, match="no files"):
        parse_catalogue(OURS.split("[[")[0])


def test_a_manifest_says_what_was_installed(tmp_path: Path) -> None:
    for model in shipped_catalogue().values():
        place = tmp_path / model.card.name
        place.mkdir()
        (place / MANIFEST_NAME).write_text(manifest_of(model.card, {"a/b": 3}), encoding="utf-8")
        installed = read_installed(place)
        assert installed.card == model.card
        assert (installed.sizes_bytes, installed.size_bytes) == ({"a/b": 3}, 3)


@pytest.mark.parametrize(
    "change", [{"sizes_bytes": {"../x": 1}}, {"sizes_bytes": {"x": "1"}}, {"runtime": "pickle"}]
)
def test_a_manifest_that_is_not_sound_is_no_model(tmp_path: Path, change: dict[str, object]) -> None:
    (model,) = parse_catalogue(OURS).values()
    manifest = json.loads(manifest_of(model.card, {"model.onnx": 1})) | change
    (tmp_path / MANIFEST_NAME).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(EcholessError):
        read_installed(tmp_path)
