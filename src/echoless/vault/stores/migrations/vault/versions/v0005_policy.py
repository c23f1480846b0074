"""What a workspace's policy and quota add."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0005"
down_revision = "v0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns."""
    op.add_column("workspaces", sa.Column("hipaa_agreed_on", sa.String))
    op.add_column("workspaces", sa.Column("self_disabling", sa.Boolean))
    op.add_column("api_keys", sa.Column("allowed_networks", sa.JSON(none_as_null=True)))
    op.add_column("api_keys", sa.Column("concurrency_limits", sa.JSON(none_as_null=True)))
    op.add_column("api_keys", sa.Column("ended_unix", sa.BigInteger))
    op.add_column("api_keys", sa.Column("self_disabling", sa.Boolean))
