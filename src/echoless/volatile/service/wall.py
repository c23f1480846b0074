"""Closing the wall of a process of this plane and reporting what was proved."""

from __future__ import annotations

from echoless.confinement.profile import Role, SandboxProfile, interpreter_paths
from echoless.confinement.properties import missing_properties
from echoless.confinement.sandbox import enter
from echoless.core.journal import Event
from echoless.crossing.child import ChildStart
from echoless.crossing.control import EngineConfig, GatewayConfig, LiveConfig, MediaConfig, ProcessReady
from echoless.crossing.egress_control import EgressConfig

VolatileConfig = GatewayConfig | EngineConfig | MediaConfig | LiveConfig | EgressConfig


def close_wall(
    start: ChildStart, config: VolatileConfig, role: Role, engine_paths: tuple[str, ...] = ()
) -> ProcessReady:
    """Enter the sandbox for ever and return the report for the supervisor.

    engine_paths: directories of engine data that stay readable
    """
    profile = SandboxProfile(
        role,
        readable=(*interpreter_paths(), *engine_paths),
        forbidden=config.forbidden_paths,
        connect_ports=config.connect_ports if isinstance(config, EgressConfig) else (),
    )
    facts = enter(profile, audit_view=config.is_audit_view)
    missing = [*missing_properties(facts)]
    if not config.is_scrubbing:
        missing.append("scrubbing_off")
    layers = {result.name: [layer.value for layer in result.layers] for result in facts.channels}
    start.journal.say(
        Event.CONFINED,
        role=role.value,
        landlock_abi=facts.landlock_abi,
        has_seccomp=facts.has_filter,
        channel_count=len(layers),
        missing_count=len(missing),
        is_audit_view=config.is_audit_view,
    )
    return ProcessReady(config.name, missing, layers, has_locked_pages=facts.limits.has_locked_pages)
