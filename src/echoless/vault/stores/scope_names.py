"""The scopes that a key may have, as the wire protocol names them."""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
    text_to_speech speech_to_speech speech_to_text models_read models_write voices_read voices_write
    speech_history_read speech_history_write user_read user_write convai_read convai_write
    conversation_privacy_manage workspace_read workspace_write webhooks_write audit_log_read service_account_write
    workspace_analytics_full_read workspace_members_read workspace_members_invite workspace_members_remove
    group_members_manage create_user_api_key voice_collections_read voice_collections_write sound_generation
    audio_isolation voice_generation forced_alignment dubbing_read dubbing_write pronunciation_dictionaries_read
    pronunciation_dictionaries_write projects_read projects_write audio_native_read audio_native_write
    agents_architect music_generation image_video_generation flows templates add_voice_from_voice_library
    create_instant_voice_clone create_professional_voice_clone publish_voice_to_voice_library
    share_voice_externally terms_of_service_accept copy_resources_cross_workspace synthid_detector
"""
SCOPES: Final = frozenset(_NAMES.split())
