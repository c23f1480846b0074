"""The conversion without an engine."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.volatile.engines.null.conversion import UnchangedConversion

pytestmark = pytest.mark.unit


def test_what_goes_in_comes_out() -> None:
    conversion = UnchangedConversion()
    assert conversion.convert(AudioContent(b"abcd")).reveal() == b"abcd"
    assert conversion.finish().reveal() == b""
    conversion.close()
