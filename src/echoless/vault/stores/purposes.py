"""Which class each table belongs to. A table that is not here fails the build: nobody wrote down what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_TABLES: Final[Mapping[str, str]] = {
    "accounts": (
        "workspaces service_accounts api_keys members member_sessions member_passes member_groups "
        "group_memberships sign_ons workspace_keys"
    ),
    "configuration": "voice_settings dictionaries dictionary_versions webhooks",
    "voices_of_the_operator": "voice_aliases",
    "installation": "facts",
    "history": "history_items history_alignments item_keys",
    "request_log": "request_log",
    "usage": "usage_hours meters",
    "audit_trail": "audit_entries",
    "receipts": "receipts",
    "policy_changes": "logged_statements",
    "debug_log": "log_entries",
    "verdicts": "verdict_hours moderation_standings",
    "deliveries": "webhook_deliveries",
    "notices": "notices notice_deliveries",
    "jobs": "jobs account_deletions",
}
CLASS_OF_TABLE: Final[Mapping[str, str]] = MappingProxyType(
    {table: name for name, tables in _TABLES.items() for table in tables.split()}
)
"""By the table's name; entries of both logs share a table and are told apart by their kind."""
