"""Whether one request is kept: decided once, here, by a pure function.

Strictest wins: a level that wants zero retention can never be lowered by another. What cannot be honoured is
refused with its reason, never run with retention instead. The one exception has a name: an administrator
may set `ineligible = allow`, and then ineligible products of an enforced workspace run kept and say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from echoless.core.errors import ErrorCode
from echoless.retention.endpoints import Endpoint, EndpointClass, Product


class RetentionMode(StrEnum):
    """What happens to content."""

    ZERO = "zero"
    DEFAULT = "default"


class Switch(StrEnum):
    """The request's `enable_logging`, as found in the query."""

    ABSENT = "absent"
    LOGGING_ON = "logging_on"
    LOGGING_OFF = "logging_off"
    UNREADABLE = "unreadable"


class Level(StrEnum):
    """Who decided the mode."""

    WORKSPACE = "workspace"
    KEY = "key"
    REQUEST = "request"
    NOBODY = "nobody"


class Ineligible(StrEnum):
    """What an enforcing workspace wants for products that cannot be had without retention."""

    REFUSE = "refuse"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of who asks, before the body is read.

    is_hipaa: implies enforcement without exceptions, and forbids tool servers
    """

    is_enterprise: bool
    is_entitled: bool
    is_restricted: bool
    is_enforced: bool
    key_floor: RetentionMode
    ineligible: Ineligible
    host_is_confined: bool
    is_hipaa: bool = False

    @property
    def demands_zero(self) -> bool:
        """Whether the workspace lets nothing be kept, whatever agent, key or request say."""
        return self.is_enforced or self.is_hipaa


@dataclass(frozen=True, slots=True)
class Decision:
    """The mode with its reason."""

    mode: RetentionMode
    level: Level


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request cannot be served as it was asked; the message is a constant text."""

    code: ErrorCode
    message: str
    param: str | None = None


_SWITCH: Final = "enable_logging"
_IGNORES_SWITCH_ON_READ: Final = {
    EndpointClass.CONFIGURATION,
    EndpointClass.KEPT_THINGS,
    EndpointClass.NUMBERS,
    EndpointClass.FILTERED_LIST,
    EndpointClass.PROTOCOL_SERVER,
}
_BOUND_BY_POLICY: Final = {
    EndpointClass.HONOURED,
    EndpointClass.STORES,
    EndpointClass.CONVERSATION_MINING,
    EndpointClass.AGENT_CONFIGURATION,
    EndpointClass.CONVERSATION_START,
}
_READING_METHODS: Final = {"GET", "DELETE"}
_TOOL_SERVERS: Final = "/mcp-servers"

UNREADABLE = Refusal(
    ErrorCode.INVALID_PARAMETERS, "enable_logging must be given once, as true, false, 1 or 0.", _SWITCH
)
NOT_ELIGIBLE = Refusal(
    ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
    "Zero retention is not available on this endpoint; nothing was read or kept.",
    _SWITCH,
)
USE_AGENT_TOGGLE = Refusal(
    ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
    "Agents take zero retention from platform_settings.privacy.zero_retention_mode, not from the query.",
    _SWITCH,
)
AGENT_TOGGLE_IS_DUE = Refusal(
    ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
    "This workspace or key demands zero retention; agents take it from "
    "platform_settings.privacy.zero_retention_mode. Nothing was read or kept.",
    "platform_settings.privacy.zero_retention_mode",
)
NO_TOOL_SERVERS = Refusal(
    ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
    "Tool servers (MCP) are not available to a workspace that enforces zero retention or is bound by HIPAA.",
)
NOT_ENTITLED = Refusal(
    ErrorCode.ZERO_RETENTION_NOT_PERMITTED,
    "Zero retention is for enterprise workspaces that are entitled to it; nothing was read or kept.",
    _SWITCH,
)
RESTRICTED = Refusal(
    ErrorCode.ZERO_RETENTION_NOT_PERMITTED,
    "Zero retention of this workspace is restricted; nothing was read or kept.",
    _SWITCH,
)
HOST_NOT_CONFINED = Refusal(
    ErrorCode.ZERO_RETENTION_NOT_SUPPORTED,
    "This host does not give what zero retention needs; 'echoless doctor' says what is missing. "
    "Nothing was read or kept.",
    _SWITCH,
)


def wanted_by(endpoint: Endpoint, switch: Switch, standing: Standing) -> Level:
    """Return the strictest level that wants zero retention for this endpoint, or NOBODY."""
    if endpoint.retention_class in _BOUND_BY_POLICY:
        if standing.demands_zero:
            return Level.WORKSPACE
        if standing.key_floor is RetentionMode.ZERO:
            return Level.KEY
    return Level.REQUEST if switch is Switch.LOGGING_OFF else Level.NOBODY


def _ineligible(endpoint: Endpoint, switch: Switch, standing: Standing) -> Decision | Refusal:
    """Answer for an endpoint that cannot run without retention although somebody wants it to."""
    only_workspace_asks = (
        standing.is_enforced
        and not standing.is_hipaa
        and switch in {Switch.ABSENT, Switch.LOGGING_ON}
        and standing.key_floor is RetentionMode.DEFAULT
    )
    if only_workspace_asks and standing.ineligible is Ineligible.ALLOW:
        return Decision(RetentionMode.DEFAULT, Level.WORKSPACE)
    if endpoint.product is Product.AGENTS and endpoint.retention_class is not EndpointClass.STORES:
        return USE_AGENT_TOGGLE if switch is Switch.LOGGING_OFF else AGENT_TOGGLE_IS_DUE
    return NOT_ELIGIBLE


def _obstacle(standing: Standing) -> Refusal | None:
    """Return why this workspace on this host cannot have zero retention, or None."""
    if not standing.host_is_confined:
        return HOST_NOT_CONFINED
    if standing.is_restricted:
        return RESTRICTED
    if not (standing.is_enterprise and standing.is_entitled):
        return NOT_ENTITLED
    return None


def gives_tool_server(endpoint: Endpoint) -> bool:
    """Whether an endpoint would give a tool server (MCP) to agents; showing and deleting one does not."""
    if endpoint.retention_class is not EndpointClass.PROTOCOL_SERVER or endpoint.method in _READING_METHODS:
        return False
    return _TOOL_SERVERS in endpoint.template


def decide(endpoint: Endpoint, switch: Switch, standing: Standing) -> Decision | Refusal:
    """Decide the mode of one request.

    endpoint: the row of the table that the request line matched
    switch:   the request's own word
    standing: what workspace, key and host say
    returns:  the mode and who decided it, or the first refusal in the contract's order:
              unreadable switch, endpoint not eligible, host not confined, workspace not entitled
    raises:   nothing
    """
    if switch is Switch.UNREADABLE:
        return UNREADABLE
    if standing.demands_zero and gives_tool_server(endpoint):
        return NO_TOOL_SERVERS
    level = wanted_by(endpoint, switch, standing)
    if level is Level.NOBODY:
        return Decision(RetentionMode.DEFAULT, Level.NOBODY)
    if not endpoint.is_eligible:
        is_read = endpoint.method in _READING_METHODS
        if is_read and endpoint.retention_class in _IGNORES_SWITCH_ON_READ:
            return Decision(RetentionMode.DEFAULT, Level.NOBODY)
        return _ineligible(endpoint, switch, standing)
    return _obstacle(standing) or Decision(RetentionMode.ZERO, level)
