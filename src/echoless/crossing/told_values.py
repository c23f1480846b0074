"""How values are shown in a diagnosis: content opened, secrets not, everything bounded. Pure.

What this makes is for sealing and for nothing else. Keys and tokens have a known form and are taken out of every
text; members that hold credentials are named, not shown, and so is what the server knows of itself: its
settings, its parts, its addresses and its paths, in which users have names.
"""

from __future__ import annotations

import base64
import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import msgspec

from echoless.core.content import AudioContent, TextContent

WITHHELD: Final = "<withheld>"
_BYTES_SHOWN: Final = 96
_SECRET_NAMES: Final = re.compile(
    r"credential|secret|token|password|authorization|api[_-]?key|peer|headers?$"
    r"|paths?$|directory$|^(?:base|public)_url$",
    re.IGNORECASE,
)
# By name, since some are of packages that nothing here may import.
_SERVERS: Final = frozenset(
    {
        "GatewayConfig", "EngineConfig", "MediaConfig", "LiveConfig", "EgressConfig", "VaultConfig",
        "GatewayServices", "LocalModel", "RemoteFacts", "ModerationRules", "OutboundRules", "BackupRules",
    }
)  # fmt: skip
_SECRETS: Final = re.compile(r"\b(?:sk|sutkn|es|ep|wsec)_[0-9a-zA-Z]{16,}|\bbearer\s+\S+", re.I)
_OURS: Final = "echoless."


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a value is shown.

    characters: of one text
    items:      of one list or mapping
    depth:      of what lies in what
    """

    characters: int
    items: int
    depth: int


def told_text(text: str, characters_max: int) -> str:
    """Return a text without keys and tokens, cut to a length that says how much is missing."""
    # Before the cut: of a key that lies across it no part is shown either.
    whole = _SECRETS.sub(WITHHELD, text)
    left = len(whole) - characters_max
    return f"{whole[:characters_max]} ... and {left} characters" if left > 0 else whole


def told(value: object, bounds: Bounds) -> Any:
    """Return a value as JSON has it."""
    match value:
        case Enum():
            return str(value.value)
        case None | bool() | int() | float():
            shown: Any = value
        case str():
            shown = told_text(value, bounds.characters)
        case TextContent():
            shown = told_text(value.reveal(), bounds.characters)
        case AudioContent():
            shown = _told_bytes(value.reveal())
        case bytes() | bytearray() | memoryview():
            shown = _told_bytes(bytes(value[:_BYTES_SHOWN]), len(value))
        case _:
            shown = _told_whole(value, bounds)
    return shown


def _told_whole(value: object, bounds: Bounds) -> Any:
    """Return what has parts; of what is neither ours nor plain, its type's name only."""
    kind = type(value).__name__
    if kind in _SERVERS or _SECRET_NAMES.search(kind):
        return WITHHELD
    inner = dataclasses.replace(bounds, depth=bounds.depth - 1)
    members = _members_of(value)
    if bounds.depth <= 0 or (members is None and not isinstance(value, Sequence | set | frozenset)):
        return f"<{type(value).__qualname__}>"
    if members is not None:
        shown = {
            told_text(name, 256): WITHHELD if _SECRET_NAMES.search(name) else told(part, inner)
            for name, part in list(members.items())[: bounds.items]
        }
        return _counted(shown, len(members), bounds)
    parts = list(value)  # type: ignore[call-overload]  # one of the types above
    shown_parts = [_told_pair(part, inner) for part in parts[: bounds.items]]
    return [*shown_parts, f"... and {len(parts) - bounds.items} more"] if len(parts) > bounds.items else shown_parts


def _told_pair(part: object, inner: Bounds) -> Any:
    """Return an item of a list; of a pair that names a secret only its name."""
    match part:
        case (str(name), _) if _SECRET_NAMES.search(name):
            return [told_text(name, 256), WITHHELD]
        case _:
            return told(part, inner)


def _counted(shown: dict[str, Any], count: int, bounds: Bounds) -> dict[str, Any]:
    return {**shown, "...": f"and {count - bounds.items} more"} if count > bounds.items else shown


def _members_of(value: object) -> Mapping[str, object] | None:
    """Return the parts of a record, a body, a value of ours or a mapping by name."""
    if isinstance(value, Mapping):
        return {str(key) if isinstance(key, str | int) else f"<{type(key).__name__}>": part
                for key, part in value.items()}  # fmt: skip
    if isinstance(value, msgspec.Struct):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    names = getattr(value, "model_fields_set", None)
    if isinstance(names, set):
        return {name: getattr(value, name) for name in names}
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and type(value).__module__.startswith(_OURS):
        return {each.name: getattr(value, each.name, None) for each in dataclasses.fields(value)}
    return None


def _told_bytes(data: bytes, count: int | None = None) -> dict[str, Any]:
    return {
        "bytes": len(data) if count is None else count,
        "first_base64": base64.b64encode(data[:_BYTES_SHOWN]).decode("ascii"),
    }
