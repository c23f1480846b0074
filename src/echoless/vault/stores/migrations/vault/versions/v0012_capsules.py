"""Whom a workspace has diagnoses of failed zero-retention requests sealed to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0012"
down_revision = "v0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column."""
    op.add_column("workspaces", sa.Column("capsule_key", sa.String))
