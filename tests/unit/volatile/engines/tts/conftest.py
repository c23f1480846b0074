"""One engine for all tests of a module: the library has one static state per process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from echoless.volatile.engines.tts.espeak import EspeakEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[EspeakEngine]:
    """Return a scrubbing engine."""
    engine = EspeakEngine()
    yield engine
    engine.close()
