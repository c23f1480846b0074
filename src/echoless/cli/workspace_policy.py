"""`echoless workspace entitle | withdraw | enforce | release | hipaa | capsule-key`, and what limits a workspace.

What binds a workspace, from the operator's side.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from echoless.cli.operator_door import ask
from echoless.cli.screen import day_of, show_note, show_table
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.cli.workspace import Tier, WorkspaceArgument, named_or_only
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.operator_policy_records import (
    OperatorForesee,
    OperatorGetPolicy,
    OperatorSetPolicy,
    SetCharacters,
    SetEntitlement,
    SetTier,
    WorkspacePolicy,
)
from echoless.crossing.policy_records import ForeseenRequest, ForeseeRequest
from echoless.crossing.query_records import Done
from echoless.retention.decision import Switch
from echoless.retention.endpoints import ENDPOINTS
from echoless.volatile.gateway.request_line import EndpointMatcher


class EnableLogging(StrEnum):
    """The request's own word."""

    TRUE = "true"
    FALSE = "false"


_SWITCHES = {
    None: Switch.ABSENT,
    EnableLogging.TRUE: Switch.LOGGING_ON,
    EnableLogging.FALSE: Switch.LOGGING_OFF,
}


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the group."""
    app.command("entitle")(entitle_command)
    app.command("withdraw")(withdraw_command)
    app.command("enforce")(enforce_command)
    app.command("release")(release_command)
    app.command("hipaa")(hipaa_command)
    app.command("capsule-key")(capsule_key_command)
    app.command("tier")(tier_command)
    app.command("quota")(quota_command)
    app.command("policy")(policy_command)
    app.command("foresee")(foresee_command)


def entitle_command(
    workspace_id: WorkspaceArgument = None, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Grant an enterprise workspace zero retention."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, SetEntitlement(named, True), Done)
    show_note(f"workspace {named} may have zero retention")


def withdraw_command(
    workspace_id: WorkspaceArgument = None, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Withdraw zero retention from a workspace: its zero-retention requests are refused from now on, never kept."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, SetEntitlement(named, False), Done)
    show_note(f"workspace {named} has no zero retention: requests that ask for it are refused")


def enforce_command(
    workspace_id: WorkspaceArgument = None, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Make every request of a workspace a zero-retention one, from the next on."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, OperatorSetPolicy(named, is_enforced=True), Done)
    show_note(f"workspace {named} keeps nothing of any request from the next on")


def release_command(
    workspace_id: WorkspaceArgument = None, config: ConfigOption = None, data: DataOption = None
) -> None:
    """End the enforcement of zero retention; keys and requests may still ask for it."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, OperatorSetPolicy(named, is_enforced=False), Done)
    show_note(f"workspace {named} enforces nothing")


def hipaa_command(
    workspace_id: WorkspaceArgument = None,
    *,
    agreed_on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="When the agreement was signed.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="The agreement has ended; enforcement stays.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Note that an agreement under HIPAA was signed: it implies enforcement, and forbids tool servers (MCP)."""
    if (agreed_on is None) is not end:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "say --agreed-on DATE or --end, and not both")
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, OperatorSetPolicy(named, is_hipaa=not end, hipaa_agreed_on=agreed_on), Done)
    show_note(f"workspace {named}: " + ("HIPAA has ended" if end else f"HIPAA, agreed on {agreed_on}"))


def capsule_key_command(
    workspace_id: WorkspaceArgument = None,
    *,
    key: Annotated[
        str | None, typer.Option(metavar="AGE1...", help="The public half, as `echoless capsule keygen` shows it.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Make no more capsules.")] = False,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Say whom diagnoses of failed zero-retention requests are sealed to; they go out with the answer only."""
    if (key is None) is not remove:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "say --key AGE1... or --remove, and not both")
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, OperatorSetPolicy(named, capsule_key=key or ""), Done)
    show_note(f"workspace {named}: " + ("no capsules are made" if remove else f"capsules are sealed to {key}"))


def tier_command(
    tier: Annotated[Tier, typer.Argument(help="Its plan from now on.")],
    workspace_id: WorkspaceArgument = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Move a workspace to another plan; below enterprise its entitlement ends."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, SetTier(named, tier.value), Done)
    show_note(f"workspace {named} has the plan {tier.value}")


def quota_command(
    workspace_id: WorkspaceArgument = None,
    characters: Annotated[
        int | None, typer.Option(min=0, max=2**53, help="Characters a month; those of its plan unless told.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Say how many characters a workspace has each month."""
    settings = config_of(config=config, data=data)
    named = named_or_only(settings, workspace_id)
    ask(settings, SetCharacters(named, characters), Done)
    show_note(f"workspace {named} has {'those of its plan' if characters is None else characters} characters")


def policy_command(
    workspace_id: WorkspaceArgument = None, config: ConfigOption = None, data: DataOption = None
) -> None:
    """Show what binds a workspace, and its limits."""
    settings = config_of(config=config, data=data)
    policy = ask(settings, OperatorGetPolicy(named_or_only(settings, workspace_id)), WorkspacePolicy)
    rows = [
        ("id", policy.workspace_id),
        ("plan", policy.tier),
        ("entitled to zero retention", _yes(policy.is_entitled)),
        ("restricted", _yes(policy.is_restricted)),
        ("enforced", _yes(policy.is_enforced)),
        ("HIPAA", f"agreed on {policy.hipaa_agreed_on}" if policy.is_hipaa else "no"),
        ("capsules are sealed to", policy.capsule_key or "nobody: none are made"),
        ("changes of policy so far", policy.policy_version - 1),
        ("characters this month", f"{policy.character_count} of {policy.character_limit}"),
        ("next month begins", f"{day_of(policy.next_reset_unix)} UTC"),
        *((f"at once: {lane.replace('_', ' ')}", places) for lane, places in policy.places.items()),
    ]
    show_table(("what", "value"), rows)


def foresee_command(
    path: Annotated[str, typer.Argument(help="Of the request, for example /v1/text-to-speech/VOICE.")],
    workspace_id: WorkspaceArgument = None,
    *,
    method: Annotated[str, typer.Option(help="POST and the like; WS for a WebSocket.")] = "POST",
    enable_logging: Annotated[
        EnableLogging | None, typer.Option(help="As the request would say; not at all unless told.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="KEY_ID", help="Which key would send it; one without bounds unless told.")
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Say what would become of a request: kept, zero retention, or refused and why. Nothing is sent."""
    match = EndpointMatcher(ENDPOINTS).match(method.upper(), path.encode())
    if match is None or not match.is_allowed:
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "there is no such endpoint", param="path")
    settings = config_of(config=config, data=data)
    question = ForeseeRequest(match.endpoint.name, _SWITCHES[enable_logging], key or "")
    named = named_or_only(settings, workspace_id)
    foreseen = ask(settings, OperatorForesee(named, question), ForeseenRequest)
    outcome = f"refused: {foreseen.code}" if foreseen.code else "served"
    show_table(
        ("what", "value"),
        [
            ("endpoint", foreseen.endpoint),
            ("retention", foreseen.mode.value),
            ("decided by", foreseen.level.value),
            ("outcome", outcome),
            *([("why", foreseen.message)] if foreseen.message else []),
        ],
    )


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"
