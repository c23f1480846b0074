"""Debug and moderation logs, and durable jobs."""

from __future__ import annotations

revision = "v0007"
down_revision = "v0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
