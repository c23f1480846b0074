"""The self-probe: tries every channel before the wall stands and again behind it.

The first try is the control: it shows that the call reaches the kernel here. The second is judged against it.
source: errno(3); the wall's own errno values are in rules.py
"""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from echoless.confinement.channels import CHANNELS, Call, Channel
from echoless.confinement.facts import ChannelResult, ChannelVerdict, Layer
from echoless.confinement.kernel import Answer, Kernel, number_of
from echoless.confinement.profile import Role, SandboxProfile
from echoless.confinement.rules import UNREVIEWED_ERRNO, WALL_ERRNO

# Readable by everyone on every Linux, and in no profile of ours.
_OUTSIDE: Final = "/proc/version"
_MULTICAST: Final = "224.0.0.1"
_LANDLOCK_KNOWS_PORTS: Final = 4
Controls = Mapping[Call, Answer]


@dataclass(frozen=True, slots=True)
class Tripwires:
    """What the probe must open before the wall stands.

    growing: a regular file in memory, -1 where the host refuses one
    """

    growing: int
    readable_before: tuple[str, ...]


def controls(kernel: Kernel) -> Controls:
    """Make every harmless call without the wall and return what the kernel said."""
    return {call: _attempt(kernel, call) for channel in CHANNELS for call in channel.calls if call.has_control}


def lay_tripwires(profile: SandboxProfile) -> Tripwires:
    """Open what the later attempts need, and note which outside files can be read now."""
    try:
        growing = os.memfd_create("probe", os.MFD_CLOEXEC)
    except OSError:
        growing = -1  # the channel then stays unproved
    candidates = (_OUTSIDE, *profile.forbidden)
    return Tripwires(growing, tuple(path for path in candidates if _can_read(path)))


def landlock_refuses_writing() -> bool:
    """Return whether opening /dev/null for writing is refused; ask between Landlock and seccomp."""
    try:
        os.close(os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC))
    except PermissionError:
        return True
    return False


def probe(
    kernel: Kernel, profile: SandboxProfile, before: Controls, tripwires: Tripwires, landlock_abi: int
) -> tuple[ChannelResult, ...]:
    """Try every channel behind the wall.

    before:       the controls of this process
    landlock_abi: 0 unless Landlock is in force here and was seen to refuse
    """
    results = [_judge_channel(kernel, channel, profile.role, before, landlock_abi) for channel in CHANNELS]
    results.append(_inherited_file(profile.role, tripwires.growing))
    results.append(_outside_reads(profile, tripwires.readable_before))
    if profile.role.connects:
        results.append(_foreign_port(profile, landlock_abi))
    if tripwires.growing >= 0:
        os.close(tripwires.growing)
    return tuple(results)


def judge(control: Answer | None, after: Answer) -> tuple[ChannelVerdict, Layer | None]:
    """Compare one call's answers before and behind the wall.

    control: None for a call that would act without the wall; the kernel never answers it with the wall's errno
    """
    if after.errno == WALL_ERRNO:
        proved = control is None or control.errno != WALL_ERRNO
        return (ChannelVerdict.CLOSED, Layer.SECCOMP) if proved else (ChannelVerdict.UNPROVED, None)
    if after.errno == UNREVIEWED_ERRNO:
        is_absent = control is None or control.errno == UNREVIEWED_ERRNO
        return ChannelVerdict.CLOSED, Layer.ABSENT if is_absent else Layer.SECCOMP
    return ChannelVerdict.OPEN, None


def _judge_channel(
    kernel: Kernel, channel: Channel, role: Role, before: Controls, landlock_abi: int
) -> ChannelResult:
    calls = [call for call in channel.calls if number_of(call.name) is not None]
    judged = [judge(before.get(call), _attempt(kernel, call)) for call in calls]
    layers = {layer for _, layer in judged if layer is not None}
    verdict = _worst(verdict for verdict, _ in judged)
    if verdict is not ChannelVerdict.CLOSED:
        layers.clear()
    if channel.landlock_abi and landlock_abi >= channel.landlock_abi and role.is_volatile:
        layers.add(Layer.LANDLOCK)
        verdict = ChannelVerdict.CLOSED
    return ChannelResult(
        channel.name, verdict, tuple(sorted(layers)), role in channel.must_close_for, channel.needs_two
    )


def _worst(verdicts: Iterable[ChannelVerdict]) -> ChannelVerdict:
    order = (ChannelVerdict.CLOSED, ChannelVerdict.UNPROVED, ChannelVerdict.OPEN)
    return max(verdicts, key=order.index)


def _attempt(kernel: Kernel, call: Call) -> Answer:
    answer = kernel.call(call.name, *call.arguments)
    if call.name == "fork" and answer.value == 0:
        os._exit(0)  # the filter has a hole, and this is the child that came through it
    if call.name == "fork" and answer.value > 0:
        os.waitpid(answer.value, 0)
    return answer


def _inherited_file(role: Role, growing: int) -> ChannelResult:
    """Write to a regular file that was open before: only the file size limit can refuse."""
    try:
        os.write(growing, b"\0")
    except OSError as error:
        is_limit = error.errno == errno.EFBIG and resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0)
        verdict = ChannelVerdict.CLOSED if is_limit else ChannelVerdict.UNPROVED
        return ChannelResult("inherited_file", verdict, (Layer.LIMIT,) if is_limit else (), role.is_volatile)
    return ChannelResult("inherited_file", ChannelVerdict.OPEN, (), role.is_volatile)


def _outside_reads(profile: SandboxProfile, readable_before: tuple[str, ...]) -> ChannelResult:
    """Read files that the profile does not name: only Landlock can refuse what could be read before."""
    must_close = profile.role.is_volatile
    if any(_can_read(path) for path in (_OUTSIDE, *profile.forbidden)):
        return ChannelResult("outside_read", ChannelVerdict.OPEN, (), must_close)
    if not readable_before:
        return ChannelResult("outside_read", ChannelVerdict.UNPROVED, (), must_close)
    return ChannelResult("outside_read", ChannelVerdict.CLOSED, (Layer.LANDLOCK,), must_close)


def _foreign_port(profile: SandboxProfile, landlock_abi: int) -> ChannelResult:
    """Connect to a port that the profile does not name: only Landlock can refuse, from ABI 4 on.

    The kernel itself gives a TCP socket no route to a multicast address, so nothing is ever sent.
    """
    port = next(port for port in range(1, 1 << 16) if port not in profile.connect_ports)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as end:
        number = end.connect_ex((_MULTICAST, port))
    must_close = landlock_abi >= _LANDLOCK_KNOWS_PORTS
    if number == WALL_ERRNO and must_close:
        return ChannelResult("foreign_port", ChannelVerdict.CLOSED, (Layer.LANDLOCK,), must_close)
    return ChannelResult("foreign_port", ChannelVerdict.OPEN, (), must_close)


def _can_read(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
