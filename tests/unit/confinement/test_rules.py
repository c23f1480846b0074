"""The filters themselves, as libseccomp compiles them, run on a small BPF machine for both architectures.

The machine knows the few instructions that seccomp filters use. source: linux/filter.h, seccomp(2)
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from echoless.confinement.kernel import names, number_of
from echoless.confinement.profile import Role
from echoless.confinement.rules import UNREVIEWED_ERRNO, WALL_ERRNO, Rule, rules_for
from echoless.confinement.seccomp import Filter, load_library

pytestmark = pytest.mark.unit

_TOKENS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_OWN_PID = 4321
_NOISE = 0xDEAD_BEEF_0000_0000


@dataclass(frozen=True, slots=True)
class Program:
    """One compiled filter."""

    instructions: Sequence[tuple[int, int, int, int]]

    def run(self, data: bytes) -> int:
        """Return the filter's action for one call."""
        at, accumulator = 0, 0
        while True:
            code, jump_true, jump_false, constant = self.instructions[at]
            at += 1
            match code:
                case 0x20:  # load a word of the call's data
                    accumulator = struct.unpack_from("<I", data, constant)[0]
                case 0x54:  # and
                    accumulator &= constant
                case 0x05:  # jump always
                    at += constant
                case 0x15:  # jump if equal
                    at += jump_true if accumulator == constant else jump_false
                case 0x25:  # jump if greater
                    at += jump_true if accumulator > constant else jump_false
                case 0x35:  # jump if greater or equal
                    at += jump_true if accumulator >= constant else jump_false
                case 0x06:  # return
                    return constant
                case _:
                    raise AssertionError(f"unknown instruction {code:#x}")


@dataclass(frozen=True, slots=True)
class Wall:
    """Both filters of a role on one architecture."""

    machine: str
    programs: tuple[Program, Program]

    def says(self, call: str | int, *arguments: int, token: int | None = None) -> int:
        """Return 0 where a call passes, else its errno, -1 where the process dies."""
        number = number_of(call, self.machine) if isinstance(call, str) else call
        assert number is not None
        values = [each & 0xFFFF_FFFF_FFFF_FFFF for each in (*arguments, 0, 0, 0, 0, 0, 0)][:6]
        data = struct.pack("<iIQ6Q", number, token or _TOKENS[self.machine], 0, *values)
        # The kernel asks the filter loaded last first and keeps the first of equal actions.
        actions = [program.run(data) for program in reversed(self.programs)]
        if _KILL in actions:
            return -1
        refusals = [action for action in actions if action != _ALLOW]
        return (refusals[0] & 0xFFFF) if refusals else 0


def _compile(role: Role, machine: str) -> Wall:
    library = load_library()
    if library is None:
        pytest.skip("this host has no libseccomp")
    rules = rules_for(role, _OWN_PID)
    programs = []
    for default, allowed in (
        (WALL_ERRNO, rules.allowed),
        (UNREVIEWED_ERRNO, [Rule(call) for call in rules.reviewed]),
    ):
        built = Filter(library, default)
        if machine != os.uname().machine:
            context = ctypes.c_void_p(built._context)
            assert library.seccomp_arch_add(context, _TOKENS[machine]) == 0
            assert library.seccomp_arch_remove(context, _TOKENS[os.uname().machine]) == 0
        # Numbers that libseccomp does not know by name cannot be compiled for a foreign architecture.
        known = library.seccomp_syscall_resolve_name
        built.allow(rule for rule in allowed if known(rule.call.encode()) != -1)
        programs.append(_exported(library, built))
        built.release()
    return Wall(machine, (programs[0], programs[1]))


def _exported(library: ctypes.CDLL, built: Filter) -> Program:
    descriptor = os.memfd_create("program")
    try:
        assert library.seccomp_export_bpf(ctypes.c_void_p(built._context), descriptor) == 0
        size = os.lseek(descriptor, 0, os.SEEK_END)
        return Program([*struct.iter_unpack("<HBBI", os.pread(descriptor, size, 0))])
    finally:
        os.close(descriptor)


@pytest.fixture(scope="module", params=_TOKENS)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=[Role.ENGINE, Role.GATEWAY, Role.EGRESS])
def wall(request: pytest.FixtureRequest, machine: str) -> Wall:
    return _compile(request.param, machine)


@pytest.fixture(scope="module")
def egress(machine: str) -> Wall:
    return _compile(Role.EGRESS, machine)


@pytest.fixture(scope="module", params=[Role.EGRESS, Role.CONNECTED_VAULT])
def connecting(request: pytest.FixtureRequest, machine: str) -> Wall:
    return _compile(request.param, machine)


@pytest.fixture(scope="module", params=[Role.ENGINE, Role.GATEWAY])
def closed(request: pytest.FixtureRequest, machine: str) -> Wall:
    return _compile(request.param, machine)


@pytest.fixture(scope="module")
def vault(machine: str) -> Wall:
    return _compile(Role.VAULT, machine)


@pytest.mark.parametrize("flags", [0, os.O_CLOEXEC, os.O_CLOEXEC | os.O_NONBLOCK, os.O_PATH, os.O_EXCL])
def test_reading_opens_pass(wall: Wall, flags: int) -> None:
    assert wall.says("openat", -100, 1, flags) == 0
    assert wall.says("openat", -100, 1, flags | _NOISE) == 0


@pytest.mark.claim("Z6")
@pytest.mark.parametrize("flags", [1, 2, 3, 0o100, 0o1000, 0o2000, 0o20000000, 0o20000000 | 2, 0o101, 0o1102])
def test_opens_that_write_create_or_cut_are_refused(wall: Wall, flags: int) -> None:
    for extra in (0, os.O_CLOEXEC, _NOISE):
        assert wall.says("openat", -100, 1, flags | extra) == WALL_ERRNO


def test_calls_that_libraries_try_first_do_not_exist(wall: Wall) -> None:
    assert wall.says("clone3") == UNREVIEWED_ERRNO
    assert wall.says("openat2") == UNREVIEWED_ERRNO


@pytest.mark.claim("Z6")
def test_every_number_above_the_reviewed_ones_does_not_exist(wall: Wall, vault: Wall) -> None:
    newest = max(number for name in names() if (number := number_of(name, wall.machine)) is not None)
    for number in range(newest + 1, newest + 600):
        assert wall.says(number) == UNREVIEWED_ERRNO
        assert vault.says(number) == UNREVIEWED_ERRNO


def test_foreign_abi_ends_the_process(wall: Wall) -> None:
    i386 = 0x40000003
    assert wall.says("write", token=i386) == -1
    if wall.machine == "x86_64":
        x32_bit = 0x40000000
        assert wall.says(x32_bit | 1) == -1


def test_clone_makes_threads_only(wall: Wall, vault: Wall) -> None:
    thread = 0x3D0F00
    for each in (wall, vault):
        assert each.says("clone", thread) == 0
        assert each.says("clone", thread & ~0x10000) == WALL_ERRNO
        assert each.says("clone", 0x01200011) == WALL_ERRNO


def test_sends_go_to_the_connected_peer_only(wall: Wall, vault: Wall) -> None:
    no_signal, fast_open = 0x4000, 0x20000000
    for each in (wall, vault):
        assert each.says("sendto", 3, 1, 9, no_signal, 0, 0) == 0
        assert each.says("sendto", 3, 1, 9, no_signal, 0x7FFF_0000_0000, 16) == WALL_ERRNO
        assert each.says("sendto", 3, 1, 9, fast_open, 0, 0) == WALL_ERRNO
        assert each.says("sendmsg", 3, 1, no_signal) == 0
        assert each.says("sendmsg", 3, 1, no_signal | fast_open) == WALL_ERRNO
        assert each.says("sendmmsg", 3, 1, 1, 0) == WALL_ERRNO


def test_socket_pairs_are_streams_of_the_local_family(wall: Wall) -> None:
    unix, inet, stream, datagram, packet, close_on_exec = 1, 2, 1, 2, 5, 0o2000000
    assert wall.says("socketpair", unix, stream | close_on_exec) == 0
    assert wall.says("socketpair", unix, packet) == 0
    assert wall.says("socketpair", unix, datagram | close_on_exec) == WALL_ERRNO
    assert wall.says("socketpair", inet, stream) == WALL_ERRNO


@pytest.mark.parametrize("family", range(46))
def test_no_socket_of_any_family_can_be_made(closed: Wall, vault: Wall, family: int) -> None:
    for kind in range(11):
        assert closed.says("socket", family, kind) == WALL_ERRNO
        assert vault.says("socket", family, kind) == WALL_ERRNO


@pytest.mark.claim("Z6")
@pytest.mark.parametrize("family", range(46))
def test_who_connects_makes_tcp_sockets_of_the_internet_families_only(connecting: Wall, family: int) -> None:
    close_on_exec, stream, tcp = 0o2000000, 1, 6
    for kind in range(16):
        for protocol in (0, tcp, 17, 132, 256, 262):
            is_tcp = family in {2, 10} and kind == stream and protocol in {0, tcp}
            assert connecting.says("socket", family, kind | close_on_exec, protocol) == (
                0 if is_tcp else WALL_ERRNO
            )


@pytest.mark.claim("Z6")
def test_egress_connects_and_lets_nobody_in(egress: Wall, closed: Wall) -> None:
    assert egress.says("connect", 5, 0x7000, 16) == 0
    assert closed.says("connect", 5, 0x7000, 16) == WALL_ERRNO
    for call in ("bind", "listen", "accept", "accept4"):
        assert egress.says(call, 5, 0x7000, 16) == WALL_ERRNO, call


def test_a_vault_connects_only_where_its_stores_lie_outside(machine: str, vault: Wall) -> None:
    connected = _compile(Role.CONNECTED_VAULT, machine)
    assert connected.says("connect", 5, 0x7000, 16) == 0
    assert vault.says("connect", 5, 0x7000, 16) == WALL_ERRNO
    assert connected.says("bind", 5, 0x7000, 16) == WALL_ERRNO


def test_who_connects_sets_the_few_harmless_options_of_a_socket(connecting: Wall) -> None:
    socket_level, tcp_level, no_delay, fast_open_connect, upper_layer, repair = 1, 6, 1, 30, 31, 19
    assert connecting.says("setsockopt", 5, tcp_level, no_delay) == 0
    for option in (fast_open_connect, upper_layer, repair):
        assert connecting.says("setsockopt", 5, tcp_level, option) == WALL_ERRNO
    bind_to_device, attach_filter = 25, 26
    for option in (bind_to_device, attach_filter):
        assert connecting.says("setsockopt", 5, socket_level, option) == WALL_ERRNO
    assert connecting.says("setsockopt", 5, 0, 1) == WALL_ERRNO


def test_memory_is_never_writable_and_executable_at_once(wall: Wall, vault: Wall) -> None:
    read, write, execute, private_anonymous, private = 1, 2, 4, 0x22, 0x02
    for each in (wall, vault):
        assert each.says("mmap", 0, 4096, read | write, private_anonymous) == 0
        assert each.says("mmap", 0, 4096, read | execute, private) == 0
        assert each.says("mmap", 0, 4096, read | write | execute, private_anonymous) == WALL_ERRNO
        assert each.says("mprotect", 0, 4096, read | write) == 0
        assert each.says("mprotect", 0, 4096, read | execute) == WALL_ERRNO


def test_shared_mappings_of_files_are_for_the_vault_only(wall: Wall, vault: Wall) -> None:
    read, write, shared, validated, shared_anonymous = 1, 2, 0x01, 0x03, 0x21
    for kind in (shared, validated):
        assert wall.says("mmap", 0, 4096, read, kind) == WALL_ERRNO
        assert wall.says("mmap", 0, 4096, read | write, kind) == WALL_ERRNO
        assert vault.says("mmap", 0, 4096, read | write, kind) == 0
    assert wall.says("mmap", 0, 4096, read | write, shared_anonymous) == 0


def test_signals_reach_the_own_process_only(wall: Wall) -> None:
    for call in ("kill", "tgkill"):
        assert wall.says(call, _OWN_PID, _OWN_PID, 15) == 0
        for other in (1, 0, -1, _OWN_PID + 1):
            assert wall.says(call, other, other, 15) == WALL_ERRNO
    assert wall.says("tkill", _OWN_PID, 15) == WALL_ERRNO


def test_limits_can_be_read_and_not_set(wall: Wall) -> None:
    assert wall.says("prlimit64", 0, 1, 0, 0x7000) == 0
    assert wall.says("prlimit64", 0, 1, 0x7000, 0) == WALL_ERRNO
    assert wall.says("prlimit64", 0, 1, 1 << 40, 0) == WALL_ERRNO


def test_process_cannot_make_itself_readable_again(wall: Wall) -> None:
    set_dumpable, set_name, set_seccomp, set_memory_map = 4, 15, 22, 35
    assert wall.says("prctl", set_dumpable, 0) == 0
    assert wall.says("prctl", set_dumpable, 1) == WALL_ERRNO
    assert wall.says("prctl", set_name, 0x7000) == 0
    assert wall.says("prctl", set_seccomp, 2) == WALL_ERRNO
    assert wall.says("prctl", set_memory_map, 1) == WALL_ERRNO


def test_device_controls_are_the_few_harmless_ones(wall: Wall) -> None:
    set_nonblocking, inject_input, copy_range = 0x5421, 0x5412, 0x4020940D
    assert wall.says("ioctl", 3, set_nonblocking, 0x7000) == 0
    assert wall.says("ioctl", 3, inject_input, 0x7000) == WALL_ERRNO
    assert wall.says("ioctl", 3, copy_range, 0x7000) == WALL_ERRNO


def test_vault_reaches_files_but_starts_no_process(vault: Wall) -> None:
    assert vault.says("openat", -100, 1, os.O_RDWR | os.O_CREAT) == 0
    for call in ("renameat2", "unlinkat", "mkdirat", "ftruncate", "pwrite64", "flock", "fcntl"):
        assert vault.says(call) == 0, call
    for call in ("execve", "execveat", "ptrace", "process_vm_readv", "bpf", "mount", "keyctl", "io_uring_setup"):
        assert vault.says(call) == WALL_ERRNO, call


def test_wall_errno_is_one_that_a_null_probe_never_gets_from_the_kernel() -> None:
    assert WALL_ERRNO not in (errno.EFAULT, errno.EBADF, errno.EINVAL, errno.EPERM, errno.ENOSYS)
