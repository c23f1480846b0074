"""Signed receipts and where the log has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0010"
down_revision = "v0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "receipts",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("minute_unix", sa.BigInteger, nullable=False),
        sa.Column("signed", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("log_index", sa.BigInteger),
    )
    op.create_index("receipts_by_workspace", "receipts", ["workspace_id", "minute_unix"])
    op.create_index("receipts_by_entry", "receipts", ["log_index"])
