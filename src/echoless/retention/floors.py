"""Floors of keys: which of two modes binds less. Pure."""

from __future__ import annotations

from echoless.retention.decision import RetentionMode


def binds_to_zero(floor: RetentionMode) -> bool:
    """Whether a key with this floor makes zero-retention requests only."""
    return floor is RetentionMode.ZERO


def is_looser(floor: RetentionMode, than: RetentionMode) -> bool:
    """Whether a floor lets requests be kept that another does not."""
    return binds_to_zero(than) and not binds_to_zero(floor)
