"""Opening the stores at their places: files below the data directory, PostgreSQL, S3.

Whatever lies outside is checked before anything is written there: whose it is, whether it can keep our promises,
and that keys and what they open are apart.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa

from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Journal
from echoless.core.store_urls import DatabaseURL, StorePlaces
from echoless.vault.stores.bucket import BucketObjects
from echoless.vault.stores.database import open_engine
from echoless.vault.stores.directory import DataDirectory
from echoless.vault.stores.installation import Installation
from echoless.vault.stores.migration import Outside, bring_up_to_date
from echoless.vault.stores.postgresql import UnusableDatabaseError, open_postgresql, require_other_cluster
from echoless.vault.stores.segments import Segments
from echoless.vault.stores.serial_thread import SerialThread

T = TypeVar("T")
Pair = tuple[sa.Engine, sa.Engine]
_UNREACHABLE: Final = "the configured database cannot be reached, or refuses our user"


@dataclass(frozen=True, slots=True)
class OpenedPlaces:
    """The stores at their places, with the two threads that touch them.

    writing, reading: engines of the main database and of the keys', for each of the threads
    """

    directory: DataDirectory
    places: StorePlaces
    segments: Segments
    writing: Pair
    reading: Pair
    write_thread: SerialThread
    read_thread: SerialThread

    @classmethod
    def begin(cls, directory: DataDirectory, places: StorePlaces, durability: str) -> OpenedPlaces:
        """Return the stores; nothing is connected yet."""
        if places.has_host_names():
            # Names are looked up behind the wall, where there is TCP only. The C library reads this the first time.
            os.environ["RES_OPTIONS"] = "use-vc"
        objects = BucketObjects(places.objects) if places.objects is not None else None
        is_bridged = places.database is not None or places.keys is not None
        return cls(
            directory=directory,
            places=places,
            segments=Segments(directory, durability, objects),
            writing=_engines(directory, places, durability, is_holder=True),
            reading=_engines(directory, places, durability, is_holder=False),
            write_thread=SerialThread("vault-writer", is_bridged=is_bridged),
            read_thread=SerialThread("vault-reader", is_bridged=is_bridged),
        )

    async def prepare(self, installation: Installation, journal: Journal) -> None:
        """Check what lies outside, and migrate all databases.

        raises: EcholessError(DATA_DIRECTORY) where a store cannot be used, EcholessError(STORE_UNAVAILABLE) where
                none answers
        """
        await self._do(self.write_thread, lambda: self._prepare(installation, journal))

    async def connect(self, thread: SerialThread, pair: Pair) -> tuple[sa.Connection, sa.Connection]:
        """Return a thread's connections; raises as `prepare`."""
        return await self._do(thread, lambda: (pair[0].connect(), pair[1].connect()))

    async def do(self, step: Callable[[], T]) -> T:
        """Do something in the writer's thread; raises as `prepare`."""
        return await self._do(self.write_thread, step)

    def close(self) -> None:
        """End the threads, after what they still have to do."""
        self.read_thread.shutdown()
        self.write_thread.shutdown()
        for engine in (*self.writing, *self.reading):
            engine.dispose()

    def _prepare(self, installation: Installation, journal: Journal) -> None:
        outside: dict[str, sa.Engine] = {}
        if self.places.database is not None:
            outside["vault"] = self.writing[0]
        if self.places.keys is not None:
            outside["keys"] = self.writing[1]
        if len(outside) > 1:
            with self.reading[0].connect() as vault, self.reading[1].connect() as keys:
                require_other_cluster(vault, keys)
        if isinstance(self.segments.objects, BucketObjects):
            self.segments.objects.settle(installation.installation_id)
        bring_up_to_date(self.directory, journal, outside=Outside(installation.installation_id, outside))

    async def _do(self, thread: SerialThread, step: Callable[[], T]) -> T:
        code, reason = ErrorCode.STORE_UNAVAILABLE, _UNREACHABLE
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, step)
        except UnusableDatabaseError as error:
            code, reason = ErrorCode.DATA_DIRECTORY, str(error)
        except (sa.exc.SQLAlchemyError, OSError):
            if self.places.database is None and self.places.keys is None:
                raise
        raise EcholessError(code, reason)


def _engines(directory: DataDirectory, places: StorePlaces, durability: str, *, is_holder: bool) -> Pair:
    def engine(place: DatabaseURL | None, path: Path) -> sa.Engine:
        return open_postgresql(place, is_holder=is_holder) if place is not None else open_engine(path, durability)

    return engine(places.database, directory.vault_database), engine(places.keys, directory.keys_database)
