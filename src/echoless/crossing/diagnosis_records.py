"""What an engine process tells of a failure, for the diagnosis of a zero-retention request. Content."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

import msgspec

from echoless.crossing.records import Record
from echoless.crossing.told_errors import FAILURE_BYTES_MAX


class JobDiagnosis(Record, frozen=True):
    """(4) Why a job failed, as JSON. Content. Sent before the job's end, and only where its order wants it."""

    KIND: ClassVar[int] = 510
    IS_CONTENT: ClassVar[bool] = True
    told: Annotated[bytes, msgspec.Meta(max_length=FAILURE_BYTES_MAX)]


DIAGNOSIS_RECORDS: Final[tuple[type[Record], ...]] = (JobDiagnosis,)
