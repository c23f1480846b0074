"""(queries) What a change makes of a key, and whether the one that asks may make it. Pure.

A key gives nothing that it does not have: neither permissions, nor characters, nor time, nor a place to be used
from, nor freedom from a floor. Whatever narrows a key is always allowed; whatever widens one must end within the
key that asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.query_records import EditKey
from echoless.retention.floors import is_looser
from echoless.vault.queries.administration import checked_limits, checked_scopes
from echoless.vault.stores.accounts import ApiKey
from echoless.vault.stores.networks import are_within, networks_of
from echoless.vault.stores.plans import LANES_OF_KEYS

Limits = Mapping[str, int]


def changed_key(key: ApiKey, record: EditKey) -> ApiKey:
    """Return a key as a change leaves it.

    raises: EcholessError(INVALID_PARAMETERS) for an unknown permission, network or kind of limit
    """
    if record.has_all_scopes or record.scopes is not None:
        key = replace(key, scopes=checked_scopes(None if record.has_all_scopes else record.scopes))
    if record.is_enabled is not None:
        key = replace(key, is_disabled=not record.is_enabled)
    if record.clears_character_limit or record.character_limit is not None:
        key = replace(key, character_limit=None if record.clears_character_limit else record.character_limit)
    if record.clears_expires or record.expires_unix is not None:
        # A new end makes a key that had ended begin again; that widens it.
        key = replace(key, expires_unix=None if record.clears_expires else record.expires_unix, ended_unix=None)
    if record.clears_allowed_networks or record.allowed_networks is not None:
        key = replace(key, allowed_networks=networks_of(record.allowed_networks))
    if record.clears_self_disabling or record.self_disabling is not None:
        key = replace(key, self_disabling=record.self_disabling)
    return replace(
        key, name=record.name or key.name, retention=record.retention or key.retention,
        concurrency_limits=_merged(key.concurrency_limits or {}, record.concurrency_limits) or None,
    )  # fmt: skip


def _merged(before: Limits, changes: Limits) -> Limits:
    checked_limits({lane: limit or 1 for lane, limit in changes.items()})
    merged = {**before, **changes}
    return {lane: limit for lane, limit in merged.items() if limit}


def widens(before: ApiKey, after: ApiKey) -> bool:
    """Whether a change lets a key do anything that it could not do."""
    was, will_be = before.concurrency_limits or {}, after.concurrency_limits or {}
    return (
        (before.is_disabled and not after.is_disabled)
        or (before.ended_unix is not None and after.ended_unix is None)
        or (before.scopes is not None and (after.scopes is None or not after.scopes <= before.scopes))
        or _is_more(after.character_limit, before.character_limit)
        or _is_more(after.expires_unix, before.expires_unix)
        or not are_within(after.allowed_networks, before.allowed_networks)
        or any(_is_more(will_be.get(lane), was.get(lane)) for lane in LANES_OF_KEYS)
        or is_looser(after.retention, before.retention)
    )


def check_within(own: ApiKey, wanted: ApiKey) -> None:
    """Prove that a key can do no more than the one that asks for it.

    raises: EcholessError(MISSING_PERMISSIONS)
    """
    check_scopes(own, wanted)
    if is_looser(wanted.retention, own.retention):
        raise _more("A key that is bound to zero retention cannot make or free one that is not.", "retention")
    # Each key has a count of its own, so even an equal limit would be characters on top of the caller's.
    if own.character_limit is not None and wanted.character_limit != 0:
        message = "A key with a character limit cannot give characters to another, only a limit of 0."
        raise _more(message, "character_limit")
    if _is_more(wanted.expires_unix, own.expires_unix):
        raise _more("A key cannot give more time than it has itself.", "expires_at_unix")
    if not are_within(wanted.allowed_networks, own.allowed_networks):
        raise _more("A key cannot give addresses that it may not be used from itself.", "allowed_ips")
    limits, own_limits = wanted.concurrency_limits or {}, own.concurrency_limits or {}
    for lane, name in LANES_OF_KEYS.items():
        if _is_more(limits.get(lane), own_limits.get(lane)):
            raise _more("A key cannot give more requests at once than it has itself.", name)


def check_scopes(own: ApiKey, wanted: ApiKey) -> None:
    """Prove that a key has no permission that the one that asks has not.

    raises: EcholessError(MISSING_PERMISSIONS)
    """
    if own.scopes is not None and (wanted.scopes is None or not own.scopes.issuperset(wanted.scopes)):
        raise _more("A key cannot give permissions that it does not have.", "permissions")


def _is_more(bound: int | None, than: int | None) -> bool:
    """Whether a bound allows more than another; None is no bound."""
    return than is not None and (bound is None or bound > than)


def _more(message: str, param: str) -> EcholessError:
    return EcholessError(ErrorCode.MISSING_PERMISSIONS, message, param=param)
