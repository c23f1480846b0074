"""What a client is told of a recording that could not be converted or recognised. Constant texts."""

from __future__ import annotations

from typing import Final

from echoless.core.errors import EcholessError, ErrorCode

_TEXTS: Final = {
    ErrorCode.INVALID_AUDIO: "The file holds no sound that this server can read.",
    ErrorCode.AUDIO_TOO_SHORT: "The recording is shorter than 100 milliseconds.",
    ErrorCode.AUDIO_TOO_LONG: "The recording is longer than this product takes.",
    ErrorCode.TOO_MANY_CHANNELS: (
        "At most 5 channels are written down apart; without use_multi_channel any number is mixed into one."
    ),
    ErrorCode.FILE_TOO_LARGE: (
        "A recording of this kind can only be read from its end, and is larger than this server holds in memory."
    ),
    ErrorCode.CONCURRENT_LIMIT_EXCEEDED: "All engines are busy; try again.",
    ErrorCode.REQUEST_TIMEOUT: "The recording came, or its answer was taken, too slowly while others waited.",
    ErrorCode.NOT_AVAILABLE: (
        "No recogniser for this model is installed here; `echoless models list` shows which can be."
    ),
    ErrorCode.ENGINE_UNAVAILABLE: "The engine is not available at this moment.",
}
_BY_VALUE: Final = {code.value: code for code in _TEXTS}


def media_error(code: str, param: str) -> EcholessError:
    """Return the error for a job that a media process ended with a code.

    param: the field that the recording came in
    """
    known = _BY_VALUE.get(code, ErrorCode.INTERNAL_ERROR)
    is_of_client = known not in {
        ErrorCode.CONCURRENT_LIMIT_EXCEEDED,
        ErrorCode.ENGINE_UNAVAILABLE,
        ErrorCode.NOT_AVAILABLE,
        ErrorCode.INTERNAL_ERROR,
    }
    text = _TEXTS.get(known, "The engine could not do this.")
    if known is ErrorCode.TOO_MANY_CHANNELS:
        param = "use_multi_channel"
    return EcholessError(known, text, param=param if is_of_client else None)
