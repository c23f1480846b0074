"""Real acts, one for each channel: each does the thing that the wall must refuse.

Run as a program: `acts.py ROLE MODE DIRECTORY NAME...`. For each name a child process is forked, enters the wall
of that role in that mode and then acts; one JSON object says for each name which errno came back, 0 where the act
succeeded.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import socket
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from echoless.confinement.facts import Layer
from echoless.confinement.kernel import Kernel
from echoless.confinement.profile import Role, SandboxProfile, interpreter_paths
from echoless.confinement.sandbox import Wall, enter

EXEC_WORKED = 77
_TMPFILE = os.O_TMPFILE | os.O_RDWR


class Scene:
    """What an act may use: a directory with a file, and descriptors that were open before the wall."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.kernel = Kernel()
        self.directory = directory
        self.file = directory / "file"
        self.file.write_bytes(b"old content")
        (directory / "empty").mkdir()
        self.path = ctypes.create_string_buffer(bytes(self.file))
        self.new_path = ctypes.create_string_buffer(bytes(directory / "new"))
        self.held = os.open(self.file, os.O_RDWR)
        self.new = directory / "new"
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.foreign = socket.create_server(("127.0.0.1", 0))
        self.datagram_receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.datagram_receiver.bind(str(directory / "receiver"))
        self.page = mmap.mmap(-1, mmap.PAGESIZE)
        self.page_address = ctypes.addressof(ctypes.c_char.from_buffer(self.page))
        self.pipe = os.pipe()

    def call(self, name: str, *arguments: int) -> int:
        """Make a system call and raise its errno."""
        answer = self.kernel.call(name, *arguments)
        if answer.value == -1:
            raise OSError(answer.errno, "refused")
        return answer.value

    def buffer(self, data: bytes) -> int:
        """Put bytes into the scene's page and return their address."""
        self.page[: len(data)] = data
        return self.page_address


def _address(of: ctypes.Array[ctypes.c_char]) -> int:
    return ctypes.addressof(of)


def _open(flags: int, *, new: bool = False) -> Callable[[Scene], object]:
    return lambda scene: os.open(scene.new if new else scene.file, flags, 0o600)


def _make_socket(family: int, kind: int, protocol: int = 0) -> Callable[[Scene], object]:
    return lambda scene: socket.socket(family, kind, protocol)


def _connect(scene: Scene) -> None:
    # The socket is older than the wall, as an inherited one would be.
    with scene.listener, _EARLY[0] as early:
        early.connect(scene.listener.getsockname())


_EARLY: list[socket.socket] = []
# A process outside the wall: its pid, an address in it, a descriptor of it.
_VICTIM: list[int] = []


def _listen(scene: Scene) -> None:
    # Bound before the wall, as an inherited one would be.
    _EARLY[2].listen(1)


def _accept(scene: Scene) -> None:
    _EARLY[3].connect(scene.listener.getsockname())
    scene.listener.settimeout(2)
    scene.listener.accept()[0].close()


def _new_connection(scene: Scene) -> None:
    with socket.create_connection(scene.listener.getsockname(), 2) as end:
        end.sendall(b"said")


def _foreign_port(scene: Scene) -> None:
    with socket.socket() as end:
        end.settimeout(2)
        end.connect(scene.foreign.getsockname())


def _late_fast_open(scene: Scene) -> None:
    fast_open_connect = 30
    with socket.socket() as end:
        end.setsockopt(socket.IPPROTO_TCP, fast_open_connect, 1)


def _to_device(scene: Scene) -> None:
    with socket.socket() as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")


def _fork(scene: Scene) -> None:
    pid = scene.call("fork") if os.uname().machine == "x86_64" else scene.call("clone", 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _clone3(scene: Scene) -> None:
    # struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls
    arguments = struct.pack("8Q", 0, 0, 0, 0, 17, 0, 0, 0)
    if scene.call("clone3", scene.buffer(arguments), len(arguments)) == 0:
        os._exit(0)


def _execve(scene: Scene) -> None:
    os.execv("/bin/sh", ["sh", "-c", f"exit {EXEC_WORKED}"])


def _openat2(scene: Scene) -> None:
    how = struct.pack("3Q", os.O_WRONLY, 0, 0)
    scene.call("openat2", -100, _address(scene.path), scene.buffer(how), len(how))


def _xattr(scene: Scene) -> None:
    os.setxattr(scene.file, "user.note", b"content")


def _xattrat(scene: Scene) -> None:
    value, name = ctypes.create_string_buffer(b"content"), ctypes.create_string_buffer(b"user.note")
    arguments = struct.pack("QII", ctypes.addressof(value), 7, 0)
    scene.call(
        "setxattrat", -100, _address(scene.path), 0, ctypes.addressof(name), scene.buffer(arguments), len(arguments)
    )


def _file_setattr(scene: Scene) -> None:
    attributes = struct.pack("QIIIII", 0, 0, 0, 0, 0, 0)
    got = ctypes.create_string_buffer(len(attributes))
    scene.call("file_getattr", -100, _address(scene.path), ctypes.addressof(got), len(attributes), 0)
    scene.call("file_setattr", -100, _address(scene.path), ctypes.addressof(got), len(attributes), 0)


def _shared_mapping(scene: Scene) -> None:
    with mmap.mmap(scene.held, 4, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE) as mapping:
        mapping[:4] = b"leak"


def _sysv_memory(scene: Scene) -> None:
    made = scene.call("shmget", 0, 4096, 0o1600)
    Kernel().call_number({"x86_64": 31, "aarch64": 195}[os.uname().machine], made, 0, 0)


def _sysv_messages(scene: Scene) -> None:
    made = scene.call("msgget", 0, 0o1600)
    Kernel().call_number({"x86_64": 71, "aarch64": 187}[os.uname().machine], made, 0, 0)


def _sysv_semaphores(scene: Scene) -> None:
    made = scene.call("semget", 0, 1, 0o1600)
    Kernel().call_number({"x86_64": 66, "aarch64": 191}[os.uname().machine], made, 0, 0)


def _message_queue(scene: Scene) -> None:
    name = _queue_name(os.getpid())
    os.close(scene.call("mq_open", ctypes.addressof(name), os.O_CREAT | os.O_RDWR, 0o600, 0))


def _queue_name(pid: int) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(f"echoless-{pid}".encode())


def _keyring(scene: Scene) -> None:
    kind, name = ctypes.create_string_buffer(b"user"), ctypes.create_string_buffer(b"echoless-test")
    process_keyring = -2
    scene.call("add_key", ctypes.addressof(kind), ctypes.addressof(name), scene.buffer(b"leak"), 4, process_keyring)


def _io_uring(scene: Scene) -> None:
    os.close(scene.call("io_uring_setup", 1, scene.buffer(bytes(120))))


def _aio(scene: Scene) -> None:
    scene.call("io_setup", 1, scene.buffer(bytes(8)))


def _writable_code(scene: Scene) -> None:
    mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def _socketpair_datagram(scene: Scene) -> None:
    left, _right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.sendto(b"leak", str(scene.directory / "receiver"))


def _fast_open(scene: Scene) -> None:
    fast_open = 0x20000000
    _EARLY[0].sendto(b"leak", fast_open, scene.listener.getsockname())


def _send_to_address(scene: Scene) -> None:
    _EARLY[1].sendto(b"leak", str(scene.directory / "receiver"))


def _ptrace(scene: Scene) -> None:
    seize = 0x4206
    scene.call("ptrace", seize, _VICTIM[0], 0, 0)


def _process_memory(scene: Scene) -> None:
    local = ctypes.create_string_buffer(b"leak")
    vectors = struct.pack("4Q", ctypes.addressof(local), 4, _VICTIM[1], 4)
    at = scene.buffer(vectors)
    # The victim is a fork: what lies at an address here lies there too.
    scene.call("process_vm_writev", _VICTIM[0], at, 1, at + 16, 1, 0)


def _bpf(scene: Scene) -> None:
    # BPF_MAP_CREATE of an array: map_type, key_size, value_size, max_entries
    os.close(scene.call("bpf", 0, scene.buffer(struct.pack("4I", 2, 4, 4, 1) + bytes(112)), 128))


def _perf(scene: Scene) -> None:
    # A software clock of this process, kernel and hypervisor excluded: type 1, size, config 0.
    head = struct.pack("IIQQQQQ", 1, 112, 0, 0, 0, 0, (1 << 5) | (1 << 6))
    os.close(scene.call("perf_event_open", scene.buffer(head.ljust(112, b"\0")), 0, -1, -1, 0))


def _mount(scene: Scene) -> None:
    kind, target = ctypes.create_string_buffer(b"tmpfs"), ctypes.create_string_buffer(bytes(scene.directory))
    scene.call("mount", ctypes.addressof(kind), ctypes.addressof(target), ctypes.addressof(kind), 0, 0)
    scene.call("umount2", ctypes.addressof(target), 0)


def _namespaces(scene: Scene) -> None:
    new_user_namespace = 0x10000000
    scene.call("unshare", new_user_namespace)


def _pidfd(scene: Scene) -> None:
    victim = scene.call("pidfd_open", _VICTIM[0], 0)
    os.close(scene.call("pidfd_getfd", victim, _VICTIM[2], 0))


def _file_handle(scene: Scene) -> None:
    numbers = {"x86_64": 303, "aarch64": 264}
    handle = ctypes.create_string_buffer(struct.pack("Ii", 120, 0) + bytes(120), 128)
    mount_id = ctypes.c_int()
    kernel = Kernel()
    named = kernel.call_number(
        numbers[os.uname().machine],
        -100,
        _address(scene.path),
        ctypes.addressof(handle),
        ctypes.addressof(mount_id),
        0,
    )
    if named.value == -1:
        raise OSError(named.errno, "no handle")
    root = os.open(scene.directory, os.O_RDONLY)
    os.close(scene.call("open_by_handle_at", root, ctypes.addressof(handle), os.O_RDONLY))


def _raise_limit(scene: Scene) -> None:
    open_files = 7
    scene.call("prlimit64", 0, open_files, scene.buffer(struct.pack("2Q", 64, 64)), 0)


def _terminal_input(scene: Scene) -> None:
    import pty

    _leader, follower = _PTY or pty.openpty()
    os.write(1, b"")
    scene.call("ioctl", follower, 0x5412, scene.buffer(b"x"))


_PTY: tuple[int, int] | tuple[()] = ()
_KEPT: list[object] = []


def _inherited_file(scene: Scene) -> None:
    os.write(scene.held, b"leak")


def _shm_file(scene: Scene) -> None:
    path = f"/dev/shm/echoless-{os.getpid()}"
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    os.unlink(path)


ACTS: dict[str, Callable[[Scene], object]] = {
    "file_write": _open(os.O_WRONLY),
    "file_append": _open(os.O_WRONLY | os.O_APPEND),
    "file_create": _open(os.O_WRONLY | os.O_CREAT, new=True),
    "file_create_only": _open(os.O_RDONLY | os.O_CREAT, new=True),
    "file_truncate": _open(os.O_RDONLY | os.O_TRUNC),
    "unnamed_file": lambda scene: os.open(scene.directory, _TMPFILE, 0o600),
    "shm_file": _shm_file,
    "openat2": _openat2,
    "mkdir": lambda scene: scene.new.mkdir(),
    "unlink": lambda scene: scene.file.unlink(),
    "rmdir": lambda scene: (scene.directory / "empty").rmdir(),
    "rename": lambda scene: scene.file.rename(scene.new),
    "renameat2": lambda scene: scene.call(
        "renameat2", -100, _address(scene.path), -100, _address(scene.new_path), 0
    ),
    "link": lambda scene: scene.new.hardlink_to(scene.file),
    "symlink": lambda scene: scene.new.symlink_to("content"),
    "mknod": lambda scene: os.mkfifo(scene.new),
    "truncate": lambda scene: os.truncate(scene.file, 1),
    "ftruncate": lambda scene: os.ftruncate(scene.held, 1),
    "fallocate": lambda scene: scene.call("fallocate", scene.held, 1, 0, 4096),
    "chmod": lambda scene: scene.file.chmod(0o640),
    "fchmod": lambda scene: os.fchmod(scene.held, 0o640),
    "fchmodat2": lambda scene: scene.call("fchmodat2", -100, _address(scene.path), 0o640, 0),
    "chown": lambda scene: os.chown(scene.file, os.getuid(), os.getgid()),
    "utime": lambda scene: os.utime(scene.file, (1, 1)),
    "xattr": _xattr,
    "xattrat": _xattrat,
    "file_setattr": _file_setattr,
    "positioned_write": lambda scene: os.pwrite(scene.held, b"leak", 0),
    "splice": lambda scene: os.splice(scene.held, scene.pipe[1], 4),
    "kernel_copy": lambda scene: os.sendfile(scene.pipe[1], scene.held, 0, 4),
    "file_lock": lambda scene: scene.call("flock", scene.held, 2),
    "file_handle": _file_handle,
    "shared_mapping": _shared_mapping,
    "sysv_memory": _sysv_memory,
    "sysv_messages": _sysv_messages,
    "sysv_semaphores": _sysv_semaphores,
    "message_queue": _message_queue,
    "keyring": _keyring,
    "io_uring": _io_uring,
    "aio": _aio,
    "memfd": lambda scene: os.memfd_create("leak"),
    "memfd_secret": lambda scene: scene.call("memfd_secret", 0),
    "writable_code": _writable_code,
    "socket_unix_stream": _make_socket(socket.AF_UNIX, socket.SOCK_STREAM),
    "socket_unix_datagram": _make_socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    "socket_inet_stream": _make_socket(socket.AF_INET, socket.SOCK_STREAM),
    "socket_inet_datagram": _make_socket(socket.AF_INET, socket.SOCK_DGRAM),
    "socket_inet6_stream": _make_socket(socket.AF_INET6, socket.SOCK_STREAM),
    "socket_inet6_datagram": _make_socket(socket.AF_INET6, socket.SOCK_DGRAM),
    "socket_mptcp": _make_socket(socket.AF_INET, socket.SOCK_STREAM, 262),
    "socket_netlink": _make_socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "socket_packet": _make_socket(socket.AF_PACKET, socket.SOCK_RAW),
    "socket_vsock": _make_socket(40, socket.SOCK_STREAM),
    "socketpair_datagram": _socketpair_datagram,
    "connect": _connect,
    "bind": lambda scene: _EARLY[0].bind(("127.0.0.1", 0)),
    "tcp_fast_open": _fast_open,
    "send_to_address": _send_to_address,
    "ptrace": _ptrace,
    "process_memory": _process_memory,
    "bpf": _bpf,
    "userfaultfd": lambda scene: scene.call("userfaultfd", 1),
    "perf_events": _perf,
    "execve": _execve,
    "fork": _fork,
    "clone3": _clone3,
    "mount": _mount,
    "namespaces": _namespaces,
    "pidfd": _pidfd,
    "signal_to_others": lambda scene: os.kill(os.getppid(), 0),
    "dumpable": lambda scene: scene.call("prctl", 4, 1, 0, 0, 0),
    "raise_limit": _raise_limit,
    "terminal_input": _terminal_input,
    "unreviewed_call": lambda scene: scene.call(
        "sethostname", scene.buffer(os.uname().nodename.encode()), len(os.uname().nodename)
    ),
    "inherited_file": _inherited_file,
    "outside_read": lambda scene: os.open(scene.file, os.O_RDONLY),
}

# Only whoever connects out is refused these: a gateway accepts on what it inherited.
EGRESS_ACTS: dict[str, Callable[[Scene], object]] = {
    "listen": _listen,
    "accept": _accept,
    "socket_options": _late_fast_open,
    "bind_to_device": _to_device,
    "foreign_port": _foreign_port,
}
# What egress is there for: these must come through its whole wall.
CONNECTING: dict[str, Callable[[Scene], object]] = {
    "connect": _connect,
    "new_connection": _new_connection,
    "socket_inet_stream": _make_socket(socket.AF_INET, socket.SOCK_STREAM),
    "socket_inet6_stream": _make_socket(socket.AF_INET6, socket.SOCK_STREAM),
}

MODES: dict[str, frozenset[Layer] | None] = {
    "without": None,
    "full": frozenset({Layer.SECCOMP, Layer.LANDLOCK, Layer.LIMIT}),
    "landlock": frozenset({Layer.LANDLOCK}),
    "seccomp": frozenset({Layer.SECCOMP}),
    "limit": frozenset({Layer.LIMIT}),
}


def _prepare() -> None:
    _EARLY[:] = [
        socket.socket(), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(), socket.socket(),
    ]  # fmt: skip
    _EARLY[2].bind(("127.0.0.1", 0))
    held, released = os.pipe()
    target = ctypes.create_string_buffer(8)
    pid = os.fork()
    if pid == 0:
        os.closerange(0, held)
        os.closerange(held + 1, 1024)
        os.read(held, 1)  # until the actor, who holds the other end, is gone
        os._exit(0)
    os.close(held)
    _VICTIM[:] = [pid, ctypes.addressof(target), held]
    _KEPT.extend((target, released))


def acts_of(role: Role) -> dict[str, Callable[[Scene], object]]:
    """Return the acts for a role: what its wall refuses, and what egress may do."""
    return ACTS | EGRESS_ACTS | CONNECTING if role is Role.EGRESS else ACTS


def perform(name: str, role: Role, mode: str, directory: Path) -> int:
    """Act in this process and return the errno, 0 for success."""
    global _PTY
    _prepare()
    scene = Scene(directory)
    if name == "terminal_input":
        import pty

        os.setsid()
        _PTY = pty.openpty()
        import fcntl
        import termios

        fcntl.ioctl(_PTY[1], termios.TIOCSCTTY, 0)
    layers = MODES[mode]
    if layers is not None:
        ports = (scene.listener.getsockname()[1],) if role is Role.EGRESS else ()
        profile = SandboxProfile(role, interpreter_paths(), connect_ports=ports)
        enter(profile, audit_view=False, wall=Wall(layers=layers))
    try:
        acts_of(role)[name](scene)
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _in_child(name: str, role: Role, mode: str, directory: Path) -> int:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = perform(name, role, mode, directory)
        os.write(writer, bytes([code]))
        os._exit(0)
    os.close(writer)
    answer = os.read(reader, 1)
    os.close(reader)
    _, status = os.waitpid(pid, 0)
    # A queue outlives its maker, whose wall may not let it take the queue away, and a user has room for a few only.
    queue = _queue_name(pid)
    Kernel().call("mq_unlink", ctypes.addressof(queue))
    if answer:
        return answer[0]
    return 0 if os.waitstatus_to_exitcode(status) == EXEC_WORKED else -os.waitstatus_to_exitcode(status) or -1


def main() -> None:
    """Perform the named acts, all where none is named."""
    role, mode, directory, *names = Role(sys.argv[1]), *sys.argv[2:]
    top = Path(directory)
    results = {name: _in_child(name, role, mode, top / f"{role}-{mode}-{name}") for name in names or acts_of(role)}
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
