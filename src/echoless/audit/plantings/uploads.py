"""Forms that carry a recording, with a canary in every place that a client fills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from echoless.audit.canary import CanaryMint
from echoless.audit.planting import Form, FormPart
from echoless.audit.sounds import RAW, Sound

PLACES: Final = (
    "boundary",
    "file name",
    "media type",
    "part header",
    "part header value",
    "unknown field",
    "unknown value",
)


def upload(
    mint: CanaryMint, sound: Sound, file_field: str, fields: Mapping[str, str], *, is_file_first: bool = False
) -> Form:
    """Return a form with a recording.

    file_field:    how the product calls the file
    fields:        by name; a field that was given more than once is a list of its own in `fields_of`
    is_file_first: as some clients send it: the file before anything that says what to do with it
    """
    return form_of(mint, sound.name, file_field, sound.data, fields_of(sound, fields), is_file_first=is_file_first)


def fields_of(sound: Sound, fields: Mapping[str, str]) -> list[FormPart]:
    """Return fields as parts; headerless samples are announced."""
    announced = {"file_format": "pcm_s16le_16"} if sound.kind == RAW else {}
    return [FormPart(name, value.encode()) for name, value in {**fields, **announced}.items()]


def form_of(
    mint: CanaryMint,
    name: str,
    file_field: str,
    data: bytes,
    fields: list[FormPart],
    *,
    is_file_first: bool = False,
) -> Form:
    """Return a form with any bytes for a file. What surrounds them is never kept."""
    words = {part: mint.plain(f"{name}/{part}", 20, is_kept=False).words[0] for part in PLACES}
    file = FormPart(
        file_field, data, f"{words['file name']}.mp3", f"audio/{words['media type']}",
        {f"x-{words['part header']}": words["part header value"]},
    )  # fmt: skip
    around = [FormPart(words["unknown field"], words["unknown value"].encode()), *fields]
    return Form(words["boundary"], (file, *around) if is_file_first else (*around, file))
