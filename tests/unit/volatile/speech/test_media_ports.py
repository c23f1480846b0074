"""What the jobs of a media process and their host owe each other."""

from __future__ import annotations

import pytest

from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.media.convert_job import ConvertJob
from echoless.volatile.engines.media.sound import Recording
from echoless.volatile.speech.media_ports import JobCancelledError, MediaInput, MediaJob

pytestmark = pytest.mark.unit


def members(port: type) -> set[str]:
    return {name for name in vars(port) if not name.startswith("_")}


@pytest.mark.parametrize(("port", "adapter"), [(MediaInput, Recording), (MediaJob, ConvertJob)])
def test_an_adapter_has_every_member_of_its_port(port: type, adapter: type) -> None:
    assert members(port) <= members(adapter)


def test_a_cancelled_job_is_no_error_that_anyone_is_told() -> None:
    assert not issubclass(JobCancelledError, EcholessError)
    with pytest.raises(JobCancelledError):
        try:
            raise JobCancelledError
        except EcholessError as error:
            assert error.code is ErrorCode.INTERNAL_ERROR
