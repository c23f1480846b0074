"""Opening a PostgreSQL database: TLS, deadlines, one holder at a time, and a server that logs no parameters.

All content is sealed before it comes here, so that dead rows, the write-ahead log, its archive and replicas hold
ciphertext only. Wrapped keys may be in PostgreSQL too, but never in the cluster that holds what they open: one
archive of a cluster would hold both.
source: PostgreSQL's documentation of log_parameter_max_length, advisory locks, pg_control_system
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.store_urls import DatabaseURL

_CONNECT_S: Final = 5.0
_COMMAND_S: Final = 120.0
_VERSION_MIN: Final = 150_000
_LOCK_KEY: Final = 0x6563_686F
_LOCK_TRIES: Final = 50
_LOCK_PAUSE_S: Final = 0.1
_SETTINGS: Final = {
    "application_name": "echoless",
    # A statement that fails says nothing of what it was given.
    "log_parameter_max_length_on_error": "0",
    # A vault whose machine vanished gives the database back within a minute.
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_LOGGING: Final = """
    SELECT current_setting('log_parameter_max_length') = '0'
           OR (current_setting('log_statement') IN ('none', 'ddl')
               AND current_setting('log_min_duration_statement') = '-1'
               AND current_setting('log_min_duration_sample') = '-1'
               AND current_setting('log_duration') = 'off'
               AND current_setting('log_transaction_sample_rate') = '0'),
           has_parameter_privilege('log_parameter_max_length', 'SET')
"""


class UnusableDatabaseError(sa.exc.SQLAlchemyError):
    """A database that answers and must not be used; its text is ours."""


def open_postgresql(place: DatabaseURL, *, is_holder: bool) -> sa.Engine:
    """Return an engine for one database; its connections work in a bridged `StoreThread` only.

    is_holder: whether its connection keeps every other vault from writing there
    """
    # Loaded only where it is used: a usual start is faster and smaller without it.
    from sqlalchemy.ext.asyncio import create_async_engine

    url = sa.URL.create(
        "postgresql+asyncpg", place.user, place.password or None, place.host, place.port, place.name
    )
    options: dict[str, Any] = {
        "timeout": _CONNECT_S, "command_timeout": _COMMAND_S, "server_settings": _SETTINGS,
        "ssl": _tls(place) if place.is_tls else False,
    }  # fmt: skip
    opened = create_async_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True, connect_args=options)
    engine = opened.sync_engine
    sa.event.listen(engine, "connect", _hold if is_holder else _look)
    sa.event.listen(engine, "before_cursor_execute", _made_storable, retval=True)
    return engine


def system_identifier(connection: sa.Connection) -> int:
    """Return what tells one cluster from all others; copies of a cluster share it."""
    with connection.begin():
        return int(connection.execute(sa.text("SELECT system_identifier FROM pg_control_system()")).scalar_one())


def require_other_cluster(vault: sa.Connection, keys: sa.Connection) -> None:
    """See that keys and what they open lie in different clusters.

    raises: EcholessError(DATA_DIRECTORY) where they do not
    """
    if system_identifier(vault) == system_identifier(keys):
        raise EcholessError(
            ErrorCode.DATA_DIRECTORY,
            "keys_url names the same PostgreSQL cluster as database_url: one backup would hold what is sealed and "
            "what opens it. Name another cluster, or leave keys_url out and the keys stay in the data directory",
        )


def _tls(place: DatabaseURL) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=place.ca_path or None)


def _look(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    """Look whether the server is one that we can use, and have it log no parameters."""
    cursor = connection.cursor()
    cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
    version, encoding = cursor.fetchone() or (0, "")
    if version < _VERSION_MIN or encoding != "UTF8":
        raise UnusableDatabaseError("the database must be PostgreSQL 15 or newer, with the encoding UTF8")
    cursor.execute(_LOGGING)
    is_silent, may_set = cursor.fetchone() or (False, False)
    if may_set:
        cursor.execute("SELECT set_config('log_parameter_max_length', '0', false)")
    elif not is_silent:
        raise UnusableDatabaseError(
            "the PostgreSQL server logs statements with what they are given: have its administrator run "
            "ALTER ROLE ... SET log_parameter_max_length = 0 for our user"
        )
    connection.commit()
    cursor.close()


def _hold(connection: sa.engine.interfaces.DBAPIConnection, record: object) -> None:
    """Take the database for this vault. The server gives it back when the connection ends, however it ends."""
    _look(connection, record)
    cursor = connection.cursor()
    for _ in range(_LOCK_TRIES):
        cursor.execute(f"SELECT pg_try_advisory_lock({_LOCK_KEY})")
        is_held = bool((cursor.fetchone() or (False,))[0])
        connection.commit()
        if is_held:
            cursor.close()
            return
        time.sleep(_LOCK_PAUSE_S)
    raise UnusableDatabaseError("another server or command has this database open")


def _made_storable(
    _connection: sa.Connection, _cursor: object, statement: str, parameters: Any, _context: object, is_many: bool
) -> tuple[str, Any]:
    """Replace the one character that PostgreSQL's text does not know, as SQLite's does."""
    if is_many:
        return statement, [_without_nul(each) for each in parameters]
    return statement, _without_nul(parameters)


def _without_nul(values: Sequence[object]) -> tuple[object, ...]:
    return tuple(value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in values)
