"""A part that does not work is seen before the process serves."""

from __future__ import annotations

import pytest

from echoless.core.content import AudioContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.media.convert_job import ConvertJob
from echoless.volatile.engines.media.noise import without_noise
from echoless.volatile.engines.media.warm_up import warm_up
from echoless.volatile.engines.null.conversion import UnchangedConversion
from tests.unit.volatile.engines.media.conftest import null_convert_job

pytestmark = pytest.mark.unit


class Losing(UnchangedConversion):
    """A conversion that loses the second half of each block."""

    def convert(self, pcm: AudioContent) -> AudioContent:
        return AudioContent(pcm.reveal()[: len(pcm) // 4 * 2])


def test_parts_that_work_warm_up() -> None:
    warm_up(null_convert_job(), without_noise)


def test_a_part_that_loses_sound_is_seen() -> None:
    with pytest.raises(EcholessError) as refused:
        warm_up(ConvertJob(lambda _order: Losing(), new_encoder, held_bytes_max=10**6), without_noise)
    assert refused.value.code is ErrorCode.ENGINE_UNAVAILABLE
