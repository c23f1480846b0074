"""What the transparency log commits to besides receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0011"
down_revision = "v0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "logged_statements",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("statement_id", sa.String, nullable=False, unique=True),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("log_index", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("logged_statements_by_workspace", "logged_statements", ["workspace_id", "sequence"])
    op.create_index("logged_statements_by_entry", "logged_statements", ["log_index"])
