"""The library's data is where we say, and that is all it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.volatile.engines.tts.espeak import EspeakEngine
from echoless.volatile.engines.tts.espeak_library import data_paths, library_path

pytestmark = pytest.mark.unit


def test_library_and_data_exist() -> None:
    assert Path(library_path()).is_file()
    assert (Path(data_paths()[0]) / "phondata").is_file()


def test_voices_are_known_by_name(engine: EspeakEngine) -> None:
    assert engine._library.set_voice("de")
    assert not engine._library.set_voice("xx-none")
    engine._present = ""
