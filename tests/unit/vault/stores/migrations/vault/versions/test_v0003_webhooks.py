"""The step that brings webhooks to a directory that has none, and items of before that still open."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from echoless.core.journal import MemoryJournal
from echoless.crossing.query_records import GetHistoryItem, HistoryItemView
from echoless.vault.service.opening import open_vault
from echoless.vault.stores import migration
from echoless.vault.stores.directory import VERSION, DataDirectory
from echoless.vault.stores.drafts import ItemHead
from echoless.vault.stores.keyring import ItemSealer, Keyring
from echoless.vault.stores.migration import Steps, bring_up_to_date
from tests.fakes.gateway_double import KEY, GatewayDouble, TurnedClock, config_for

pytestmark = [pytest.mark.unit, pytest.mark.anyio]
TABLES = {"webhooks", "webhook_deliveries"}
ITEM_ID = "AAAAAAAAAAAAAAAAAAAA"


def earlier_steps(tmp_path: Path) -> Steps:
    """The steps as the version before this one had them."""
    folder = tmp_path / "steps"
    origin = Path(migration.__file__).with_name("migrations")
    for source in origin.rglob("*.py"):
        if not "v0003" <= source.name < "v9":
            target = folder / source.relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return Steps(2, folder)


def tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return found


def insert(path: Path, table: str, **values: object) -> None:
    connection = sqlite3.connect(path)
    marks = ",".join("?" * len(values))
    connection.execute(
        f"INSERT INTO {table} ({','.join(values)}) VALUES ({marks})", tuple(values.values())
    )  # our own names
    connection.commit()
    connection.close()


def put_account(directory: DataDirectory, keyring: Keyring) -> None:
    """What the first start of version 2 made."""
    insert(
        directory.vault_database, "workspaces", workspace_id="w", user_id="u", name="n", tier="enterprise",
        is_entitled=1, is_enforced=0, ineligible="refuse", is_restricted=0, restriction_reason="",
        restricted_since_unix=0, notified_at_unix=0, is_hipaa=0, conversation_rows="keep_redacted",
        policy_version=1, created_unix=1, character_limit=10**12,
    )  # fmt: skip
    insert(
        directory.vault_database, "service_accounts", service_account_id="s", workspace_id="w", name="owner",
        created_unix=1,
    )  # fmt: skip
    insert(
        directory.vault_database, "api_keys", key_id="k", workspace_id="w", service_account_id="s", name="owner",
        hint=KEY[-4:], digest=keyring.digest(KEY), created_unix=1, is_disabled=0, retention="default",
    )  # fmt: skip
    for name, value in (("first_key_digest", keyring.digest(KEY).hex()), ("first_key_hint", KEY[-4:])):
        insert(directory.vault_database, "facts", name=name, value=value)
    wrapped = keyring.new_workspace_key("w")
    insert(directory.keys_database, "workspace_keys", workspace_id="w", wrapped=wrapped)


def put_item(directory: DataDirectory, keyring: Keyring) -> None:
    """An item as version 2 sealed it: its head ends with the dialogue, its audio is one object."""
    sealer = ItemSealer.new(ITEM_ID)
    wrapped = keyring.wrap_item_key("w", ITEM_ID, sealer.key)
    insert(directory.keys_database, "item_keys", item_id=ITEM_ID, workspace_id="w", wrapped=wrapped)
    head = msgspec.msgpack.encode(["Said before.", {"stability": 0.5}, 7, "en", None, None, 5, 1, []])
    insert(
        directory.vault_database, "history_items", item_id=ITEM_ID, workspace_id="w", request_id="r", created_ms=1,
        voice_id="v", voice_name="V", model_id="eleven_v3", source="TTS", output_format="mp3_44100_128",
        character_count_from=0, character_count_to=12, audio_bytes=5, segment_count=1,
        sealed_head=sealer.seal(head, "head", 0),
    )  # fmt: skip
    folder = directory.objects / ITEM_ID[:2] / ITEM_ID
    folder.mkdir(parents=True)
    (folder / "000000").write_bytes(sealer.seal(b"audio", "audio", 0))


async def test_a_directory_of_the_second_version_opens_with_its_items(
    tmp_path: Path, clock: TurnedClock, journal: MemoryJournal
) -> None:
    directory = DataDirectory(tmp_path / "data")
    directory.make()
    keyring = Keyring.open(directory)
    bring_up_to_date(directory, MemoryJournal(), earlier_steps(tmp_path))
    assert directory.version() == 2
    assert not TABLES & tables(directory.vault_database)
    put_account(directory, keyring)
    put_item(directory, keyring)
    config = config_for(directory.root)
    async with open_vault(config, clock, journal) as vault, GatewayDouble.connected(vault) as gateway:
        assert directory.version() == VERSION
        assert tables(directory.vault_database) >= TABLES
        view = await gateway.question("GET /v1/history/{item}", GetHistoryItem(ITEM_ID), HistoryItemView)
        assert (view.text, view.audio_bytes, view.input_audio_bytes) == ("Said before.", 5, 0)
        granted = await gateway.open("GET /v1/history/{item}/audio", voice_id="")
        assert await gateway.audio(granted, ITEM_ID) == b"audio"


def test_the_head_of_an_older_item_has_neither_recording_nor_transcript() -> None:
    head = msgspec.msgpack.decode(msgspec.msgpack.encode(["t", {}, None, None, None, None, 5, 1]), type=ItemHead)
    assert (head.input_bytes, head.input_media_type, head.transcript_bytes, head.dialogue) == (0, "", 0, [])
