"""The keys of one workspace are found without reading those of all."""

from __future__ import annotations

from alembic import op

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("item_keys_by_workspace", "item_keys", ["workspace_id"])
