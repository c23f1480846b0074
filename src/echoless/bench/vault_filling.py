"""Filling a data directory with as much as a large installation has, in bulk.

Rows of items and their wrapped keys are made by SQL alone, so a million of them take seconds; their ids are random,
as real ones are. What is sealed in them is noise: nobody opens them. The items that a page shows are made later, by
the vault itself. Keys are rows of their own with random digests.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_HEAD_BYTES: Final = 220
_WRAPPED_BYTES: Final = 60
_AUDIO_BYTES: Final = 2048
_STARTED_MS: Final = 1_790_000_000_000
_NUMBERS: Final = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
_ITEMS: Final = (
    _NUMBERS  # noqa: S608  # constant texts
    + "INSERT INTO history_items (item_id, workspace_id, request_id, created_ms, voice_id, voice_name, "
    "model_id, source, output_format, character_count_from, character_count_to, audio_bytes, segment_count, "
    "sealed_head) SELECT lower(hex(randomblob(10))), ?, lower(hex(randomblob(16))), ? + i * 1000, "
    "'JBFqnCBsd6RMkjVDRZzb', 'George', 'eleven_multilingual_v2', 'TTS', 'mp3_44100_128', i * 40, i * 40 + 40, ?, "
    "?, randomblob(?) FROM n"
)
_ITEM_KEYS: Final = (
    "INSERT INTO keys.item_keys (item_id, workspace_id, wrapped) SELECT item_id, workspace_id, randomblob(?) "
    "FROM history_items WHERE workspace_id = ?"
)


@dataclass(frozen=True, slots=True)
class Filling:
    """How much there is.

    item_count:   of the workspace that is asked for tickets
    doomed_count: of the workspace that is deleted, each with audio in the object store
    """

    key_count: int
    item_count: int
    doomed_count: int


def fill(directory: Path, workspace_id: str, doomed_id: str, filling: Filling) -> None:
    """Fill the directory of a vault that does not run."""
    connection = sqlite3.connect(directory / "vault.sqlite")
    try:
        connection.execute("ATTACH DATABASE ? AS keys", (str(directory / "keys.sqlite"),))
        with connection:
            _add_keys(connection, workspace_id, filling.key_count)
        # Without audio: a million folders would measure the file system.
        _add_items(connection, workspace_id, filling.item_count, has_audio=False)
        _add_items(connection, doomed_id, filling.doomed_count, has_audio=True)
        found = connection.execute("SELECT item_id FROM history_items WHERE workspace_id = ?", (doomed_id,))
        for (item_id,) in found:
            _put_audio(directory / "objects", item_id)
    finally:
        connection.close()


def _add_items(connection: sqlite3.Connection, workspace_id: str, count: int, *, has_audio: bool) -> None:
    audio = (_AUDIO_BYTES, 1) if has_audio else (0, 0)
    with connection:
        connection.execute(_ITEMS, (count, workspace_id, _STARTED_MS, *audio, _HEAD_BYTES))
        connection.execute(_ITEM_KEYS, (_WRAPPED_BYTES, workspace_id))


def _add_keys(connection: sqlite3.Connection, workspace_id: str, count: int) -> None:
    """Copy the workspace's own key, each with an id and a digest of its own."""
    query = connection.execute("SELECT * FROM api_keys WHERE workspace_id = ? LIMIT 1", (workspace_id,))
    names = [column[0] for column in query.description]
    random = {"key_id": "lower(hex(randomblob(10)))", "digest": "randomblob(32)"}
    chosen = ", ".join(random.get(name, f"k.{name}") for name in names)
    copied = f"INSERT INTO api_keys ({', '.join(names)}) SELECT {chosen} FROM n, one k"  # noqa: S608  # our own names
    one = ", one AS (SELECT * FROM api_keys WHERE workspace_id = ? LIMIT 1) "
    connection.execute(_NUMBERS.rstrip() + one + copied, (count, workspace_id))


def _put_audio(objects: Path, item_id: str) -> None:
    folder = objects / item_id[:2] / item_id
    folder.mkdir(parents=True)
    (folder / "000000").write_bytes(bytes(_AUDIO_BYTES))
