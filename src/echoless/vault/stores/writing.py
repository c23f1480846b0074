"""The statements of the writer: which rows may be written, in the order in which a group is committed.

Keys come first, since an item without a key is unreadable and an orphaned key is swept.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

import sqlalchemy as sa

from echoless.vault.stores import schema
from echoless.vault.stores.upserts import insert

Row = dict[str, Any]


class Write(IntEnum):
    """Kinds of rows, in the order of their writing."""

    WORKSPACE_KEY = 1
    ITEM_KEY = 2
    WORKSPACE = 10
    SERVICE_ACCOUNT = 11
    API_KEY = 12
    METER = 13
    VOICE_SETTINGS = 14
    VOICE_ALIAS = 15
    FACT = 16
    DICTIONARY = 17
    DICTIONARY_VERSION = 18
    WEBHOOK = 19
    HISTORY_ITEM = 20
    HISTORY_ALIGNMENT = 21
    REQUEST_LOG = 30
    USAGE = 31
    AUDIT = 32
    WEBHOOK_DELIVERY = 33
    API_KEY_REMOVED = 40
    VOICE_ALIAS_REMOVED = 41
    MEMBER = 50
    MEMBER_SESSION = 51
    MEMBER_PASS = 52
    MEMBER_GROUP = 53
    GROUP_MEMBERSHIP = 54
    SIGN_ON = 55
    MEMBER_SESSION_REMOVED = 56
    MEMBER_GROUP_REMOVED = 57
    GROUP_MEMBERSHIP_REMOVED = 58
    KEY_ENDED = 60
    NOTICE = 65
    NOTICE_DELIVERY = 66
    VERDICT = 67
    MODERATION_STANDING = 68
    NOTICE_ATTEMPT = 69
    JOB = 75
    LOG_ENTRY = 76
    ACCOUNT_DELETION = 90
    LOGGED_STATEMENT = 95

    @property
    def is_keys(self) -> bool:
        """Whether the row belongs into the database of keys."""
        return self < Write.WORKSPACE


def _upsert(table: sa.Table) -> sa.Executable:
    statement = insert(table)
    changed = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)


def _add_usage() -> sa.Executable:
    table = schema.usage_hours
    statement = insert(table)
    counts = ("characters", "credits", "request_count", "audio_ms")
    summed = {name: table.c[name] + statement.excluded[name] for name in counts}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=summed)


def _add_verdicts() -> sa.Executable:
    table = schema.verdict_hours
    statement = insert(table)
    summed = {"verdict_count": table.c.verdict_count + statement.excluded["verdict_count"]}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=summed)


def _remove(*columns: sa.Column[Any]) -> sa.Executable:
    return sa.delete(columns[0].table).where(*(column == sa.bindparam(f"gone_{column.name}") for column in columns))


def _end_key() -> sa.Executable:
    # One that was given another end meanwhile has not ended.
    table = schema.api_keys
    is_meant = sa.and_(table.c.key_id == sa.bindparam("of_key"), table.c.expires_unix == sa.bindparam("at_unix"))
    return sa.update(table).where(is_meant).values(ended_unix=sa.bindparam("seen_unix"))


def _note_attempt() -> sa.Executable:
    """Change a delivery that is still there: one whose workspace was deleted meanwhile does not come back."""
    table = schema.notice_deliveries
    names = ("state", "attempt_count", "next_ms", "last_code", "done_ms")
    changed: dict[str, sa.BindParameter[Any]] = {name: sa.bindparam(f"new_{name}") for name in names}
    return sa.update(table).where(table.c.delivery_id == sa.bindparam("of_delivery_id")).values(changed)


STATEMENTS: Final[Mapping[Write, sa.Executable]] = {
    Write.WORKSPACE_KEY: sa.insert(schema.workspace_keys),
    Write.ITEM_KEY: sa.insert(schema.item_keys),
    Write.WORKSPACE: _upsert(schema.workspaces),
    Write.SERVICE_ACCOUNT: _upsert(schema.service_accounts),
    Write.API_KEY: _upsert(schema.api_keys),
    Write.METER: _upsert(schema.meters),
    Write.VOICE_SETTINGS: _upsert(schema.voice_settings),
    Write.VOICE_ALIAS: _upsert(schema.voice_aliases),
    Write.FACT: _upsert(schema.facts),
    Write.DICTIONARY: _upsert(schema.dictionaries),
    Write.DICTIONARY_VERSION: sa.insert(schema.dictionary_versions),
    Write.WEBHOOK: _upsert(schema.webhooks),
    Write.HISTORY_ITEM: sa.insert(schema.history_items),
    Write.HISTORY_ALIGNMENT: sa.insert(schema.history_alignments),
    Write.REQUEST_LOG: sa.insert(schema.request_log),
    Write.USAGE: _add_usage(),
    Write.AUDIT: sa.insert(schema.audit_entries),
    Write.WEBHOOK_DELIVERY: sa.insert(schema.webhook_deliveries),
    Write.JOB: _upsert(schema.jobs),
    Write.LOG_ENTRY: sa.insert(schema.log_entries),
    Write.API_KEY_REMOVED: _remove(schema.api_keys.c.key_id),
    Write.VOICE_ALIAS_REMOVED: _remove(schema.voice_aliases.c.voice_id),
    Write.MEMBER: _upsert(schema.members),
    Write.MEMBER_SESSION: sa.insert(schema.member_sessions),
    Write.MEMBER_PASS: _upsert(schema.member_passes),
    Write.MEMBER_GROUP: _upsert(schema.member_groups),
    Write.GROUP_MEMBERSHIP: _upsert(schema.group_memberships),
    Write.SIGN_ON: _upsert(schema.sign_ons),
    Write.MEMBER_SESSION_REMOVED: _remove(schema.member_sessions.c.session_id),
    Write.MEMBER_GROUP_REMOVED: _remove(schema.member_groups.c.group_id),
    Write.GROUP_MEMBERSHIP_REMOVED: _remove(
        schema.group_memberships.c.group_id, schema.group_memberships.c.user_id
    ),
    Write.KEY_ENDED: _end_key(),
    Write.NOTICE: sa.insert(schema.notices),
    Write.NOTICE_DELIVERY: sa.insert(schema.notice_deliveries),
    Write.NOTICE_ATTEMPT: _note_attempt(),
    Write.VERDICT: _add_verdicts(),
    Write.MODERATION_STANDING: _upsert(schema.moderation_standings),
    Write.ACCOUNT_DELETION: _upsert(schema.account_deletions),
    Write.LOGGED_STATEMENT: sa.insert(schema.logged_statements),
}


def execute_group(connection: sa.Connection, rows: Mapping[Write, list[Row]], *, are_keys: bool) -> None:
    """Write the rows of one database in one transaction."""
    kinds = sorted(kind for kind in rows if kind.is_keys is are_keys and rows[kind])
    if not kinds:
        return
    with connection.begin():
        for kind in kinds:
            connection.execute(STATEMENTS[kind], rows[kind])
