"""The vault: the only process with a disk. Here its parts are put together; nothing else wires.

A frame goes to the intake first, which refuses content from the header; what is left are questions. Gateways speak
over inherited links, the operator over a Unix socket that only the server's own user may open.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import struct
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Final

from echoless.core.clock import Clock
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.journal import Event, Journal, where
from echoless.crossing.account_records import (
    UNTICKETED_ACCOUNT_RECORDS,
    DeleteWorkspace,
    GetCertificate,
    GetCertificateKey,
)
from echoless.crossing.control import (
    VaultConfig,
)
from echoless.crossing.courier_client import CourierLink
from echoless.crossing.dialogue_records import ResolveVoices
from echoless.crossing.dictionary_records import DICTIONARY_QUESTIONS, UseDictionary
from echoless.crossing.link import Link
from echoless.crossing.member_records import UNTICKETED_RECORDS
from echoless.crossing.moderation_records import MODERATION_RECORDS
from echoless.crossing.operations_records import UNTICKETED_OPERATIONS_RECORDS
from echoless.crossing.operator_records import OPERATOR_RECORDS
from echoless.crossing.proof_records import UNTICKETED_LOG_RECORDS
from echoless.crossing.query_records import QUERY_RECORDS, CheckRequestIds
from echoless.crossing.receipt_records import UNTICKETED_PROOF_RECORDS, NoteScrubbed
from echoless.crossing.records import Cancel, Credit, Record, RecordRegistry, Refused, core_registry
from echoless.crossing.socket_records import SOCKET_RECORDS
from echoless.crossing.webhook_records import NoteDelivery, UseWebhooks
from echoless.crossing.wire import Frame
from echoless.receipts.certificate import CertificateSigner
from echoless.vault.backups.desk import BackupDesk
from echoless.vault.backups.schedule import open_backups
from echoless.vault.erasure.sweep import sweep
from echoless.vault.intake.desk import UNKNOWN_TICKET
from echoless.vault.intake.granting import HostStanding
from echoless.vault.intake.tickets import Ticket
from echoless.vault.notices.outbox import Outbox
from echoless.vault.queries.administration import Administration
from echoless.vault.queries.audio import STREAMED_QUESTIONS, StreamedQuestion, StreamedRead
from echoless.vault.queries.desk import QueryDesk
from echoless.vault.queries.dictionaries import DictionaryQueries
from echoless.vault.queries.keys import KeyQueries
from echoless.vault.queries.operator import OperatorDesk
from echoless.vault.queries.reading import HistoryQueries, NumberQueries, VoiceQueries
from echoless.vault.queries.transcripts import TranscriptQueries
from echoless.vault.queries.webhooks import WebhookQueries
from echoless.vault.service.admitting import Admitting
from echoless.vault.service.ending import Ending
from echoless.vault.service.erasing import Erasing
from echoless.vault.service.ground import Ground
from echoless.vault.service.overview import Overview
from echoless.vault.service.people import PeopleDesk
from echoless.vault.service.proving import Proving
from echoless.vault.service.ruling import Ruling
from echoless.vault.service.telling import Telling
from echoless.vault.service.walls import Walls
from echoless.vault.service.watching import Watch
from echoless.vault.stores.accounts import ENTERPRISE, ApiKey, Caller
from echoless.vault.stores.recent import LIFE_MS, RecentRequests
from echoless.vault.stores.storage import Storage
from echoless.vault.stores.writing import Write

_QUESTIONS_MAX: Final = 1000
_KEY_FORM: Final = re.compile(r"[A-Za-z0-9_.:/+-]{16,64}")
_PEER_CREDENTIALS: Final = struct.Struct("3i")
_BUSY: Final = Refused(
    code=ErrorCode.CONCURRENT_LIMIT_EXCEEDED.value, message="Too many questions at once.", retry_after_s=1
)
_FAILED: Final = Refused(code=ErrorCode.INTERNAL_ERROR.value, message="The vault could not answer.")


@dataclass(frozen=True, slots=True)
class FirstKey:
    """The key that the first start made.

    secret: empty at every later start, and where the operator gave it
    """

    secret: str
    hint: str


class Vault:
    """An open vault. Give it links, or operator's records; close it to write what is left."""

    def __init__(
        self, storage: Storage, config: VaultConfig, clock: Clock, journal: Journal, ground: Ground
    ) -> None:
        self._journal = journal
        self._storage = storage
        self._config = config
        self._clock = clock
        self._registry = core_registry(QUERY_RECORDS, SOCKET_RECORDS, MODERATION_RECORDS)
        self._links: set[Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.first_key = FirstKey("", "")
        self._reads: dict[tuple[Link, int], tuple[StreamedRead, asyncio.Task[None]]] = {}
        self.host = HostStanding(config.assurance)
        self.walls = Walls(config.assurance, clock, ground.host, ground.signing_key_facts())
        self.proving = Proving(storage, self.walls, clock, journal, log_origin=config.log_origin, safe=ground.safe)
        self.recent = RecentRequests(clock)
        self.administration = Administration(storage, clock, self.proving.entering.wake)
        self.erasing = Erasing.of(
            storage, config, clock, journal, recent=self.recent, change=self.administration.change_workspace
        )
        self.jobs, self.schedule, self.eraser = self.erasing.jobs, self.erasing.schedule, self.erasing.eraser
        self.bulk_eraser, self.log_book = self.erasing.bulk, self.erasing.book
        storage.accounts.when_key_ends = self._keep_end
        self._webhooks = WebhookQueries(storage, clock, self.eraser.delete_webhook)
        self.telling = Telling.of(
            storage, config, clock, journal, hooks=self._webhooks, change=self.administration.change_workspace
        )
        admitting = Admitting.of(
            storage, config, clock, journal, host=self.host, recent=self.recent, log_book=self.log_book,
            moderating=self.telling.moderating, receipting=self.proving.receipting,
        )  # fmt: skip
        self.intake = admitting.intake
        self._people = PeopleDesk(
            storage, clock, journal, eraser=self.eraser, outbox=self.outbox, courier=self.courier,
            session_hours=config.session_hours,
        )  # fmt: skip
        self.identity = self._people.identity
        ruling = Ruling.of(
            config, clock, administration=self.administration, outbox=self.outbox, schedule=self.schedule,
            foresee=admitting.gatekeeper.foresee,
        )  # fmt: skip
        self._ending = Ending(
            storage, config, clock, journal, jobs=self.jobs, administration=self.administration,
            identity=self.identity, telling=self.telling, intake=self.intake, tokens=admitting.tokens,
            receipting=self.proving.receipting, recent=self.recent, entering=self.proving.entering,
            signer=CertificateSigner(self.proving.keys.certificates),
        )  # fmt: skip
        self.account_eraser = self._ending.eraser
        self.backups = open_backups(storage, config.backups, clock, journal)
        self._backup_desk = BackupDesk(self.backups)
        self.overview = Overview(
            intake=self.intake, proving=self.proving, walls=self.walls, host=self.host, clock=clock
        )
        self.watch = Watch(
            intake=self.intake, writer=storage.writer, host=self.host, schedule=self.schedule, jobs=self.jobs,
            outbox=self.outbox, clock=clock, overview=self.overview,
        )  # fmt: skip
        self.watch.backups = self.backups
        self._queries = self._open_queries(admitting, ruling)
        self._operator = self._open_operator(ruling)

    def _open_queries(self, admitting: Admitting, ruling: Ruling) -> QueryDesk:
        storage, clock = self._storage, self._clock
        desk = QueryDesk(
            storage.accounts,
            logs=self.erasing.logs,
            deletions=self.erasing.deletions,
            mint_token=admitting.tokens.mint,
            history=HistoryQueries(storage, self.recent, clock, self.eraser.delete_item),
            voices=VoiceQueries(admitting.voices, self.administration),
            numbers=NumberQueries(storage),
            keys=KeyQueries(self.administration),
            dictionaries=DictionaryQueries(storage, clock),
            transcripts=TranscriptQueries(self.eraser.delete_transcript),
            webhooks=self._webhooks,
            policy=ruling.queries,
            notices=self.telling.notices,
            receipts=self.proving.queries,
        )
        desk.add({**self._ending.questions(), **self._people.questions(), **self.proving.entering.questions()})
        return desk

    def _open_operator(self, ruling: Ruling) -> OperatorDesk:
        desk = OperatorDesk(self._storage, self.administration, self._clock, self.telling.restrictions)
        parts = (self._ending, self._people, self.erasing, self.telling.notices, self._backup_desk, ruling)
        for part in (*parts, self.proving.audits, self.proving, self.overview):
            desk.add(part.acts())
        return desk

    # --- what the process around it calls ---

    @property
    def outbox(self) -> Outbox:
        """Where notices are posted."""
        return self.telling.outbox

    @property
    def courier(self) -> CourierLink:
        """The link to whoever carries them out."""
        return self.telling.courier

    async def open(self) -> None:
        """Finish what a crash left, and make the first workspace where there is none; `first_key` says which.

        raises: EcholessError(CONFIGURATION) where another first key is configured than the one that was made
        """
        await sweep(self._storage, self._journal)
        await self.proving.open()
        if self.backups is not None:
            await self.backups.open()
        await self.erasing.load()
        await self._ending.open()
        since_ms = self._clock.unix_ms() - LIFE_MS
        for found in await self._storage.read(lambda reader: reader.recent_request_ids(since_ms)):
            self.recent.add(*found)
        await self._webhooks.load()
        await self.telling.load()
        await self.identity.load()
        self.first_key = await self._bootstrap()

    async def operate(self, record: Record) -> Record:
        """Answer a record of the operator."""
        return await self._operator.serve(record)

    async def operate_alone(self, record: Record) -> Record:
        """Answer a record of the operator where no server runs: what it begins is done before this returns."""
        answer = await self.operate(record)
        if isinstance(record, DeleteWorkspace):
            await self.jobs.run_due()
        await self._backup_desk.finish()
        return answer

    async def add_gateway(self, end: socket.socket) -> Link:
        """Serve a gateway over one end of a socketpair."""
        link = await Link.open(end, self._registry, on_frame=self._on_frame, on_closed=self._on_closed)
        self._links.add(link)
        return link

    async def add_operator(self, connection: socket.socket) -> None:
        """Serve an operator who connected, if it is the server's own user or root."""
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER_CREDENTIALS.size)
        _pid, uid, _gid = _PEER_CREDENTIALS.unpack(credentials)
        if uid not in {0, os.getuid()}:
            connection.close()
            return
        registry = RecordRegistry(OPERATOR_RECORDS)
        self._links.add(
            await Link.open(connection, registry, on_frame=self._on_operator_frame, on_closed=self._links.discard)
        )

    def run_schedule(self) -> None:
        """Run the jobs from now on: what time takes away, every hour, and all others."""
        self._spawn(self.jobs.run_for_ever())
        if self.backups is not None:
            self._spawn(self.backups.run_for_ever())
        self._spawn(self.outbox.run_for_ever())
        self._spawn(self.proving.receipting.run_for_ever())
        self._spawn(self.proving.entering.run_for_ever())
        self._spawn(self._people.tidy_for_ever())

    async def close(self) -> None:
        """Cut the links, commit what is to be committed, close the stores."""
        if self.backups is not None:
            await self.backups.stop()
        await self.intake.drain()
        await self.telling.moderating.drain()
        for cut in (Link.close, Link.abort):
            for link in tuple(self._links):
                cut(link)
            # One turn of the loop tells the links' own handlers, which end what those links had open.
            await asyncio.sleep(0)
        self.courier.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.intake.drain()
        await self.proving.close()
        await self.identity.close()
        await self._storage.close()
        self.proving.keys.safe.close()

    # --- frames ---

    def _on_frame(self, link: Link, frame: Frame) -> None:
        """Serve one frame of a gateway; what is raised here cuts its link."""
        read = self._reads.get((link, frame.header.correlation))
        if read is not None and frame.header.kind in {Credit.KIND, Cancel.KIND}:
            self._steer(read, link.registry.decode(frame))
            return
        try:
            record = self.intake.receive(link, frame)
        except EcholessError as error:
            self._journal.say(Event.FRAME_REFUSED, kind=frame.header.kind, code=error.code.value)
            raise
        if record is not None and not isinstance(record, Credit):
            self._ask(link, frame, record)

    def _steer(self, read: tuple[StreamedRead, asyncio.Task[None]], record: Record) -> None:
        if isinstance(record, Credit):
            read[0].credit(record.taken_bytes)
        else:
            read[1].cancel()

    def _ask(self, link: Link, frame: Frame, record: Record) -> None:
        """Begin to answer a question, if this ticket may ask it."""
        correlation = frame.header.correlation
        if self._takes_unticketed(link, correlation, record):
            return
        if not self._queries.knows(record):
            raise EcholessError(ErrorCode.CROSSING_BROKEN, f"kind {frame.header.kind} is no question of a gateway")
        ticket = self.intake.tickets.find(link, frame.header.ticket)
        refusal: Refused | None = None
        if ticket is None or not _may_ask(ticket, record):
            refusal = UNKNOWN_TICKET
        elif len(self._tasks) >= _QUESTIONS_MAX:
            refusal = _BUSY
        else:
            refusal = self._queries.may_ask(ticket.endpoint, ticket.caller, record)
        if refusal is not None or ticket is None:
            link.post(refusal or UNKNOWN_TICKET, correlation=correlation)
        elif isinstance(record, STREAMED_QUESTIONS):
            self._begin_read(link, correlation, ticket.caller, record)
        else:
            self._spawn(self._answer(link, correlation, self._queries.answer(ticket.caller, record)))

    def _takes_unticketed(self, link: Link, correlation: int, record: Record) -> bool:
        """Begin to answer what needs no ticket; say whether this was such."""
        if isinstance(record, UNTICKETED_OPERATIONS_RECORDS):
            link.post(self.watch.answer(record), correlation=correlation)
        elif isinstance(record, UNTICKETED_ACCOUNT_RECORDS):
            self._spawn(self._guard(self._show_certificate(link, correlation, record), link, correlation))
        elif isinstance(record, UNTICKETED_PROOF_RECORDS):
            link.post(self.proving.queries.public(record), correlation=correlation)
        elif isinstance(record, UNTICKETED_LOG_RECORDS):
            link.post(self.proving.entering.queries.public(record), correlation=correlation)
        elif isinstance(record, NoteScrubbed):
            self.proving.receipting.scrubbed(link)
        elif isinstance(record, NoteDelivery):
            self._spawn(self._guard(self._webhooks.note(record), link, correlation=0))
        elif isinstance(record, UNTICKETED_RECORDS):
            self._ask_unknown(link, correlation, record)
        else:
            return False
        return True

    async def _show_certificate(
        self, link: Link, correlation: int, record: GetCertificate | GetCertificateKey
    ) -> None:
        """Show what outlives an account to whoever knows its id: nobody of the account is left to ask."""
        answer = await self._ending.desk.show(record)
        if not link.is_closed:
            link.post(answer, correlation=correlation)

    def _ask_unknown(self, link: Link, correlation: int, record: Record) -> None:
        """Begin to answer somebody who has no credential yet."""
        if len(self._tasks) >= _QUESTIONS_MAX:
            link.post(_BUSY, correlation=correlation)
        else:
            self._spawn(self._answer(link, correlation, self._people.logins.answer(record)))

    def _begin_read(self, link: Link, correlation: int, caller: Caller, record: StreamedQuestion) -> None:
        read = StreamedRead(self._storage, link, correlation)
        task = self._spawn(self._guard(read.run(caller.workspace_id, record), link, correlation))
        self._reads[link, correlation] = (read, task)
        task.add_done_callback(lambda _task: self._reads.pop((link, correlation), None))

    async def _answer(self, link: Link, correlation: int, answering: Awaitable[Record]) -> None:
        async def answer() -> None:
            found = await answering
            if not link.is_closed:
                link.post(found, correlation=correlation)

        await self._guard(answer(), link, correlation)

    def _on_operator_frame(self, link: Link, frame: Frame) -> None:
        record = link.registry.decode(frame)
        self._spawn(self._answer(link, frame.header.correlation, self.operate(record)))

    async def _guard(self, work: Coroutine[object, object, None], link: Link, correlation: int) -> None:
        """Let no mistake of ours hang whoever asked: say its type and answer that it failed."""
        try:
            await work
        except Exception as error:
            self._journal.say(Event.UNEXPECTED_ERROR, **where(type(error), error.__traceback__))
        else:
            return
        if correlation and not link.is_closed:
            link.post(_FAILED, correlation=correlation)

    def _on_closed(self, link: Link) -> None:
        self._links.discard(link)
        for (of_link, _), (_, task) in tuple(self._reads.items()):
            if of_link is link:
                task.cancel()
        self.intake.link_closed(link)
        self.proving.receipting.link_closed(link)

    # --- inner ---

    def _keep_end(self, key: ApiKey) -> None:
        row = {"of_key": key.key_id, "at_unix": key.expires_unix, "seen_unix": key.ended_unix}
        self._storage.writer.later(Write.KEY_ENDED, row)

    def _spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _bootstrap(self) -> FirstKey:
        wanted = self._config.bootstrap_api_key
        if wanted and _KEY_FORM.fullmatch(wanted) is None:
            raise EcholessError(
                ErrorCode.CONFIGURATION, "the first API key needs 16 to 64 letters, digits or characters of _.:/+-"
            )
        stored = self._storage.first_key_digest
        if stored is not None:
            if wanted and self._storage.keyring.digest(wanted).hex() != stored:
                raise EcholessError(
                    ErrorCode.CONFIGURATION,
                    "the first API key (ECHOLESS_API_KEY or api_key_file) is not the one that this data directory "
                    "was made with: "
                    "remove it, or give the old one; further keys are made with 'echoless key create'",
                )
            return FirstKey("", self._storage.first_key_hint or "")
        return await self._make_first(wanted)

    async def _make_first(self, wanted: str) -> FirstKey:
        secret = wanted or None
        workspace, key, made = await self.administration.create_first_workspace(secret)
        assert workspace.tier == ENTERPRISE, "the first workspace is an enterprise one"
        return FirstKey("" if wanted else made, key.hint)


def _may_ask(ticket: Ticket, record: Record) -> bool:
    if isinstance(record, CheckRequestIds):
        return ticket.may_continue_others
    # Those of dictionaries, dialogues and webhooks are bound to their endpoints alone, some of which generate.
    is_bound = isinstance(record, (ResolveVoices, UseDictionary, UseWebhooks, *DICTIONARY_QUESTIONS))
    return is_bound or ticket.may_ask_questions
