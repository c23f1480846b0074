"""Keys and log of an installation stay the same; a damaged key is no reason to begin anew (C8, C9)."""

from __future__ import annotations

from pathlib import Path

import pytest

from echoless.core.build import build_hash
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import MemoryJournal
from echoless.receipts.log_check import check_log
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]


async def test_the_log_goes_on_where_it_was_and_says_which_build_runs(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    config = config_for(tmp_path / "data")
    async with open_vault(config, clock, journal) as first:
        seen, key = first.proving.book.log.state, first.proving.book.public_key
        entry = first.proving.book.log.fetch("tile/entries/000.p/1") or b""
        assert build_hash().encode() in entry
    async with open_vault(config, clock, journal) as second:
        log = second.proving.book.log
        assert second.proving.book.public_key == key
        assert log.state.size == 2
        assert check_log(log.note(), log.fetch, log.verifier, seen=seen).is_sound


@pytest.mark.parametrize("name", ["receipts.key", "transparency_log.key"])
async def test_a_damaged_key_stops_the_start_and_names_the_file(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal, name: str
) -> None:
    config = config_for(tmp_path / "data")
    async with open_vault(config, clock, journal):
        path = tmp_path / "data" / "keys" / name
        assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"short")
    with pytest.raises(EcholessError, match=name) as refused:
        async with open_vault(config, clock, journal):
            pass
    assert refused.value.code is ErrorCode.DATA_DIRECTORY
