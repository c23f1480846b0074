"""The tables of both databases, as the newest migration leaves them.

No column holds content in clear: what a user said, its settings and its times are sealed blobs. There is no column
for an e-mail address, a user's name, an address of the network or a voice's name beside a request.
Item keys live in a database of their own, never in one file, log or copy with what they open.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

VAULT: Final = sa.MetaData()
KEYS: Final = sa.MetaData()

workspaces = sa.Table(
    "workspaces",
    VAULT,
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
    sa.Column("hipaa_agreed_on", sa.String),
    sa.Column("self_disabling", sa.Boolean),
    sa.Column("erase_logs_with_item", sa.Boolean, nullable=False),
    sa.Column("capsule_key", sa.String),
)
service_accounts = sa.Table(
    "service_accounts",
    VAULT,
    sa.Column("service_account_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, sa.ForeignKey("workspaces.workspace_id"), nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
)
_to_service_account = sa.ForeignKey("service_accounts.service_account_id")
api_keys = sa.Table(
    "api_keys",
    VAULT,
    sa.Column("key_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, sa.ForeignKey("workspaces.workspace_id"), nullable=False),
    sa.Column("service_account_id", sa.String, _to_service_account, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("hint", sa.String, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False),
    sa.Column("scopes", sa.JSON(none_as_null=True)),
    sa.Column("character_limit", sa.BigInteger),
    sa.Column("expires_unix", sa.BigInteger),
    sa.Column("retention", sa.String, nullable=False),
    sa.Column("allowed_networks", sa.JSON(none_as_null=True)),
    sa.Column("concurrency_limits", sa.JSON(none_as_null=True)),
    sa.Column("ended_unix", sa.BigInteger),
    sa.Column("self_disabling", sa.Boolean),
)
meters = sa.Table(
    "meters",
    VAULT,
    sa.Column("owner_id", sa.String, primary_key=True),
    sa.Column("character_count", sa.BigInteger, nullable=False),
    sa.Column("resets_unix", sa.BigInteger, nullable=False),
)
voice_settings = sa.Table(
    "voice_settings",
    VAULT,
    sa.Column("workspace_id", sa.String, primary_key=True),
    sa.Column("voice_id", sa.String, primary_key=True),
    sa.Column("settings", sa.JSON, nullable=False),
)
voice_aliases = sa.Table(
    "voice_aliases",
    VAULT,
    sa.Column("voice_id", sa.String, primary_key=True),
    sa.Column("catalogue_id", sa.String, nullable=False),
)
facts = sa.Table(
    "facts",
    VAULT,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
history_items = sa.Table(
    "history_items",
    VAULT,
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
    sa.Index("history_items_by_workspace", "workspace_id", "sequence"),
    sa.Index("history_items_by_time", "created_ms"),
    sqlite_autoincrement=True,
)
history_alignments = sa.Table(
    "history_alignments",
    VAULT,
    sa.Column("item_id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("part", sa.Integer, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
request_log = sa.Table(
    "request_log",
    VAULT,
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
    sa.Index("request_log_by_workspace", "workspace_id", "start_unix"),
    sa.Index("request_log_by_time", "start_unix"),
)
usage_hours = sa.Table(
    "usage_hours",
    VAULT,
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
audit_entries = sa.Table(
    "audit_entries",
    VAULT,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("entry_id", sa.String, nullable=False, unique=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("actor_id", sa.String, nullable=False),
    sa.Column("activity", sa.String, nullable=False),
    sa.Column("target_id", sa.String, nullable=False),
    sa.Column("sealed_reason", sa.LargeBinary),
    sa.Index("audit_entries_by_workspace", "workspace_id", "sequence"),
)

dictionaries = sa.Table(
    "dictionaries",
    VAULT,
    sa.Column("dictionary_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("created_by", sa.String, nullable=False),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("archived_unix", sa.BigInteger, nullable=False),
    sa.Column("access", sa.String, nullable=False),
    sa.Column("version_id", sa.String, nullable=False),
    sa.Column("version_number", sa.Integer, nullable=False),
    sa.Column("rule_count", sa.Integer, nullable=False),
    sa.Column("sealed_head", sa.LargeBinary, nullable=False),
    sa.Index("dictionaries_by_workspace", "workspace_id", "created_unix"),
)
dictionary_versions = sa.Table(
    "dictionary_versions",
    VAULT,
    sa.Column("version_id", sa.String, primary_key=True),
    sa.Column("dictionary_id", sa.String, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("rule_count", sa.Integer, nullable=False),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("sealed_rules", sa.LargeBinary, nullable=False),
    sa.Index("dictionary_versions_by_dictionary", "dictionary_id"),
)
webhooks = sa.Table(
    "webhooks",
    VAULT,
    sa.Column("webhook_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("is_disabled", sa.Boolean, nullable=False),
    sa.Column("is_auto_disabled", sa.Boolean, nullable=False),
    sa.Column("is_retried", sa.Boolean, nullable=False),
    sa.Column("events", sa.JSON, nullable=False),
    sa.Column("failure_count", sa.Integer, nullable=False),
    sa.Column("failure_status", sa.Integer, nullable=False),
    sa.Column("failure_unix", sa.BigInteger, nullable=False),
    sa.Column("success_unix", sa.BigInteger, nullable=False),
    sa.Column("sealed_head", sa.LargeBinary, nullable=False),
)
webhook_deliveries = sa.Table(
    "webhook_deliveries",
    VAULT,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("webhook_id", sa.String, nullable=False),
    sa.Column("time_unix", sa.BigInteger, nullable=False),
    sa.Column("http_status", sa.Integer, nullable=False),
    sa.Index("webhook_deliveries_by_webhook", "webhook_id", "sequence"),
    sa.Index("webhook_deliveries_by_time", "time_unix"),
)
notices = sa.Table(
    "notices",
    VAULT,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("notice_id", sa.String, nullable=False, unique=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("is_shown", sa.Boolean, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("sealed", sa.LargeBinary),
    sa.Index("notices_by_workspace", "workspace_id", "sequence"),
    sqlite_autoincrement=True,
)
notice_deliveries = sa.Table(
    "notice_deliveries",
    VAULT,
    sa.Column("delivery_id", sa.String, primary_key=True),
    sa.Column("notice_id", sa.String, nullable=False),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("channel", sa.String, nullable=False),
    sa.Column("target_id", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("attempt_count", sa.Integer, nullable=False),
    sa.Column("next_ms", sa.BigInteger, nullable=False),
    sa.Column("last_code", sa.String, nullable=False),
    sa.Column("done_ms", sa.BigInteger, nullable=False),
    sa.Index("notice_deliveries_by_notice", "notice_id"),
    sa.Index("notice_deliveries_by_time", "state", "next_ms"),
)
verdict_hours = sa.Table(
    "verdict_hours",
    VAULT,
    sa.Column("workspace_id", sa.String, primary_key=True),
    sa.Column("hour_unix", sa.BigInteger, primary_key=True),
    sa.Column("round_number", sa.Integer, primary_key=True),
    sa.Column("category", sa.String, primary_key=True),
    sa.Column("severity", sa.String, primary_key=True),
    sa.Column("action", sa.String, primary_key=True),
    sa.Column("verdict_count", sa.BigInteger, nullable=False),
)
moderation_standings = sa.Table(
    "moderation_standings",
    VAULT,
    sa.Column("workspace_id", sa.String, primary_key=True),
    sa.Column("round_number", sa.Integer, nullable=False),
    sa.Column("flagged_unix", sa.BigInteger, nullable=False),
)
jobs = sa.Table(
    "jobs",
    VAULT,
    sa.Column("job_id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("set_ms", sa.BigInteger, nullable=False),
    sa.Column("due_ms", sa.BigInteger, nullable=False),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("cursor", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("done_count", sa.BigInteger, nullable=False),
    sa.Column("total_count", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger, nullable=False),
    sa.Index("jobs_by_state", "state", "due_ms"),
)
log_entries = sa.Table(
    "log_entries",
    VAULT,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("entry_id", sa.String, nullable=False, unique=True),
    sa.Column("log", sa.String, nullable=False),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("request_id", sa.String, nullable=False),
    sa.Column("item_id", sa.String, nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
    sa.Column("code", sa.String, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Index("log_entries_by_workspace", "workspace_id", "log", "sequence"),
    sa.Index("log_entries_by_item", "item_id"),
    sa.Index("log_entries_by_time", "log", "time_ms"),
    sqlite_autoincrement=True,
)

members = sa.Table(
    "members",
    VAULT,
    sa.Column("user_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, sa.ForeignKey("workspaces.workspace_id"), nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("lookup_digest", sa.LargeBinary, nullable=False),
    sa.Column("sealed_profile", sa.LargeBinary, nullable=False),
    sa.Column("is_owner", sa.Boolean, nullable=False),
    sa.Column("is_locked", sa.Boolean, nullable=False),
    sa.Column("character_limit", sa.BigInteger),
    sa.Column("subject_digest", sa.LargeBinary, nullable=False),
    sa.Index("members_by_lookup", "workspace_id", "lookup_digest", unique=True),
)
member_sessions = sa.Table(
    "member_sessions",
    VAULT,
    sa.Column("session_id", sa.String, primary_key=True),
    sa.Column("user_id", sa.String, nullable=False),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("expires_unix", sa.BigInteger, nullable=False),
    sa.Index("member_sessions_by_user", "user_id"),
)
member_passes = sa.Table(
    "member_passes",
    VAULT,
    sa.Column("pass_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("user_id", sa.String, nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("lookup_digest", sa.LargeBinary, nullable=False),
    sa.Column("group_ids", sa.JSON, nullable=False),
    sa.Column("character_limit", sa.BigInteger),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("expires_unix", sa.BigInteger, nullable=False),
    sa.Column("sealed_holder", sa.LargeBinary, nullable=False),
)
member_groups = sa.Table(
    "member_groups",
    VAULT,
    sa.Column("group_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
)
group_memberships = sa.Table(
    "group_memberships",
    VAULT,
    sa.Column("group_id", sa.String, primary_key=True),
    sa.Column("user_id", sa.String, primary_key=True),
    sa.Column("added_unix", sa.BigInteger, nullable=False),
)
sign_ons = sa.Table(
    "sign_ons",
    VAULT,
    sa.Column("sign_on_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False, unique=True),
    sa.Column("created_unix", sa.BigInteger, nullable=False),
    sa.Column("sealed_provider", sa.LargeBinary, nullable=False),
)

account_deletions = sa.Table(
    "account_deletions",
    VAULT,
    sa.Column("deletion_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("requested_by", sa.String, nullable=False),
    sa.Column("requested_unix", sa.BigInteger, nullable=False),
    sa.Column("due_unix", sa.BigInteger, nullable=False),
    sa.Column("began_unix", sa.BigInteger, nullable=False),
    sa.Column("code_digest", sa.LargeBinary),
    sa.Column("code_tries", sa.Integer, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Index("account_deletions_by_workspace", "workspace_id"),
)
receipts = sa.Table(
    "receipts",
    VAULT,
    sa.Column("request_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("minute_unix", sa.BigInteger, nullable=False),
    sa.Column("signed", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("log_index", sa.BigInteger),
    sa.Index("receipts_by_workspace", "workspace_id", "minute_unix"),
    sa.Index("receipts_by_entry", "log_index"),
)
logged_statements = sa.Table(
    "logged_statements",
    VAULT,
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("statement_id", sa.String, nullable=False, unique=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("log_index", sa.BigInteger),
    sa.Index("logged_statements_by_workspace", "workspace_id", "sequence"),
    sa.Index("logged_statements_by_entry", "log_index"),
    sqlite_autoincrement=True,
)

workspace_keys = sa.Table(
    "workspace_keys",
    KEYS,
    sa.Column("workspace_id", sa.String, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
item_keys = sa.Table(
    "item_keys",
    KEYS,
    sa.Column("item_id", sa.String, primary_key=True),
    sa.Column("workspace_id", sa.String, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Index("item_keys_by_workspace", "workspace_id"),
)
