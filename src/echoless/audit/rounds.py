"""The rounds of an audit: plant everything, wait as long as scrubbing may take, search memory; then once more.

The order matters: every canary is searched for before it is planted; each round ends with a search of all memory
while the client's connection is still open; the second round repeats the first, so that its audio is known to
have been absent before; between them a request is held open, whose content must be found, or the search itself is
broken. A quick audit has one round, and looks for nothing beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from echoless.audit.answers import AnswerWatch
from echoless.audit.cleaning import clean_history
from echoless.audit.client import AuditClient
from echoless.audit.continuity import check_continuity
from echoless.audit.controls import control_in_flight
from echoless.audit.groundwork import Groundwork, clear_groundwork, lay_groundwork
from echoless.audit.kept import check_kept
from echoless.audit.looking import Files, look_into_memory, view_of
from echoless.audit.options import Scene
from echoless.audit.planting import KEPT, Planting
from echoless.audit.plantings.catalogue import PRODUCTS, all_plantings, has_sounds, quick_plantings, sent_by
from echoless.audit.reports.planted import planted_places
from echoless.audit.reports.report import View
from echoless.audit.search.needles import (
    Needle,
    audio_needles,
    base64_audio_needles,
    text_needles,
    without_common,
)
from echoless.audit.search.sound_needles import made_sample_needles, sound_needles
from echoless.audit.sending import Planted, Spoken, plant
from echoless.audit.soak import soak
from echoless.audit.transcripts import heard, said
from echoless.core.processes import ProcessIdentity

_HELD_CHARACTERS = 20_000


class Rounds:
    """The rounds on one server; made before anything is planted."""

    def __init__(self, scene: Scene) -> None:
        self._files = Files.before()
        options, mint = scene.options, scene.mint
        self._scene = scene
        self._report = scene.report
        self._made: list[Needle] = []
        self._sent: list[Planted] = []
        self._is_short = options.is_quick or options.is_live
        only = options.only or (PRODUCTS[:1] if options.is_quick else PRODUCTS)
        with self._client() as client:
            self._groundwork = lay_groundwork(
                client, mint, has_sounds=has_sounds(only), has_dictionary=not options.is_live
            )
            make = quick_plantings if self._is_short else all_plantings
            self._plantings = make(mint, self._groundwork, only=only)
        sounds = self._groundwork.sounds.sounds
        self._recorded = [
            needle for sound in sounds if not sound.is_kept for needle in sound_needles(sound, sounds)
        ]
        self._recorded += text_needles(said(sound) for sound in sounds)
        self._kept_sounds = [needle for sound in sounds if sound.is_kept for needle in sound_needles(sound, sounds)]
        self._kept = frozenset(canary.name for canary in mint.where(is_kept=True))
        self._kept |= {said(sound).name for sound in sounds if sound.is_kept}

    @property
    def groundwork(self) -> Groundwork:
        """What plantings refer to."""
        return self._groundwork

    def scene(self) -> Scene:
        """Return the scene with everything that has been planted and made by now."""
        needles = (*self._texts(), *self._kept_sounds, *self._made)
        return replace(self._scene, needles=needles, kept=self._kept)

    def run(self) -> None:
        """Plant, search, and check what is kept; leaves the groundwork for who comes after."""
        options, scene, report = self._scene.options, self._scene, self._report
        family = () if scene.server.is_remote else scene.family()
        report.view = View.NONE if scene.server.is_remote else view_of(scene, self._texts())
        report.planted += planted_places(scene.mint.canaries, self._groundwork.sounds.sounds)
        if not self._is_short:
            self._memory("memory before", self._texts())
        with self._client() as client:
            rounds = [self._round(client, self._plantings, number=1)]
            if report.view is not View.NONE:
                held = scene.mint.plain("held open", _HELD_CHARACTERS, is_kept=False)
                control_in_flight(client, self._serving(), held, report)
            if not self._is_short:
                # The other way round: what was last in one round, and might be held until the next, is first now.
                rounds.append(self._round(client, self._plantings[::-1], number=2))
            if options.soak_count:
                self._soak(scene.family())
                self._memory("memory after the soak", text_needles(scene.mint.canaries))
            if family:
                check_continuity(family, scene.family(), scene.outputs, report)
            check_kept(
                client, scene.server, options.ask_operator, mint=scene.mint, rounds=rounds, report=report
            )  # fmt: skip

    def look_into_files(self) -> None:
        """Search files for everything; the last that an audit does, so that whatever ran before it is covered."""
        if not self._scene.server.is_remote:
            self._files.look(self.scene())

    def clear(self) -> None:
        """Put the groundwork away, and take what was kept out of a history that others use."""
        with self._client() as client:
            clear_groundwork(client, self._groundwork)
            if not self._scene.server.is_in_use:
                return
            items = set[str]().union(*(planted.items for planted in self._sent))
            transcripts = set[str]().union(*(planted.transcripts for planted in self._sent))
            cleaned = clean_history(client, items, transcripts, self._scene.mint.anchor)
        self._report.check(
            "what was kept for the audit is gone again", not cleaned.left,
            f"{cleaned.count} items and transcripts deleted, {cleaned.left} left",
        )  # fmt: skip

    def _client(self) -> AuditClient:
        server = self._scene.server
        return AuditClient(server.url, server.api_key, self._scene.options.pause_s)

    def _texts(self) -> list[Needle]:
        return text_needles(self._scene.mint.canaries) + self._recorded

    def _serving(self) -> tuple[ProcessIdentity, ...]:
        """Return where a request in flight is looked for; a quick audit looks where it must be."""
        family = self._scene.family()
        if not self._scene.options.is_quick:
            return family
        return tuple(process for process in family if process.role in {"gateway", "engine"})

    def _round(self, client: AuditClient, plantings: Sequence[Planting], *, number: int) -> Planted:
        name = f"round {number}"
        progress = self._scene.options.progress
        answers = AnswerWatch(self._scene.mint.canaries, sent_by)
        planted = Planted(hear=answers.hear)
        self._sent.append(planted)
        plant(client, plantings, lambda fraction: progress(f"{name}: planting", fraction), planted)
        self._report.request_count += planted.request_count
        self._report.check(
            f"{name}: planted as intended", not planted.unexpected,
            "; ".join(planted.unexpected) or f"{planted.request_count} requests, {len(planted.spoken)} spoken",
        )  # fmt: skip
        answers.note(self._report, f"{name}: answers")
        time.sleep(self._scene.options.scrub_deadline_s)
        self._made = made_needles(planted.spoken)
        unkept = [needle for needle in self._made if not needle.owner.startswith(KEPT)]
        self._memory(f"memory after {name}", [*self._texts(), *unkept])
        planted.close_sockets()
        return planted

    def _soak(self, family: Sequence[ProcessIdentity]) -> None:
        options, server = self._scene.options, self._scene.server
        count = options.soak_count
        result = soak(
            server.url, server.api_key, family, self._scene.mint,
            request_count=count, progress=lambda fraction: options.progress(f"{count} requests", fraction),
        )  # fmt: skip
        process, growth_mib = max(result.growth_mib.items(), key=lambda item: item[1])
        detail = f"{process} grew most, by {growth_mib:.2f} MiB over {count} requests"
        self._report.check("memory is flat", result.is_flat, detail, "C33")
        self._report.request_count += count
        time.sleep(options.scrub_deadline_s)

    def _memory(self, name: str, needles: Sequence[Needle]) -> None:
        if self._scene.server.is_remote:
            return
        look_into_memory(self._scene, name, needles, self._kept)


def made_needles(spoken: Sequence[Spoken]) -> list[Needle]:
    """Return needles for what the server made: audio as it was sent, also in base64, and transcripts.

    The same voice makes the same sound for others too: windows of audio do not tell alone.
    """
    transcribed = [(item.planting.sound, item.transcript) for item in spoken if item.transcript]
    needles = text_needles(heard(sound, transcript) for sound, transcript in transcribed if sound is not None)
    for item in spoken:
        needles += [replace(needle, tells_alone=False) for needle in _made_audio(item, spoken)]
    return needles


def _made_audio(item: Spoken, spoken: Sequence[Spoken]) -> list[Needle]:
    """Return needles for one answer's audio."""
    planting = item.planting
    name, output_format = f"{planting.name}/audio", planting.output_format
    others = [o.audio for o in spoken if o is not item and o.planting.output_format == output_format]
    needles = without_common(audio_needles(item.audio, name, output_format), others)
    if output_format.startswith("pcm_"):
        needles += made_sample_needles(item.audio, name, output_format, others)
    if planting.audio_of is not bytes:
        needles += base64_audio_needles(item.audio, name, output_format, others)
    return needles
