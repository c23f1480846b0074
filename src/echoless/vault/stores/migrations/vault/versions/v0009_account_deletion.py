"""Accounts that are being deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0009"
down_revision = "v0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "account_deletions",
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
    )
    op.create_index("account_deletions_by_workspace", "account_deletions", ["workspace_id"])
