"""Pronunciation dictionaries and their versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "dictionaries",
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
    )
    op.create_index("dictionaries_by_workspace", "dictionaries", ["workspace_id", "created_unix"])
    op.create_table(
        "dictionary_versions",
        sa.Column("version_id", sa.String, primary_key=True),
        sa.Column("dictionary_id", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("rule_count", sa.Integer, nullable=False),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
        sa.Column("sealed_rules", sa.LargeBinary, nullable=False),
    )
    op.create_index("dictionary_versions_by_dictionary", "dictionary_versions", ["dictionary_id"])
