"""Which scope a key must have for which endpoint, as data.

source: the wire contract's list of scopes; text to dialogue is covered by `text_to_speech`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from echoless.retention.endpoints import Endpoint, Product

# Reading, then everything else.
_BY_PRODUCT: Final[Mapping[Product, tuple[str, str]]] = {
    Product.TEXT_TO_SPEECH: ("text_to_speech", "text_to_speech"),
    Product.TEXT_TO_DIALOGUE: ("text_to_speech", "text_to_speech"),
    Product.VOICE_CHANGER: ("speech_to_speech", "speech_to_speech"),
    Product.SPEECH_TO_TEXT: ("speech_to_text", "speech_to_text"),
    Product.WORKSPACE: ("workspace_read", "workspace_write"),
    Product.HISTORY: ("speech_history_read", "speech_history_write"),
    Product.PRONUNCIATION: ("pronunciation_dictionaries_read", "pronunciation_dictionaries_write"),
    Product.VOICES: ("voices_read", "voices_write"),
    Product.VOICE_DESIGN: ("voice_generation", "voice_generation"),
    Product.ACCOUNT: ("user_read", "user_write"),
    Product.AGENTS: ("convai_read", "convai_write"),
    Product.MUSIC: ("music_generation", "music_generation"),
    Product.AUDIO_TOOLS: ("audio_isolation", "audio_isolation"),
    Product.DUBBING: ("dubbing_read", "dubbing_write"),
    Product.STUDIO: ("projects_read", "projects_write"),
    Product.AUDIO_NATIVE: ("audio_native_read", "audio_native_write"),
    Product.IMAGE_AND_VIDEO: ("image_video_generation", "image_video_generation"),
    Product.PRODUCTIONS: ("dubbing_read", "dubbing_write"),
    Product.SERVICE: ("user_read", "user_write"),
}
# Where the product alone does not say it; the longest template that is a beginning of the endpoint's wins.
_BY_BEGINNING: Final[Mapping[str, tuple[str, str]]] = {
    "/v1/models": ("models_read", "models_write"),
    "/v1/service-accounts": ("workspace_read", "service_account_write"),
    "/v1/workspace/audit-logs": ("audit_log_read", "audit_log_read"),
    "/v1/workspace/analytics": ("workspace_read", "workspace_read"),
    "/v1/workspace/members": ("workspace_members_read", "workspace_write"),
    "/v1/workspace/invites": ("workspace_members_read", "workspace_members_invite"),
    "/v1/workspace/groups": ("workspace_members_read", "group_members_manage"),
    "/v1/workspace/sessions": ("user_read", "user_write"),
    "/v1/workspace/logout": ("user_write", "user_write"),
    "/v1/workspace/password": ("user_write", "user_write"),
    "/v1/workspace/sign-on": ("workspace_write", "workspace_write"),
    "/v1/workspace/webhooks": ("workspace_read", "webhooks_write"),
    "/v1/workspaces/api-keys/disable": ("user_read", "user_write"),
    "/v1/workspaces/api-keys/third-party-disabling": ("workspace_read", "service_account_write"),
    "/v1/history/download": ("speech_history_read", "speech_history_read"),
    "/v1/similar-voices": ("voices_read", "voices_read"),
    "/v1/sound-generation": ("sound_generation", "sound_generation"),
    "/v1/forced-alignment": ("forced_alignment", "forced_alignment"),
    "/v1/single-use-token": ("user_read", "user_write"),
}


# Where one method of an address needs another than the rest.
_BY_NAME: Final[Mapping[str, str]] = {"DELETE /v1/workspace/members": "workspace_members_remove"}


def required_scope(endpoint: Endpoint) -> str:
    """Return the scope that an endpoint needs."""
    if endpoint.name in _BY_NAME:
        return _BY_NAME[endpoint.name]
    beginnings = [beginning for beginning in _BY_BEGINNING if endpoint.template.startswith(beginning)]
    pair = _BY_BEGINNING[max(beginnings, key=len)] if beginnings else _BY_PRODUCT[endpoint.product]
    return pair[0] if endpoint.method == "GET" else pair[1]
