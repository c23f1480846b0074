"""Builds a wall with one hole for each channel of the probe and prints what the probe then said of it.

Each hole is a process of its own: the channel's calls are allowed with any arguments, Landlock is off.
"""

from __future__ import annotations

import json
import os
import sys

from echoless.confinement.channels import CHANNELS, Channel
from echoless.confinement.facts import Layer
from echoless.confinement.profile import Role, SandboxProfile
from echoless.confinement.rules import Rule, RuleSet, rules_for
from echoless.confinement.sandbox import Wall, enter


def with_hole(rules: RuleSet, channel: Channel) -> RuleSet:
    """Return rules in which every call of a channel passes."""
    calls = tuple(call.name for call in channel.calls)
    kept = tuple(rule for rule in rules.allowed if rule.call not in calls)
    return RuleSet((*kept, *(Rule(call) for call in calls)), (*rules.reviewed, *calls))


def verdict_with_hole(channel: Channel) -> str:
    """Enter the wall with a hole and return the probe's verdict on it."""
    role = Role.GATEWAY if Role.GATEWAY in channel.must_close_for else Role.EGRESS
    rules = with_hole(rules_for(role, os.getpid()), channel)
    wall = Wall(frozenset({Layer.SECCOMP, Layer.LIMIT}), rules)
    ports = (443,) if role is Role.EGRESS else ()
    facts = enter(SandboxProfile(role, connect_ports=ports), audit_view=False, wall=wall)
    return next(result.verdict.value for result in facts.channels if result.name == channel.name)


def main() -> None:
    """Try every hole."""
    verdicts = {}
    for channel in CHANNELS:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(writer, verdict_with_hole(channel).encode())
            os._exit(0)
        os.close(writer)
        verdicts[channel.name] = os.read(reader, 64).decode()
        os.close(reader)
        os.waitpid(pid, 0)
    sys.stdout.write(json.dumps(verdicts))


if __name__ == "__main__":
    main()
