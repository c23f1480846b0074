"""Speech by espeak-ng in this process: deterministic, and nothing of a text left after it was spoken.

espeak-ng keeps its last clause and samples in static memory and carries state from text to text. After each
utterance the library is put back as it was before (library_state.py). So its voices stand side by side as saved
states, the same text always gives the same samples, and any job may follow any other.

What of a delivery is honoured: `speed` exactly, as words per minute (the engine itself speaks no slower than
80 words per minute); `stability` below 0.5 widens the range of the pitch and above narrows it; `style` widens it;
`seed` restarts the engine's noise. A manner's pitch and range are added to the voice's own. English voices speak
phonemes; a rule's phonemes for another language are passed over, and the word is read as it is spelled.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from echoless.confinement.stack import StackWiper
from echoless.core.content import AudioContent, TextContent
from echoless.core.errors import EcholessError, ErrorCode
from echoless.volatile.engines.tts.elf_image import loaded_image
from echoless.volatile.engines.tts.espeak_library import (
    EVENT_LIST_TERMINATED,
    EVENT_WORD,
    PITCH_MAX,
    WORDS_PER_MINUTE_MIN,
    EspeakLibrary,
    Parameter,
    SpeechEvent,
    library_path,
)
from echoless.volatile.engines.tts.library_state import LibraryState, SavedState
from echoless.volatile.engines.tts.phonemes import with_phonemes
from echoless.volatile.speech.ports import Delivery, EngineVoice, SpokenAudio, Utterance, WordMark

_FIRST_VOICE: Final = "en-us"
_NEUTRAL_TEXT: Final = b"one two three.\0"
_MARKED_TEXT: Final = "Quixotic zephyrs vex jumbled owls nightly."
# Characters that steer the engine (C0 controls hold embedded commands) or that UTF-8 cannot express.
_UNSPEAKABLE: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_CLAUSE_MARKS: Final = (".", ",", "!", "?", ";", ":")
_VOICES_MAX: Final = 128
_VOICE_BYTES_MAX: Final = 48 * 1024 * 1024
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_PCM_WINDOW_BYTES: Final = 16
_PCM_WINDOWS_MAX: Final = 500

SamplesSink = Callable[[AudioContent], None]


class _Take:
    """What one call of the library gives, collected by its callback."""

    __slots__ = ("error", "events", "on_samples", "pieces")

    def __init__(self, on_samples: SamplesSink | None) -> None:
        self.on_samples = on_samples
        self.pieces: list[bytes] = []
        self.events: list[tuple[int, int, int]] = []
        self.error: BaseException | None = None


class EspeakEngine:
    """A TTSEngine. One per process: the library has one static state.

    is_scrubbing:      False leaves text and samples in the library until the voice changes: for benchmarks and
                       the audit's positive control only
    voice_changes_max: loads of a voice from its files after which the process asks to be replaced
    growth_bytes_max:  growth of the resident memory, saved voices not counted, after which it asks too
    raises:            EcholessError(ENGINE_UNAVAILABLE) when the library cannot be used here
    """

    def __init__(
        self,
        *,
        is_scrubbing: bool = True,
        voice_changes_max: int = 20_000,
        growth_bytes_max: int = 64 * 1024 * 1024,
    ) -> None:
        self._is_scrubbing = is_scrubbing
        self._voice_changes_max = voice_changes_max
        self._growth_bytes_max = growth_bytes_max
        self._take = _Take(None)
        self._sample_buffer = (0, 0)
        self._library = EspeakLibrary(self._receive)
        self._state = LibraryState(loaded_image(library_path()))
        self._sample_rate_hz = self._library.initialize()
        self._library.list_voices()
        self._library.set_voice(_FIRST_VOICE)
        self._state.leave_out_outliving(lambda: self._synthesize(_NEUTRAL_TEXT, _Take(None)))
        # The list of voices is only read; copying its small blocks would cost each roll-back.
        self._base = self._state.save(copies_blocks=False)
        self._voices: OrderedDict[str, SavedState] = OrderedDict()
        self._present = ""
        self._stack = StackWiper()
        self.voice_load_count = 0
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._resident_at_start_bytes = self._resident_bytes()

    @property
    def sample_rate_hz(self) -> int:
        """22,050 for every voice of espeak-ng."""
        return self._sample_rate_hz

    @property
    def wants_retirement(self) -> bool:
        """Whether this process should be replaced when it is idle."""
        grown = self._resident_bytes() - self._resident_at_start_bytes - self.held_bytes
        return self.voice_load_count >= self._voice_changes_max or grown >= self._growth_bytes_max

    @property
    def held_bytes(self) -> int:
        """Memory of the saved voices."""
        return sum(state.held_bytes for state in self._voices.values())

    def speak(
        self,
        utterance: Utterance,
        voice: EngineVoice,
        delivery: Delivery,
        on_samples: SamplesSink | None = None,
    ) -> SpokenAudio:
        """Speak one utterance and leave nothing of it in the library.

        on_samples: is given each piece of samples as it is made, before the whole is returned
        returns:    the whole; the same arguments always give the same samples
        raises:     EcholessError(ENGINE_UNAVAILABLE) when the library fails; what `on_samples` raises
        """
        self._select(voice.engine_name)
        self._set_delivery(voice, delivery)
        take = _Take(on_samples)
        read, origins = with_phonemes(utterance.spoken, utterance.phoneme_spans, voice.language)
        text = speakable(read)
        is_spoken = _one_frame_deeper(lambda: self._synthesize(text, take, reads_phonemes=origins is not None))
        if self._is_scrubbing:
            self._state.roll_back(self._voices[self._present])
            self._stack.wipe()
        if take.error is not None:
            raise take.error
        if not is_spoken:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "espeak-ng refused an utterance")
        pcm = b"".join(take.pieces)
        events = take.events if origins is None else at_origins(take.events, origins)
        return SpokenAudio(AudioContent(pcm), word_marks(utterance.spoken, events, len(pcm) // 2))

    def phonemes(self, text: TextContent, voice_name: str) -> tuple[TextContent, ...]:
        """Return what a text sounds like, clause by clause, for an engine that reads phonemes and no spelling.

        voice_name: whose rules hold, for example `en-us`
        returns:    International Phonetic Alphabet; each clause ends with its mark of punctuation, where it has one
        raises:     EcholessError(ENGINE_UNAVAILABLE) when there is no such voice
        """
        self._select(voice_name)
        data = speakable(text)
        found: list[tuple[int, str]] = []

        def read() -> bool:
            found.extend(self._library.phonemes(data))
            return True

        _one_frame_deeper(read)
        if self._is_scrubbing:
            self._state.roll_back(self._voices[self._present])
            self._stack.wipe()
        clauses, start = [], 0
        for index, (end, said) in enumerate(found, 1):
            text_read = data[start:end].decode(errors="replace")
            # The library has looked at the first character of the next clause, where there is one.
            mark = (text_read if index == len(found) else text_read[:-1]).rstrip()[-1:]
            clauses.append(TextContent(said.strip() + (mark if mark in _CLAUSE_MARKS else "")))
            start = end
        return tuple(clauses)

    def prove_scrubbed(self) -> None:
        """Speak a marked text, then look for its words and its samples in the library's memory.

        raises: EcholessError(ENGINE_UNAVAILABLE) when something is left: the process must not serve then
        """
        text = TextContent(_MARKED_TEXT)
        utterance = Utterance(0, len(text), text, tuple(range(len(text))))
        spoken = self.speak(utterance, EngineVoice(_FIRST_VOICE, "en", 50, 50, 175), Delivery())
        residue = residue_in(self._memory(), _MARKED_TEXT, spoken.pcm.reveal())
        if spoken.sample_count < self._sample_rate_hz // 2 or residue:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, f"espeak-ng keeps {residue} marks of what it spoke")

    def close(self) -> None:
        """Give the library back to the process."""
        self._state.roll_back(self._base)
        for state in self._voices.values():
            self._state.release(state)
        self._voices.clear()
        self._state.close(self._library.terminate)
        os.close(self._statm)

    # --- voices ---

    def _select(self, name: str) -> None:
        if name == self._present:
            return
        state = self._voices.get(name)
        if state is None:
            state = self._load(name)
        else:
            self._state.roll_back(state)
        self._voices.move_to_end(name)
        self._present = name

    def _load(self, name: str) -> SavedState:
        self._state.roll_back(self._base)
        self._present = ""
        self._make_room()
        self.voice_load_count += 1
        if not self._library.set_voice(name):
            self._state.roll_back(self._base)
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "espeak-ng does not have this voice")
        # One utterance brings whatever the library does only once; it is the same for everybody.
        self._library.set_seed(0)
        self._synthesize(_NEUTRAL_TEXT, _Take(None))
        self._voices[name] = self._state.save()
        return self._voices[name]

    def _make_room(self) -> None:
        while self._voices and (len(self._voices) >= _VOICES_MAX or self.held_bytes > _VOICE_BYTES_MAX):
            _name, oldest = self._voices.popitem(last=False)
            self._state.release(oldest)

    def _set_delivery(self, voice: EngineVoice, delivery: Delivery) -> None:
        rate = max(WORDS_PER_MINUTE_MIN, round(voice.words_per_minute * delivery.speed))
        pitch_range = voice.pitch_range * (1.5 - delivery.stability) * (1.0 + 0.5 * delivery.style)
        pitch_range *= delivery.range_factor
        pitch = max(0, min(PITCH_MAX, voice.pitch + delivery.pitch_steps))
        self._library.set_parameter(Parameter.RATE, rate)
        self._library.set_parameter(Parameter.PITCH, pitch)
        self._library.set_parameter(Parameter.RANGE, min(PITCH_MAX, round(pitch_range)))
        self._library.set_seed(delivery.seed or 0)

    # --- the library's calls ---

    def _synthesize(self, text: bytes, take: _Take, *, reads_phonemes: bool = False) -> bool:
        self._take = take
        try:
            return self._library.synthesize(text, reads_phonemes=reads_phonemes)
        finally:
            self._take = _Take(None)

    def _receive(self, samples: int | None, sample_count: int, events: ctypes._Pointer[SpeechEvent]) -> int:
        """Take samples and word events; runs inside the library, so nothing may be raised here."""
        take = self._take
        try:
            index = 0
            while (event := events[index]).type != EVENT_LIST_TERMINATED:
                if event.type == EVENT_WORD:
                    take.events.append((event.text_position - 1, event.length, event.sample))
                index += 1
            if samples is not None and sample_count > 0:
                self._collect(take, samples, 2 * sample_count)
        except BaseException as error:  # kept, and raised again outside the library
            take.error = error
            return 1
        return 0

    def _collect(self, take: _Take, samples: int, size_bytes: int) -> None:
        piece = ctypes.string_at(samples, size_bytes)
        self._sample_buffer = (samples, max(size_bytes, self._sample_buffer[1]))
        if self._is_scrubbing:
            # The buffer lies on the heap, where no roll-back reaches it.
            ctypes.memset(samples, 0, size_bytes)
        take.pieces.append(piece)
        if take.on_samples is not None:
            take.on_samples(AudioContent(piece))

    def _memory(self) -> list[bytes]:
        """Return copies of everything that the library keeps between two utterances."""
        spots = [(region.address, region.size_bytes) for region in self._state.regions]
        spots += self._voices[self._present].blocks.items()
        return [ctypes.string_at(address, size) for address, size in (*spots, self._sample_buffer)]

    def _resident_bytes(self) -> int:
        # Without pages of files: those come with whoever reads our memory from outside, and are no growth of ours.
        _, resident, shared, *_ = os.pread(self._statm, 256, 0).split()
        return (int(resident) - int(shared)) * _PAGE_BYTES


def speakable(text: TextContent) -> bytes:
    """Return text as the engine takes it: UTF-8 and a zero byte, one character for each character.

    Control characters, which could steer the engine, become blanks; halves of surrogate pairs likewise.
    """
    shown = text.reveal()
    if _UNSPEAKABLE.search(shown) is not None:
        shown = _UNSPEAKABLE.sub(" ", shown)
    return shown.encode() + b"\0"


def word_marks(text: TextContent, events: list[tuple[int, int, int]], sample_count: int) -> tuple[WordMark, ...]:
    """Turn the engine's word events into marks.

    events:  (first character, characters, sample) as the engine reports them; it repeats a word that it spells,
             and may point at the blank before a word
    returns: marks in order, each at a character that is no blank, one per position
    """
    shown = text.reveal()
    marks: list[WordMark] = []
    for start, length, sample in events:
        first, last = max(0, start), max(0, start) + length
        while first < len(shown) and shown[first].isspace():
            first += 1
        if first >= len(shown) or (marks and first <= marks[-1].spoken_start):
            continue
        at = min(max(sample, marks[-1].start_sample if marks else 0), sample_count)
        marks.append(WordMark(first, max(1, min(last, len(shown)) - first), at))
    return tuple(marks)


def at_origins(events: list[tuple[int, int, int]], origins: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return events of a text with phonemes as those of the text that it was made of."""
    moved = []
    for start, length, sample in events:
        if 0 <= start < len(origins):
            last = origins[min(start + max(length, 1), len(origins)) - 1]
            moved.append((origins[start], last + 1 - origins[start], sample))
    return moved


def residue_in(memory: list[bytes], text: str, pcm: bytes) -> int:
    """Count words of a text and windows of its samples that lie in memory.

    The windows are spread over the samples up to their very end; those with few different bytes (silence) are left
    out.
    """
    words = [word.encode() for word in text.split() if len(word) > 4]
    needles = words + [word.decode().lower().encode() for word in words]
    step = max(1, len(pcm) // _PCM_WINDOW_BYTES // _PCM_WINDOWS_MAX) * _PCM_WINDOW_BYTES
    windows = (pcm[max(0, at - _PCM_WINDOW_BYTES) : at] for at in range(len(pcm), 0, -step))
    needles += [window for window in windows if len(set(window)) > 11]
    return sum(needle in piece for needle in needles for piece in memory)


def _one_frame_deeper(call: Callable[[], bool]) -> bool:
    """Run a call below one more frame of the C stack, so that what it leaves there can be wiped from above."""
    return max(map(lambda run: run(), (call,)))  # noqa: C417  # `map` calls from C; a comprehension would not
