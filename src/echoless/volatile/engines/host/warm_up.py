"""One job in each codec before the sandbox closes: what loads late is loaded then, and a broken part is seen."""

from __future__ import annotations

from typing import Final

from echoless.confinement.stack import StackWiper
from echoless.core.audio_formats import AUDIO_FORMATS, DEFAULT_AUDIO_FORMAT
from echoless.core.content import AudioContent
from echoless.core.voices import DEFAULT_VOICE_ID
from echoless.crossing.dialogue_records import DialogueSpeak, DialogueTurn
from echoless.crossing.records import Normalization, Record, Speak
from echoless.volatile.engines.host.dialogue_job import DialogueJob
from echoless.volatile.engines.host.speech_job import SpeechJob, SpeechParts

_TEXT: Final = "One sentence, 1 2 3. <break time='10ms'/> And another."


class _Nowhere:
    """An outlet that drops everything."""

    def post(self, record: Record) -> None:
        """Drop a record."""

    def send_audio(self, audio: AudioContent) -> None:
        """Drop audio."""


def warm_up(parts: SpeechParts) -> None:
    """Speak, align and encode once in each codec, and level a short dialogue once.

    raises: EcholessError when the engine or a codec does not work here
    """
    formats = {audio_format.codec: audio_format for audio_format in AUDIO_FORMATS.values()}
    for audio_format in formats.values():
        for wants_alignment in (False, True):
            _run(SpeechJob(_speak(audio_format.name, wants_alignment=wants_alignment), parts, _Nowhere()))
    _run(DialogueJob(_dialogue(), parts, _Nowhere()))
    StackWiper().wipe()


def warm_up_engine(parts: SpeechParts) -> None:
    """Speak once with another engine than the embedded one; the codecs are warm by then.

    raises: EcholessError when the engine does not work here
    """
    _run(SpeechJob(_speak("pcm_16000", wants_alignment=True), parts, _Nowhere()))
    StackWiper().wipe()


def _speak(output_format: str, *, wants_alignment: bool) -> Speak:
    return Speak(
        text=_TEXT,
        catalogue_id=DEFAULT_VOICE_ID,
        language_code="",
        output_format=output_format,
        settings={},
        seed=None,
        normalization=Normalization.AUTO,
        wants_alignment=wants_alignment,
        window_bytes=1,
    )


def _dialogue() -> DialogueSpeak:
    turns = [DialogueTurn(text, DEFAULT_VOICE_ID, {}) for text in ("[softly] One.", "[whispers] Two.", "Three?")]
    return DialogueSpeak(
        turns, "", DEFAULT_AUDIO_FORMAT, None, Normalization.AUTO, wants_alignment=True, window_bytes=1
    )


def _run(job: SpeechJob) -> None:
    for _step in job.steps():
        pass
    job.close()
