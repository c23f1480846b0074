"""Webhooks and how their deliveries ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0003"
down_revision = "v0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "webhooks",
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
    op.create_table(
        "webhook_deliveries",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("webhook_id", sa.String, nullable=False),
        sa.Column("time_unix", sa.BigInteger, nullable=False),
        sa.Column("http_status", sa.Integer, nullable=False),
    )
    op.create_index("webhook_deliveries_by_webhook", "webhook_deliveries", ["webhook_id", "sequence"])
    op.create_index("webhook_deliveries_by_time", "webhook_deliveries", ["time_unix"])
