"""Accounts to rows and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.retention.decision import Ineligible, RetentionMode
from echoless.vault.stores import schema
from echoless.vault.stores.accounts import Accounts, ApiKey, Meter, ServiceAccount, Workspace
from echoless.vault.stores.keyring import Keyring
from echoless.vault.stores.members import load_members, load_sessions
from echoless.vault.stores.networks import networks_of, words_of
from echoless.vault.stores.writing import Row


def workspace_row(workspace: Workspace) -> Row:
    """Return the row of a workspace."""
    row = {name: getattr(workspace, name) for name in Workspace.__slots__}
    return row | {"ineligible": workspace.ineligible.value}


def service_account_row(account: ServiceAccount) -> Row:
    """Return the row of a service account."""
    return {name: getattr(account, name) for name in ServiceAccount.__slots__}


def key_row(key: ApiKey) -> Row:
    """Return the row of an API key."""
    row = {name: getattr(key, name) for name in ApiKey.__slots__}
    scopes = None if key.scopes is None else sorted(key.scopes)
    limits = None if key.concurrency_limits is None else dict(key.concurrency_limits)
    return row | {
        "scopes": scopes,
        "retention": key.retention.value,
        "allowed_networks": words_of(key.allowed_networks),
        "concurrency_limits": limits,
    }


def load_accounts(
    accounts: Accounts,
    vault: sa.Connection,
    keys: sa.Connection,
    keyring: Keyring,
    gone: frozenset[str] = frozenset(),
) -> None:
    """Read everything that tickets need into memory.

    gone:   workspaces whose deletion has begun: nobody of theirs may ask for anything
    raises: EcholessError(DATA_DIRECTORY) where a workspace has no key, or the master key does not fit
    """
    wrapped = {row.workspace_id: row.wrapped for row in keys.execute(sa.select(schema.workspace_keys))}
    for row in _mappings(vault, schema.workspaces, gone):
        workspace = Workspace(**{**row, "ineligible": Ineligible(row["ineligible"])})
        if workspace.workspace_id not in wrapped:
            raise EcholessError(ErrorCode.DATA_DIRECTORY, "a workspace has no key in keys.sqlite")
        keyring.add_workspace_key(workspace.workspace_id, wrapped[workspace.workspace_id])
        accounts.workspaces[workspace.workspace_id] = workspace
    for row in _mappings(vault, schema.service_accounts, gone):
        accounts.service_accounts[row["service_account_id"]] = ServiceAccount(**row)
    for row in _mappings(vault, schema.api_keys, gone):
        scopes = None if row["scopes"] is None else frozenset(row["scopes"])
        accounts.put_key(
            ApiKey(
                **{
                    **row,
                    "scopes": scopes,
                    "retention": RetentionMode(row["retention"]),
                    "allowed_networks": networks_of(row["allowed_networks"]),
                }
            )
        )
    for member in (each for each in load_members(vault) if each.workspace_id not in gone):
        accounts.put_member(member)
    for session in (each for each in load_sessions(vault) if each.workspace_id not in gone):
        accounts.put_session(session)
    for row in _mappings(vault, schema.meters):
        accounts.put_meter(row["owner_id"], Meter(row["character_count"], row["resets_unix"]))
    for row in _mappings(vault, schema.voice_settings, gone):
        accounts.voice_settings[row["workspace_id"], row["voice_id"]] = row["settings"]
    for row in _mappings(vault, schema.voice_aliases):
        accounts.voice_aliases[row["voice_id"]] = row["catalogue_id"]


def read_fact(vault: sa.Connection, name: str) -> str | None:
    """Return a stored fact of the installation."""
    found = vault.execute(sa.select(schema.facts.c.value).where(schema.facts.c.name == name)).scalar()
    return None if found is None else str(found)


def _mappings(
    connection: sa.Connection, table: sa.Table, gone: frozenset[str] = frozenset()
) -> list[Mapping[str, Any]]:
    rows = connection.execute(sa.select(table)).mappings()
    return [dict(row) for row in rows if row.get("workspace_id") not in gone]
