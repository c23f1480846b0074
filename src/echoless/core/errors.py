"""The one error type of the project.

An `EcholessError` has a stable code and a public description made of numbers, names of fields and our own
ids only, so it may be journalled, signed and sent to a client. No other exception's text ever leaves a process.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Stable codes. The gateway alone maps them to HTTP statuses."""

    INVALID_PARAMETERS = "invalid_parameters"
    INVALID_REQUEST_ID = "invalid_request_id"
    MAX_CHARACTER_LIMIT_EXCEEDED = "max_character_limit_exceeded"
    ZERO_RETENTION_NOT_SUPPORTED = "zero_retention_not_supported"
    ZERO_RETENTION_NOT_PERMITTED = "zero_retention_not_permitted"
    ZERO_RETENTION_ENFORCED = "zero_retention_enforced"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    INVALID_API_KEY = "invalid_api_key"
    INVALID_CREDENTIALS = "invalid_credentials"
    INVALID_TOKEN = "invalid_token"  # noqa: S105  # a code, not a secret
    MISSING_PERMISSIONS = "missing_permissions"
    QUOTA_EXCEEDED = "quota_exceeded"
    CONTENT_AGAINST_POLICY = "content_against_policy"
    NOT_AVAILABLE = "not_available"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    VOICE_NOT_FOUND = "voice_not_found"
    MODEL_NOT_FOUND = "model_not_found"
    DICTIONARY_NOT_FOUND = "pronunciation_dictionary_not_found"
    TRANSCRIPT_NOT_FOUND = "transcript_not_found"
    WEBHOOK_NOT_FOUND = "webhook_not_found"
    NO_WEBHOOK_CONFIGURED = "no_webhook_configured"
    INVALID_MODEL_ID = "invalid_model_id"
    INVALID_AUDIO = "invalid_audio"
    AUDIO_TOO_SHORT = "audio_too_short"
    AUDIO_TOO_LONG = "audio_too_long"
    TOO_MANY_CHANNELS = "too_many_channels"
    HISTORY_ITEM_NOT_FOUND = "history_item_not_found"
    FILE_TOO_LARGE = "file_too_large"
    CONCURRENT_LIMIT_EXCEEDED = "concurrent_limit_exceeded"
    REQUEST_TIMEOUT = "request_timeout"
    # On sockets.
    AUTHENTICATION_REQUIRED = "authentication_required"
    INVALID_MESSAGE = "invalid_message"
    INPUT_TIMEOUT_EXCEEDED = "input_timeout_exceeded"
    MODEL_NOT_SUPPORTED = "model_not_supported"
    MAX_ACTIVE_CONVERSATIONS = "max_active_conversations"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    STORE_UNAVAILABLE = "store_unavailable"
    INTERNAL_ERROR = "internal_error"
    # Between our own processes; a client sees them as an internal error.
    CONTENT_REFUSED = "content_refused"
    UNKNOWN_TICKET = "unknown_ticket"
    CROSSING_BROKEN = "crossing_broken"
    # At start.
    CONFIGURATION = "configuration"
    DATA_DIRECTORY = "data_directory"
    # Backups: cannot be taken, or an archive is refused.
    BACKUP = "backup"


class EcholessError(Exception):
    """An error that may be shown.

    code:               stable, for machines
    public_description: plain words made of numbers, field names and our own ids; never content
    param:              dotted name of the field at fault, where there is one
    """

    def __init__(self, code: ErrorCode, public_description: str, *, param: str | None = None) -> None:
        super().__init__(code.value, public_description)
        self.code = code
        self.public_description = public_description
        self.param = param
