"""Deleting and coming back: what is deleted is gone from every file, and no restored backup brings it back.

One server that takes backups. An item and an account are deleted and looked for: their texts, their ciphertext,
their keys; a backup that was taken before, during zero-retention traffic, is opened, searched and
restored.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pyrage

from echoless.audit.canary import Canary
from echoless.audit.client import Answer, AuditClient
from echoless.audit.lab_server import Lab, LabServer, named, until
from echoless.audit.plantings.places import switch_of
from echoless.audit.plantings.text_to_speech import MODEL, SPEECH
from echoless.audit.sealed_places import (
    FORMS,
    ItemIds,
    SealedItem,
    object_files,
    opened_archives,
    places_of_items,
    sealed_item,
)
from echoless.audit.search.disk_scan import scan_files
from echoless.audit.search.finder import Finder, mask
from echoless.audit.search.needles import Needle, audio_needles
from echoless.core.errors import EcholessError, ErrorCode
from echoless.crossing.account_records import (
    Census,
    CertificateKeyView,
    CertificateView,
    DeleteWorkspace,
    DeletionView,
    FindDeletion,
    GetCertificate,
    GetCertificateKey,
    TakeCensus,
)
from echoless.crossing.answers import told
from echoless.crossing.backup_records import AskBackup, BackupState, RunBackup
from echoless.crossing.operator_records import (
    CreateWorkspace,
    KeptFound,
    ListWorkspaces,
    SearchKept,
    WorkspaceCreated,
    WorkspaceList,
)
from echoless.receipts.certificate import verify_certificate

_TEXT_CHARACTERS: Final = 400
_FORMAT: Final = "pcm_22050"
_GONE_WITHIN_S: Final = 20.0
_BACKED_UP_WITHIN_S: Final = 60.0
_TRAFFIC_MIN: Final = 5
_GOOD: Final = 200
_UNKNOWN: Final = 404
_NOBODY: Final = 401


@dataclass(frozen=True, slots=True)
class KeptItem:
    """A kept item: what was said, what came of it, and how it lies there."""

    canary: Canary = field(repr=False)
    audio: bytes = field(repr=False)
    sealed: SealedItem


@dataclass(frozen=True, slots=True)
class _Account:
    workspace_id: str
    key: str = field(repr=False)
    kept: KeptItem


def check_forgetting(lab: Lab) -> None:
    """Delete an item and an account, with a backup from before; restore it; look for them after each step."""
    identity = pyrage.x25519.Identity.generate()
    identity_path = lab.place / "backup-identity"
    identity_path.write_text(f"{identity}\n", encoding="ascii")
    settings = {
        "ECHOLESS_BACKUP_RECIPIENTS": str(identity.to_public()), "ECHOLESS_BACKUP_INTERVAL_HOURS": "0",
        "ECHOLESS_BACKUP_SHRED": "immediate",
    }  # fmt: skip
    with lab.server("forgetting", settings=settings) as server:
        staying, doomed = make_kept(server, "staying"), make_kept(server, "doomed")
        account = _account(server)
        zeros = _backup_during_traffic(server)
        server.watch_new()
        _check_archives(server, str(identity), staying, zeros)
        _check_item_deleted(server, staying, doomed)
        _check_account_deleted(server, account)
        server.search("after deleting", "C50", "C54")
        server.stop()
        _restore(server, identity_path)
        server.start()
        _check_restored(server, staying, doomed, account, zeros)
        server.search("after restoring", "C23", "C52")
        if not lab.options.is_quick:
            _check_no_days(server, staying)


# --- making what is to be deleted ---


def _speak(client: AuditClient, canary: Canary) -> Answer:
    path = f"{SPEECH}?output_format={_FORMAT}{switch_of(canary.is_kept)}"
    answer = client.request("POST", path, {"text": canary.text, "model_id": MODEL})
    if answer.status != _GOOD:
        raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"the laboratory's server answers {answer.status}")
    return answer


def make_kept(server: LabServer, name: str, account: WorkspaceCreated | None = None) -> KeptItem:
    """Make a kept item, and note what is new on the disk as its own.

    account: whose; the first workspace's unless told
    raises:  EcholessError(ENGINE_UNAVAILABLE) when it is not made
    """
    before = object_files(server.data_directory)
    canary = server.lab.mint.plain(f"kept/{name}/text", _TEXT_CHARACTERS, is_kept=True)
    key = account.secret if account is not None else server.running.api_key
    with AuditClient(server.running.url, key) as client:
        answer = _speak(client, canary)
    workspace_id = account.workspace_id if account is not None else _first_workspace(server)
    ids = ItemIds(answer.headers["history-item-id"], workspace_id, answer.headers["request-id"])
    objects = object_files(server.data_directory) - before
    sealed = sealed_item(server.data_directory, canary.name, ids, _FORMAT, objects)
    return KeptItem(canary, answer.body, sealed)


def _first_workspace(server: LabServer) -> str:
    found = told(server.ask(ListWorkspaces()), WorkspaceList)
    return found.workspaces[0].workspace_id


def _account(server: LabServer) -> _Account:
    made = told(server.ask(CreateWorkspace("doomed", "enterprise", True)), WorkspaceCreated)
    return _Account(made.workspace_id, made.secret, make_kept(server, "account", made))


# --- the backup ---


def back_up(server: LabServer) -> BackupState:
    """Take a backup and wait for it.

    returns: where backups stand then; it tells of a failure
    """
    before = _backups(server)
    server.ask(RunBackup())
    until(lambda: _is_backed_up(server, before), _BACKED_UP_WITHIN_S)
    return _backups(server)


def _backup_during_traffic(server: LabServer) -> list[Needle]:
    """Take a backup while zero-retention requests run; return needles for all that was said and heard."""
    with _traffic(server) as zeros:
        state = back_up(server)
    is_done = state.count > 0 and not state.is_busy and not state.failure
    count = len({needle.owner for needle in zeros})
    server.lab.report.check(
        "backup: taken during zero-retention traffic", is_done and count >= _TRAFFIC_MIN,
        f"{state.last_bytes} bytes, {count} requests meanwhile", "C23",
    )  # fmt: skip
    return zeros


@contextmanager
def _traffic(server: LabServer) -> Iterator[list[Needle]]:
    needles: list[Needle] = []
    is_over = threading.Event()

    def speak_on() -> None:
        count = 0
        with server.client() as client:
            while not is_over.is_set() or count < _TRAFFIC_MIN:
                canary = server.lab.mint.plain(f"zero/beside a backup {count}", _TEXT_CHARACTERS, is_kept=False)
                needles.extend(audio_needles(_speak(client, canary).body, f"{canary.name}/audio", _FORMAT))
                count += 1

    traffic = threading.Thread(target=speak_on, daemon=True)
    traffic.start()
    try:
        yield needles
    finally:
        is_over.set()
        traffic.join(_BACKED_UP_WITHIN_S)


def _backups(server: LabServer) -> BackupState:
    return told(server.ask(AskBackup()), BackupState)


def _is_backed_up(server: LabServer, before: BackupState) -> bool:
    state = _backups(server)
    return not state.is_busy and state.run_count > before.run_count


def _archives(server: LabServer) -> tuple[Path, Path]:
    """Return the newest archive of keys and that of the vault."""
    (keys, *_) = sorted(server.folder.glob("data-backup-keys/*.keys.age"), reverse=True)
    (vault, *_) = sorted(server.folder.glob("data-backups/*.vault.age"), reverse=True)
    return keys, vault


def _check_archives(server: LabServer, identity: str, staying: KeptItem, zeros: Sequence[Needle]) -> None:
    """Open the backup with the operator's key and search every byte of it."""
    files = opened_archives(*_archives(server), identity)
    needles = [*server.needles, *zeros]
    finder = Finder(needles)
    found = {hit.owner for data in files.values() for _, hit in finder.find(mask(data), len(data))}
    has_item = any(staying.sealed.item_id.encode() in data for data in files.values())
    size = sum(map(len, files.values()))
    server.lab.report.check(
        "backup: opened, and nothing said is in the clear", not found,
        f"{len(files)} files, {size} bytes, {len(needles)} needles" + named(sorted(found)), "C23",
    )  # fmt: skip
    server.lab.report.check(
        "control: the backup has what was kept", has_item, "the id of a kept item is in the opened archive", "C23"
    )


# --- deleting ---


def said_by(answer: Answer) -> tuple[int, object]:
    """Return what an error says, but for the id of the request that it is the answer to."""
    detail = dict(json.loads(answer.body)["detail"])
    detail.pop("request_id", None)
    return answer.status, detail


def _left(server: LabServer, sealed: SealedItem) -> set[str]:
    """Return in which forms anything of an item lies in the files of items."""
    return {hit.kind for hit in scan_files(places_of_items(server.data_directory), sealed.needles).hits}


def _count_of(server: LabServer, canary: Canary) -> int:
    """Return how many kept items hold a text, as the vault finds by opening them."""
    found = told(server.ask(SearchKept(canary.words[0])), KeptFound)
    return found.item_count


def _check_item_deleted(server: LabServer, staying: KeptItem, doomed: KeptItem) -> None:
    report = server.lab.report
    forms = _left(server, doomed.sealed)
    is_there = forms == FORMS and _count_of(server, doomed.canary) == 1
    report.check(
        "control: an item is found before it is deleted", is_there,
        f"found: {', '.join(sorted(forms)) or 'nothing'}", "C50", "C51",
    )  # fmt: skip
    path = f"/v1/history/{quote(doomed.sealed.item_id)}"
    with server.client() as client:
        status = client.request("DELETE", path).status
        gone, unknown = client.request("GET", path), client.request("GET", f"/v1/history/{'x' * 20}")
        is_audio_gone = client.request("GET", f"{path}/audio").status == _UNKNOWN
    is_alike = gone.status == _UNKNOWN and said_by(gone) == said_by(unknown)
    report.check(
        "deletion: an item answers as one that never was", status == _GOOD and is_alike and is_audio_gone,
        f"status {status}, then {gone.status}", "C50",
    )  # fmt: skip
    is_gone = until(lambda: not _left(server, doomed.sealed), _GONE_WITHIN_S)
    counts = _count_of(server, doomed.canary), _count_of(server, staying.canary)
    report.check(
        "deletion: key, ciphertext and row of an item are in no file", is_gone and counts == (0, 1),
        f"left: {', '.join(sorted(_left(server, doomed.sealed))) or 'nothing'}; opened by the vault: "
        f"{counts[0]} of it, {counts[1]} of another", "C50", "C51",
    )  # fmt: skip


def _check_account_deleted(server: LabServer, account: _Account) -> None:
    report = server.lab.report
    before = _census(server, account)
    deletion = told(server.ask(DeleteWorkspace(account.workspace_id)), DeletionView)
    is_done = until(lambda: _is_deleted(server, deletion.deletion_id), _GONE_WITHIN_S)
    after = _census(server, account)
    certificate, key = server.ask(GetCertificate(deletion.deletion_id)), server.ask(GetCertificateKey())
    is_certified = isinstance(certificate, CertificateView) and isinstance(key, CertificateKeyView)
    if is_certified:
        assert isinstance(certificate, CertificateView)
        assert isinstance(key, CertificateKeyView)
        stated = verify_certificate(certificate.certificate, key.members)
        is_certified = stated["workspace_id"] == account.workspace_id
    with AuditClient(server.running.url, account.key) as client:
        status = client.request("GET", "/v1/history").status
    left = _left(server, account.kept.sealed)
    is_empty = not sum(after.rows.values()) and not after.orphan_count
    report.check(
        "deletion: an account leaves nothing", is_done and is_empty and not left and status == _NOBODY,
        f"{sum(before.rows.values())} rows before, {sum(after.rows.values())} after, in "
        f"{len(after.rows)} stores; left in files: {', '.join(sorted(left)) or 'nothing'}; its key: {status}",
        "C54", "C56",
    )  # fmt: skip
    report.check(
        "deletion: its certificate holds", is_certified and sum(before.rows.values()) > 0,
        "checked with the public key", "C54",
    )  # fmt: skip


def _census(server: LabServer, account: _Account) -> Census:
    return told(server.ask(TakeCensus(account.workspace_id)), Census)


def _is_deleted(server: LabServer, deletion_id: str) -> bool:
    found = server.ask(FindDeletion(deletion_id))
    return isinstance(found, DeletionView) and found.state == "done"


# --- coming back ---


def _restore(server: LabServer, identity_path: Path) -> None:
    """Restore by the command that an operator uses."""
    status = server.command(
        "backup", "restore", "--identity", str(identity_path), "--replace", "--data", str(server.data_directory)
    )
    server.is_restored = status == 0
    server.lab.report.check("restore: an older backup is restored", server.is_restored, f"status {status}", "C52")


def _check_restored(
    server: LabServer, staying: KeptItem, doomed: KeptItem, account: _Account, zeros: Sequence[Needle]
) -> None:
    report = server.lab.report
    with server.client() as client:
        path = f"/v1/history/{quote(staying.sealed.item_id)}"
        row, sound = client.request("GET", path), client.request("GET", f"{path}/audio")
        text = json.loads(row.body)["text"] if row.status == _GOOD else ""
        status = client.request("GET", f"/v1/history/{quote(doomed.sealed.item_id)}").status
    is_back = text == staying.canary.text and sound.body == staying.audio
    report.check("control: what was kept comes back", is_back, f"status {row.status}, its audio is equal", "C52")
    time.sleep(server.lab.options.scrub_deadline_s)
    left = _left(server, doomed.sealed) | _left(server, account.kept.sealed)
    counts = _count_of(server, doomed.canary), _count_of(server, account.kept.canary)
    report.check(
        "restore: what was deleted since does not come back",
        status == _UNKNOWN and not left and counts == (0, 0) and not sum(_census(server, account).rows.values()),
        f"the item: {status}, opened by the vault: {sum(counts)}, left in files: "
        f"{', '.join(sorted(left)) or 'nothing'}", "C52", "C54",
    )  # fmt: skip
    heard = {hit.owner for hit in scan_files(places_of_items(server.data_directory), zeros).hits}
    report.check(
        "restore: nothing of zero retention comes back", not heard and bool(zeros),
        f"{len(zeros)} windows of audio" + named(sorted(heard)), "C52", "C23",
    )  # fmt: skip


def _check_no_days(server: LabServer, staying: KeptItem) -> None:
    """Start with a life of no days: what is kept goes at once, however long it was to stay."""
    server.stop()
    server.settings["ECHOLESS_HISTORY_DAYS"] = "0"
    before = _left(server, staying.sealed)
    server.start()
    is_gone = until(lambda: not _left(server, staying.sealed), _GONE_WITHIN_S)
    path = f"/v1/history/{quote(staying.sealed.item_id)}"
    with server.client() as client:
        status = client.request("GET", path).status
    server.lab.report.check(
        "deletion: a life of no days ends at once", is_gone and before == FORMS and status == _UNKNOWN,
        f"before: {', '.join(sorted(before))}; after: {status}", "C55",
    )  # fmt: skip
