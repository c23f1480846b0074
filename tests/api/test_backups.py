"""Backups of a running server: taken by command while it serves, searched for what must not be there, restored."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from echoless.audit.canary import CanaryMint
from echoless.audit.search.disk_scan import scan_directory
from echoless.audit.search.needles import audio_needles, text_needles
from echoless.core.clock import SystemClock
from echoless.core.journal import MemoryJournal
from echoless.crossing.operator_records import KeptFound, SearchKept
from echoless.vault.backups.age_keys import Identity, identity_file, identity_of, new_identity, recipient_of
from echoless.vault.backups.archive import opened
from echoless.vault.backups.catalogue import BackupPlaces, stem_of
from echoless.vault.backups.reading import read_keys
from echoless.vault.service.opening import open_vault
from tests.fakes.gateway_double import config_for
from tests.fakes.running_server import TEST_KEY, RunningServer, running_server

pytestmark = pytest.mark.api
SPEECH = "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM?output_format=pcm_16000"


@dataclass(slots=True)
class Backed:
    """A server that takes backups, and who can open them."""

    server: RunningServer
    identity: Identity
    identity_path: Path
    variables: dict[str, str]

    @property
    def places(self) -> BackupPlaces:
        data = self.server.data_directory
        return BackupPlaces(Path(f"{data}-backups"), Path(f"{data}-backup-keys"))

    def command(self, *words: str, status: int = 0) -> str:
        """Run `echoless backup WORDS`."""
        command = [sys.executable, "-m", "echoless", "backup", *words, "--data", str(self.server.data_directory)]
        done = subprocess.run(command, env=self.variables, capture_output=True, timeout=60, check=False)
        assert done.returncode == status, done.stderr.decode()
        return done.stdout.decode() if status == 0 else done.stderr.decode()

    def speak(self, text: str, *, is_kept: bool) -> tuple[str, bytes]:
        """Speak; return the id of the item, if one is kept, and the audio."""
        path = SPEECH + ("" if is_kept else "&enable_logging=false")
        status, headers, audio = self.server.request("POST", path, {"text": text})
        assert status == 200, audio
        return headers.get("history-item-id", ""), audio


@pytest.fixture(scope="module")
def backed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backed]:
    """One server for both tests; the last one stops it."""
    identity, tmp_path = new_identity(), tmp_path_factory.mktemp("backed")
    path = tmp_path / "identity"
    path.write_bytes(identity_file(identity, "today"))
    settings = {"ECHOLESS_BACKUP_RECIPIENTS": str(recipient_of(identity)), "ECHOLESS_BACKUP_INTERVAL_HOURS": "0"}
    with running_server(tmp_path, "--engines", "1", "--gateways", "1", variables=settings) as server:
        yield Backed(server, identity, path, {"HOME": str(tmp_path), **settings})


def unpack(backed: Backed, into: Path) -> None:
    """Open both archives of the newest backup as the operator can, into files in clear."""
    (*_, note) = backed.places.notes()
    (into / "keys").mkdir(parents=True)

    def place(name: str) -> Path:
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    found = read_keys(backed.places, note.set_id, [backed.identity], place)
    with opened(backed.places.vault_path(stem_of(note)), [identity_of(found.sealed_set.identity)]) as (entries, _):
        for entry in entries:
            place(entry.name).write_bytes(b"".join(entry.pieces))


@pytest.mark.claim("Z26")
@pytest.mark.claim("Z9")
@pytest.mark.seed("S26")
def test_a_backup_taken_during_zero_retention_traffic_holds_none_of_it(backed: Backed, tmp_path: Path) -> None:
    """C23: opened to the last byte; texts in every form, and audio. The controls: the kept item's row is found in
    the clear, and its text where the vault itself opens what is sealed.
    """
    mint = CanaryMint(seed=23)
    kept = mint.plain("kept", 60, is_kept=True)
    item_id, _ = backed.speak(kept.text, is_kept=True)
    zeros, audios, is_over = [], list[bytes](), threading.Event()

    def speak_on() -> None:
        while not is_over.is_set() or len(zeros) < 5:
            zeros.append(mint.plain(f"zero {len(zeros)}", 200, is_kept=False))
            audios.append(backed.speak(zeros[-1].text, is_kept=False)[1])

    traffic = threading.Thread(target=speak_on)
    traffic.start()
    while len(zeros) < 3:
        is_over.wait(0.02)
    backed.command("run")
    is_over.set()
    traffic.join(60)
    unpacked = tmp_path / "unpacked"
    unpack(backed, unpacked)
    needles = text_needles(zeros)
    needles += [needle for data in audios for needle in audio_needles(data, "audio", "pcm_16000")]
    for folder in (unpacked, backed.places.archives, backed.places.keys):
        assert [(hit.kind, hit.owner, hit.path.name) for hit in scan_directory(folder, needles).hits] == []
    assert item_id.encode() in (unpacked / "vault.database").read_bytes()
    restored = tmp_path / "elsewhere" / "data"
    for folder in (backed.places.archives, backed.places.keys):
        shutil.copytree(folder, Path(f"{restored}{folder.name.removeprefix('data')}"))
    command = [sys.executable, "-m", "echoless", "backup", "restore", "--identity", str(backed.identity_path)]
    subprocess.run([*command, "--data", str(restored)], env=backed.variables, timeout=60, check=True)

    async def search(word: str) -> int:
        config = config_for(restored, bootstrap_api_key=TEST_KEY)
        async with open_vault(config, SystemClock(), MemoryJournal()) as vault:
            answer = await vault.operate(SearchKept(word))
            assert isinstance(answer, KeptFound)
            return answer.item_count

    assert asyncio.run(search(kept.words[0])) == 1
    assert asyncio.run(search(zeros[0].words[0])) == 0


@pytest.mark.claim("Z26")
def test_a_server_comes_back_from_its_backup_and_serves(backed: Backed) -> None:
    """The drill with commands alone: run, verify, delete, lose everything, restore, start."""
    kept_id, kept = backed.speak("This one is kept and comes back.", is_kept=True)
    doomed_id, _ = backed.speak("This one is deleted.", is_kept=True)
    set_id = backed.command("run").strip()
    assert set_id in backed.command("verify", "--identity", str(backed.identity_path))
    assert set_id in backed.command("list")
    assert backed.server.request("DELETE", f"/v1/history/{doomed_id}")[0] == 200
    assert "already uses" in backed.command(
        "restore", "--identity", str(backed.identity_path), "--replace", status=1
    )
    while "erasure-ledger" not in {path.name for path in backed.places.keys.iterdir()}:
        threading.Event().wait(0.05)
    while doomed_id not in backed.places.ledger.read_text():
        threading.Event().wait(0.05)
    backed.server.stop()
    shutil.rmtree(backed.server.data_directory)
    backed.command("restore", "--identity", str(backed.identity_path))
    place = backed.server.data_directory.parent
    with running_server(place, "--engines", "1", "--gateways", "1", variables=backed.variables) as server:
        assert server.request("GET", f"/v1/history/{kept_id}/audio")[::2] == (200, kept)
        assert server.request("GET", f"/v1/history/{doomed_id}")[0] == 404
        listed = json.loads(server.request("GET", "/v1/history")[2])["history"]
        listed_ids = {item["history_item_id"] for item in listed}
        assert kept_id in listed_ids
        assert doomed_id not in listed_ids
        assert server.request("POST", SPEECH, {"text": "And it goes on."})[0] == 200
