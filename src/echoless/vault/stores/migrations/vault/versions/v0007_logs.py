"""Durable jobs; debug and moderation logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0007"
down_revision = "v0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "jobs",
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
    )
    op.create_index("jobs_by_state", "jobs", ["state", "due_ms"])
    op.create_table(
        "log_entries",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.String, nullable=False, unique=True),
        sa.Column("log", sa.String, nullable=False),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("item_id", sa.String, nullable=False),
        sa.Column("time_ms", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("log_entries_by_workspace", "log_entries", ["workspace_id", "log", "sequence"])
    op.create_index("log_entries_by_item", "log_entries", ["item_id"])
    op.create_index("log_entries_by_time", "log_entries", ["log", "time_ms"])
    no = sa.Column("erase_logs_with_item", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("workspaces", no)
    # The reason that an operator gave, sealed; the trail's other entries have none.
    op.add_column("audit_entries", sa.Column("sealed_reason", sa.LargeBinary))
