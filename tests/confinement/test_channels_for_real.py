"""Each channel is tried for real from inside a walled process, after its control without the wall (C20, T29).

An act whose control fails on a host (no right, no such call) is listed as unproved there, aloud, and only
where KNOWN_UNPROVED says that this may be.
"""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Callable, Mapping

import pytest

from echoless.confinement.channels import CHANNELS
from echoless.confinement.kernel import Kernel
from echoless.confinement.landlock import abi_version
from tests.confinement import runs
from tests.confinement.acts import ACTS, CONNECTING, EGRESS_ACTS

pytestmark = pytest.mark.confinement


Act = Callable[[str], Mapping[str, int]]

# Rights that an ordinary user, an old kernel or a hardened host may not have. Root on a new kernel has them all.
KNOWN_UNPROVED: dict[str, tuple[int, ...]] = {
    "bpf": (errno.EPERM,),
    "file_handle": (errno.EPERM, errno.EOPNOTSUPP),
    "file_setattr": (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTTY),
    "fchmodat2": (errno.ENOSYS,),
    "io_uring": (errno.EPERM, errno.ENOSYS),
    "keyring": (errno.EPERM, errno.ENOSYS),
    "memfd_secret": (errno.ENOSYS,),
    "message_queue": (errno.ENOSYS,),
    "mount": (errno.EPERM,),
    "namespaces": (errno.EPERM, errno.ENOSPC),
    "perf_events": (errno.EPERM, errno.EACCES, errno.ENOENT, errno.ENOSYS),
    "socket_inet6_datagram": (errno.EAFNOSUPPORT,),
    "socket_inet6_stream": (errno.EAFNOSUPPORT,),
    "socket_mptcp": (errno.ENOPROTOOPT, errno.EPROTONOSUPPORT),
    "socket_packet": (errno.EPERM,),
    "socket_vsock": (errno.EAFNOSUPPORT,),
    "tcp_fast_open": (errno.EOPNOTSUPP,),
    "terminal_input": (errno.EIO, errno.EPERM),
    "unreviewed_call": (errno.EPERM,),
    "userfaultfd": (errno.EPERM, errno.ENOSYS),
    "xattr": (errno.EOPNOTSUPP,),
    "xattrat": (errno.ENOSYS, errno.EOPNOTSUPP),
}
WALL_ERRNOS = {errno.EACCES, errno.ENOSYS, errno.EFBIG}
# Several acts may stand for one channel of the probe.
CHANNEL_OF = {
    "file_append": "file_write",
    "file_create_only": "file_create",
    "shm_file": "file_create",
    "rmdir": "unlink",
    "renameat2": "rename",
    "fallocate": "ftruncate",
    "fchmod": "chmod",
    "accept": "listen",
    "bind_to_device": "socket_options",
}
# Landlock closes a part of these (paths, TCP, one call of three), so the table does not claim the channel.
LANDLOCK_CLOSES_IN_PART = {"connect", "bind", "file_handle", "message_queue", "pidfd"}
WRITING = ("file_write", "file_append", "file_create", "file_create_only", "unnamed_file", "shm_file")


@pytest.fixture(scope="session")
def acts_in(tmp_path_factory: pytest.TempPathFactory) -> Act:
    top = tmp_path_factory.mktemp("acts")

    def perform(mode: str) -> Mapping[str, int]:
        result: Mapping[str, int] = runs.acts_in(mode, str(top))
        return result

    return perform


def _skip_aloud_if_unproved(name: str, control: int) -> None:
    if control:
        assert control in KNOWN_UNPROVED.get(name, ()), f"the control of {name} failed with {control}"
        pytest.skip(f"unproved here: {name} answers {errno.errorcode[control]} without the wall")


@pytest.mark.claim("Z6")
@pytest.mark.parametrize("name", sorted(ACTS))
@pytest.mark.seed("S4")
def test_wall_refuses_what_works_without_it(acts_in: Act, name: str) -> None:
    refusal = acts_in("full")[name]
    assert refusal in WALL_ERRNOS, f"{name} came through the wall with {refusal}"
    _skip_aloud_if_unproved(name, acts_in("without")[name])


def test_unproved_acts_are_known_and_root_on_a_new_kernel_has_none(acts_in: Act) -> None:
    unproved = {name for name, number in acts_in("without").items() if number}
    assert unproved <= KNOWN_UNPROVED.keys()
    release = tuple(int(part) for part in platform.release().split(".")[:2])
    if os.geteuid() == 0 and release >= (6, 17):
        assert not unproved


@pytest.mark.claim("Z6")
@pytest.mark.parametrize("name", WRITING)
def test_writing_stays_closed_when_seccomp_is_off(acts_in: Act, name: str) -> None:
    if abi_version(Kernel()) == 0:
        pytest.skip("this kernel has no Landlock")
    assert acts_in("without")[name] == 0
    assert acts_in("landlock")[name] == errno.EACCES


@pytest.mark.claim("Z6")
@pytest.mark.parametrize("name", WRITING)
def test_writing_stays_closed_when_landlock_is_off(acts_in: Act, name: str) -> None:
    assert acts_in("without")[name] == 0
    assert acts_in("seccomp")[name] == errno.EACCES


@pytest.mark.parametrize("name", sorted(ACTS))
def test_table_says_truly_what_landlock_closes(acts_in: Act, name: str) -> None:
    """Landlock alone refuses exactly the acts that the table ascribes to it, under this host's ABI."""
    table = {channel.name: channel.landlock_abi for channel in CHANNELS} | {"outside_read": 1, "inherited_file": 0}
    since, abi = table[CHANNEL_OF.get(name, name)], abi_version(Kernel())
    control = acts_in("without")[name]
    _skip_aloud_if_unproved(name, control)
    is_refused = acts_in("landlock")[name] != 0
    if name not in LANDLOCK_CLOSES_IN_PART:
        assert is_refused == (0 < since <= abi)


def test_file_size_limit_alone_closes_an_inherited_file(acts_in: Act) -> None:
    assert acts_in("without")["inherited_file"] == 0
    assert acts_in("limit")["inherited_file"] == errno.EFBIG
    assert acts_in("seccomp")["inherited_file"] == 0, "only the limit closes this channel"


def test_shared_mapping_would_pass_the_file_size_limit(acts_in: Act) -> None:
    """Why the filter refuses shared mappings of files: the limit does not see them."""
    assert acts_in("limit")["shared_mapping"] == 0
    assert acts_in("full")["shared_mapping"] == errno.EACCES


@pytest.fixture(scope="session")
def egress_acts_in(tmp_path_factory: pytest.TempPathFactory) -> Act:
    top = tmp_path_factory.mktemp("egress-acts")

    def perform(mode: str) -> Mapping[str, int]:
        result: Mapping[str, int] = runs.acts_in(mode, str(top), "egress")
        return result

    return perform


@pytest.mark.claim("Z6")
@pytest.mark.parametrize("name", sorted((ACTS.keys() | EGRESS_ACTS.keys()) - CONNECTING.keys()))
def test_egress_has_every_channel_closed_but_connecting(egress_acts_in: Act, name: str) -> None:
    if name == "foreign_port" and abi_version(Kernel()) < 4:
        pytest.skip("this kernel's Landlock knows no ports")
    refusal = egress_acts_in("full")[name]
    assert refusal in WALL_ERRNOS, f"{name} came through the wall with {refusal}"
    _skip_aloud_if_unproved(name, egress_acts_in("without")[name])


@pytest.mark.parametrize("name", sorted(CONNECTING))
def test_egress_connects_to_the_ports_that_it_was_given(egress_acts_in: Act, name: str) -> None:
    _skip_aloud_if_unproved(name, egress_acts_in("without")[name])
    assert egress_acts_in("full")[name] == 0


def test_each_layer_of_egress_closes_what_is_ascribed_to_it(egress_acts_in: Act) -> None:
    """Another port is Landlock's, listening and options are the filter's: without its layer each would be open."""
    if abi_version(Kernel()) < 4:
        pytest.skip("this kernel's Landlock knows no ports")
    seccomp, landlock = egress_acts_in("seccomp"), egress_acts_in("landlock")
    assert seccomp["foreign_port"] == 0
    assert landlock["foreign_port"] == errno.EACCES
    for name in EGRESS_ACTS.keys() - {"foreign_port"}:
        assert seccomp[name] == errno.EACCES, name
        assert landlock[name] == 0, name
    for name in WRITING:
        assert seccomp[name] == errno.EACCES
        assert landlock[name] == errno.EACCES


def test_every_channel_of_the_probe_is_tried_for_real() -> None:
    tried = {CHANNEL_OF.get(name, name) for name in (*ACTS, *EGRESS_ACTS)}
    assert {channel.name for channel in CHANNELS} <= tried
