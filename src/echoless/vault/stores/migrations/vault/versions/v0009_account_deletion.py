"""Accounts that are being deleted."""

from __future__ import annotations

revision = "v0009"
down_revision = "v0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
