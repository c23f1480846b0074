"""Accounts, history, request log, usage and audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make_accounts()
    _make_settings()
    _make_history()
    _make_numbers()


def _make_accounts() -> None:
    op.create_table(
        "workspaces",
        sa.Column("workspace_id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("tier", sa.String, nullable=False),
        sa.Column("is_entitled", sa.Boolean, nullable=False),
        sa.Column("is_enforced", sa.Boolean, nullable=False),
        sa.Column("ineligible", sa.String, nullable=False),
        sa.Column("is_restricted", sa.Boolean, nullable=False),
        sa.Column("restriction_reason", sa.String, nullable=False),
        sa.Column("restricted_since_unix", sa.BigInteger, nullable=False),
        sa.Column("notified_at_unix", sa.BigInteger, nullable=False),
        sa.Column("is_hipaa", sa.Boolean, nullable=False),
        sa.Column("conversation_rows", sa.String, nullable=False),
        sa.Column("policy_version", sa.BigInteger, nullable=False),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
        sa.Column("character_limit", sa.BigInteger, nullable=False),
        sa.Column("concurrency_max", sa.Integer),
    )
    op.create_table(
        "service_accounts",
        sa.Column("service_account_id", sa.String, primary_key=True),
        sa.Column("workspace_id", sa.String, sa.ForeignKey("workspaces.workspace_id"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
    )
    to_service_account = sa.ForeignKey("service_accounts.service_account_id")
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.String, primary_key=True),
        sa.Column("workspace_id", sa.String, sa.ForeignKey("workspaces.workspace_id"), nullable=False),
        sa.Column("service_account_id", sa.String, to_service_account, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("hint", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True)),
        sa.Column("character_limit", sa.BigInteger),
        sa.Column("expires_unix", sa.BigInteger),
        sa.Column("retention", sa.String, nullable=False),
    )


def _make_settings() -> None:
    op.create_table(
        "meters",
        sa.Column("owner_id", sa.String, primary_key=True),
        sa.Column("character_count", sa.BigInteger, nullable=False),
        sa.Column("resets_unix", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "voice_settings",
        sa.Column("workspace_id", sa.String, primary_key=True),
        sa.Column("voice_id", sa.String, primary_key=True),
        sa.Column("settings", sa.JSON, nullable=False),
    )
    op.create_table(
        "voice_aliases",
        sa.Column("voice_id", sa.String, primary_key=True),
        sa.Column("catalogue_id", sa.String, nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )


def _make_history() -> None:
    op.create_table(
        "history_items",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("item_id", sa.String, nullable=False, unique=True),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("voice_id", sa.String, nullable=False),
        sa.Column("voice_name", sa.String, nullable=False),
        sa.Column("model_id", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("output_format", sa.String, nullable=False),
        sa.Column("character_count_from", sa.BigInteger, nullable=False),
        sa.Column("character_count_to", sa.BigInteger, nullable=False),
        sa.Column("audio_bytes", sa.BigInteger, nullable=False),
        sa.Column("segment_count", sa.Integer, nullable=False),
        sa.Column("sealed_head", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("history_items_by_workspace", "history_items", ["workspace_id", "sequence"])
    op.create_index("history_items_by_time", "history_items", ["created_ms"])
    op.create_table(
        "history_alignments",
        sa.Column("item_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )


def _make_numbers() -> None:
    op.create_table(
        "request_log",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("key_id", sa.String, nullable=False),
        sa.Column("endpoint", sa.String, nullable=False),
        sa.Column("product", sa.String, nullable=False),
        sa.Column("model_id", sa.String, nullable=False),
        sa.Column("output_format", sa.String, nullable=False),
        sa.Column("characters", sa.BigInteger, nullable=False),
        sa.Column("audio_ms", sa.BigInteger, nullable=False),
        sa.Column("start_unix", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("http_status", sa.Integer, nullable=False),
        sa.Column("error_code", sa.String, nullable=False),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("policy_version", sa.BigInteger, nullable=False),
    )
    op.create_index("request_log_by_workspace", "request_log", ["workspace_id", "start_unix"])
    op.create_index("request_log_by_time", "request_log", ["start_unix"])
    op.create_table(
        "usage_hours",
        sa.Column("workspace_id", sa.String, primary_key=True),
        sa.Column("key_id", sa.String, primary_key=True),
        sa.Column("product", sa.String, primary_key=True),
        sa.Column("model_id", sa.String, primary_key=True),
        sa.Column("hour_unix", sa.BigInteger, primary_key=True),
        sa.Column("characters", sa.BigInteger, nullable=False),
        sa.Column("credits", sa.BigInteger, nullable=False),
        sa.Column("request_count", sa.BigInteger, nullable=False),
        sa.Column("audio_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.String, nullable=False, unique=True),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("actor_id", sa.String, nullable=False),
        sa.Column("activity", sa.String, nullable=False),
        sa.Column("target_id", sa.String, nullable=False),
    )
    op.create_index("audit_entries_by_workspace", "audit_entries", ["workspace_id", "sequence"])
