"""The media process as it is wired: which engine an order gets, and when it asks for a successor."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from echoless.crossing.control import Retire
from echoless.volatile.engines.null.conversion import UnchangedConversion
from echoless.volatile.service import media
from tests.unit.volatile.engines.media.conftest import convert

pytestmark = pytest.mark.unit


def test_the_null_engine_changes_nothing() -> None:
    assert isinstance(media._unchanged(convert()), UnchangedConversion)


def test_a_process_that_grew_asks_once_to_be_replaced_and_models_are_no_growth() -> None:
    sent: list[object] = []
    start = SimpleNamespace(control=SimpleNamespace(send=sent.append))
    rest = media._Rest(start, SimpleNamespace(growth_bytes_max=16 * 2**20), {})  # type: ignore[arg-type]  # parts of both
    rest.host = SimpleNamespace(retire=lambda: sent.append("retire"))  # type: ignore[assignment]  # the part in use
    # More than the allocator ever takes from what was freed before: it asks the kernel for it.
    models = bytearray(b"x") * (64 * 2**20)
    rest.note_size()
    rest.take()
    assert sent == []
    grown = bytearray(b"x") * (64 * 2**20)
    rest.take()
    rest.take()
    assert sent == ["retire", Retire()]
    assert len(models) == len(grown)
