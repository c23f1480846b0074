"""Searches databases as their library shows them, row by row, so that a copy has a table and a column; then page by
page, where free pages and frames of the write-ahead log have names too.

The database may be in use: it is opened read only, for as long as one table takes.
source: sqlite.org/uri.html, sqlite.org/wal.html
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from echoless.audit.search.database_pages import frames_of, page_bytes, pages_of
from echoless.audit.search.places import PlaceScan, Sieve, Sought, reason_of

_WAIT_S: Final = 5.0
_UNPACKED_BYTES_MAX: Final = 64 * 1024 * 1024
_WAL_SUFFIX: Final = "-wal"
Unpack = Callable[[bytes], bytes]


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, _UNPACKED_BYTES_MAX)


# What a value may be packed in, by its first bytes.
_PACKED: Final = MappingProxyType[bytes, Unpack](
    {b"\x78": _inflated, b"\x1f\x8b": gzip.decompress, b"\xfd7zXZ\0": lzma.decompress, b"BZh": bz2.decompress}
)


def scan_databases(directory: Path, needles: Sought) -> PlaceScan:
    """Search every SQLite database directly in a directory.

    A database that cannot be opened is said to be unsearched.
    """
    sieve = Sieve.of(needles)
    for path in sorted(directory.iterdir()):
        if path.is_file() and page_bytes(_head(path)):
            try:
                roots = _rows(sieve, path)
                _pages(sieve, path, roots)
            except sqlite3.Error as error:
                sieve.pass_over(path.name, type(error).__name__)
            except OSError as error:
                sieve.pass_over(path.name, reason_of(error))
    if not sieve.item_count and not sieve.unsearched:
        sieve.pass_over("databases", "none lies in the data directory")
    return sieve.result("databases", "database")


def _rows(sieve: Sieve, path: Path) -> dict[int, str]:
    """Search every value of every table.

    returns: the name of what has its root at a page
    """
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_WAIT_S)) as database:
        # Bytes as they are: a text may hold what is no text.
        database.text_factory = bytes
        schema = database.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema").fetchall()
        roots = {}
        for kind, name, table, root, statement in schema:
            sieve.look(f"{path.name}: schema", name + b"\0" + (statement or b""))
            roots[root or 0] = f"{kind.decode()} {table.decode(errors='replace')}"
            if kind == b"table":
                _table(sieve, path.name, database, name.decode(errors="replace"))
        return roots


def _table(sieve: Sieve, called: str, database: sqlite3.Connection, table: str) -> None:
    quoted = table.replace('"', '""')
    rows = database.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608  # a name of the schema, quoted
    columns = [str(column[0]) for column in rows.description]
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            if isinstance(value, bytes):
                where = f"{called}: table {table}, column {column}"
                sieve.look(where, value)
                for unpacked in _unpacked(value):
                    sieve.look(f"{where}, unpacked", unpacked)


def _unpacked(value: bytes) -> Iterator[bytes]:
    """Yield what a value holds where it is packed; sealed values begin with anything, so most are not."""
    for beginning, unpack in _PACKED.items():
        if value.startswith(beginning):
            with contextlib.suppress(zlib.error, lzma.LZMAError, OSError, EOFError):
                yield unpack(value)


def _pages(sieve: Sieve, path: Path, roots: Mapping[int, str]) -> None:
    data = path.read_bytes()
    for page in pages_of(data, roots):
        sieve.look(f"{path.name}: {page.what}", page.data)
    log = path.with_name(path.name + _WAL_SUFFIX)
    if log.exists():
        for page in frames_of(log.read_bytes(), page_bytes(data)):
            sieve.look(f"{log.name}: {page.what}", page.data)


def _head(path: Path) -> bytes:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(4096)
    return b""
