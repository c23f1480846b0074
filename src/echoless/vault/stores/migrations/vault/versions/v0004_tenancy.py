"""Members, sessions, passes, groups and single sign-on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make_members()
    _make_groups()


def _make_members() -> None:
    op.create_table(
        "members",
        sa.Column("user_id", sa.String, primary_key=True),
        sa.Column("workspace_id", sa.String, sa.ForeignKey("workspaces.workspace_id"), nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
        sa.Column("lookup_digest", sa.LargeBinary, nullable=False),
        sa.Column("sealed_profile", sa.LargeBinary, nullable=False),
        sa.Column("is_owner", sa.Boolean, nullable=False),
        sa.Column("is_locked", sa.Boolean, nullable=False),
        sa.Column("character_limit", sa.BigInteger),
        sa.Column("subject_digest", sa.LargeBinary, nullable=False),
    )
    op.create_index("members_by_lookup", "members", ["workspace_id", "lookup_digest"], unique=True)
    op.create_table(
        "member_sessions",
        sa.Column("session_id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
        sa.Column("expires_unix", sa.BigInteger, nullable=False),
    )
    op.create_index("member_sessions_by_user", "member_sessions", ["user_id"])
    op.create_table(
        "member_passes",
        sa.Column("pass_id", sa.String, primary_key=True),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("lookup_digest", sa.LargeBinary, nullable=False),
        sa.Column("group_ids", sa.JSON, nullable=False),
        sa.Column("character_limit", sa.BigInteger),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
        sa.Column("expires_unix", sa.BigInteger, nullable=False),
        sa.Column("sealed_holder", sa.LargeBinary, nullable=False),
    )


def _make_groups() -> None:
    op.create_table(
        "member_groups",
        sa.Column("group_id", sa.String, primary_key=True),
        sa.Column("workspace_id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "group_memberships",
        sa.Column("group_id", sa.String, primary_key=True),
        sa.Column("user_id", sa.String, primary_key=True),
        sa.Column("added_unix", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sign_ons",
        sa.Column("sign_on_id", sa.String, primary_key=True),
        sa.Column("workspace_id", sa.String, nullable=False, unique=True),
        sa.Column("created_unix", sa.BigInteger, nullable=False),
        sa.Column("sealed_provider", sa.LargeBinary, nullable=False),
    )
