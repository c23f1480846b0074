"""Verdicts, restrictions and notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "notices",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("notice_id", sa.String, nullable=False, unique=True),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("is_shown", sa.Boolean, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sqlite_autoincrement=True,
    )
    op.create_index("notices_by_workspace", "notices", ["workspace_id", "sequence"])
    op.create_table(
        "notice_deliveries",
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
    )
    op.create_index("notice_deliveries_by_notice", "notice_deliveries", ["notice_id"])
    op.create_index("notice_deliveries_by_time", "notice_deliveries", ["state", "next_ms"])
    op.create_table(
        "verdict_hours",
        sa.Column("workspace_id", sa.String, primary_key=True),
        sa.Column("hour_unix", sa.BigInteger, primary_key=True),
        sa.Column("round_number", sa.Integer, primary_key=True),
        sa.Column("category", sa.String, primary_key=True),
        sa.Column("severity", sa.String, primary_key=True),
        sa.Column("action", sa.String, primary_key=True),
        sa.Column("verdict_count", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "moderation_standings",
        sa.Column("workspace_id", sa.String, primary_key=True),
        sa.Column("round_number", sa.Integer, nullable=False),
        sa.Column("flagged_unix", sa.BigInteger, nullable=False),
    )
