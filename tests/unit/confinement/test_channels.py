"""The list of channels is complete against the design's and consistent in itself (C20, T29)."""

from __future__ import annotations

import pytest

from echoless.confinement.channels import CHANNELS
from echoless.confinement.profile import Role
from echoless.confinement.rules import REFUSED, rules_for

pytestmark = pytest.mark.unit

DESIGNED = [
    "file_write",
    "file_create",
    "unnamed_file",
    "openat2",
    "mkdir",
    "unlink",
    "rename",
    "link",
    "symlink",
    "mknod",
    "truncate",
    "chmod",
    "fchmodat2",
    "chown",
    "utime",
    "xattr",
    "xattrat",
    "file_setattr",
    "sysv_memory",
    "sysv_messages",
    "sysv_semaphores",
    "message_queue",
    "keyring",
    "io_uring",
    "memfd",
    "socket_unix_stream",
    "socket_unix_datagram",
    "socket_inet_stream",
    "socket_inet6_stream",
    "socket_netlink",
    "socket_vsock",
    "socket_packet",
    "socket_mptcp",
    "tcp_fast_open",
    "connect",
    "bind",
    "ptrace",
    "process_memory",
    "bpf",
    "userfaultfd",
    "execve",
    "fork",
    "clone3",
    "mount",
    "pidfd",
    "perf_events",
]


def test_every_designed_channel_is_in_the_list_once() -> None:
    channel_names = [channel.name for channel in CHANNELS]
    assert len(channel_names) == len(set(channel_names))
    assert set(DESIGNED) <= set(channel_names)


def test_volatile_processes_may_have_no_channel_at_all() -> None:
    for channel in CHANNELS:
        if channel.name not in {"listen", "socket_options"}:
            assert {Role.ENGINE, Role.GATEWAY} <= channel.must_close_for, channel.name


def test_egress_may_make_tcp_connections_and_has_no_other_channel() -> None:
    open_for_egress = {channel.name for channel in CHANNELS if Role.EGRESS not in channel.must_close_for}
    assert open_for_egress == {"connect", "socket_inet_stream", "socket_inet6_stream"}


def test_a_vault_may_make_tcp_connections_only_where_its_stores_lie_outside() -> None:
    ways = {"connect", "socket_inet_stream", "socket_inet6_stream"}
    closed = {role: {channel.name for channel in CHANNELS if role in channel.must_close_for} for role in Role}
    assert ways <= closed[Role.VAULT]
    assert closed[Role.VAULT] - closed[Role.CONNECTED_VAULT] == ways
    assert closed[Role.CONNECTED_VAULT] - closed[Role.VAULT] == {"socket_options"}


def test_writing_to_files_needs_two_layers() -> None:
    assert {channel.name for channel in CHANNELS if channel.needs_two} == {
        "file_write",
        "file_create",
        "unnamed_file",
    }


def test_no_call_of_a_channel_is_free_in_the_filter() -> None:
    """A call may pass with certain arguments, never with any."""
    for role in (Role.ENGINE, Role.GATEWAY, Role.EGRESS):
        unlimited = {rule.call for rule in rules_for(role, 1).allowed if not rule.conditions}
        closed = [channel for channel in CHANNELS if role in channel.must_close_for]
        assert not {call.name for channel in closed for call in channel.calls} & unlimited
        assert not (set(REFUSED) & unlimited) - ({"connect"} if role is Role.EGRESS else set())
