"""Backups: version 4 keeps nothing of them in tables. What was taken is told by the archives themselves."""

from __future__ import annotations

revision = "v0008"
down_revision = "v0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change nothing; the chain names this step, so it stays."""
