"""The functions of espeak-ng that we call, with their C types. Nothing else may touch the library.

source: espeak-ng 1.52, src/include/espeak-ng/speak_lib.h
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from enum import IntEnum
from typing import Final

import espeakng_loader

from echoless.core.errors import EcholessError, ErrorCode

_OUTPUT_SYNCHRONOUS: Final = 2
_INITIALIZE_DONT_EXIT: Final = 0x8000
_CHARACTERS_UTF8: Final = 1
_PHONEMES: Final = 0x100
_AS_IPA: Final = 0x02
_END_PAUSE: Final = 0x1000
_POSITION_CHARACTER: Final = 1
EVENT_LIST_TERMINATED: Final = 0
EVENT_WORD: Final = 1
PITCH_MAX: Final = 99
WORDS_PER_MINUTE_MIN: Final = 80


class Parameter(IntEnum):
    """Numbers of `espeak_SetParameter` that we set."""

    RATE = 1
    PITCH = 3
    RANGE = 4


class SpeechEvent(ctypes.Structure):
    """`espeak_EVENT`. text_position counts characters from 1; sample counts from the start of the call."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_uint64),
    )


SamplesHandler = Callable[[int | None, int, "ctypes._Pointer[SpeechEvent]"], int]
_SamplesCallback = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(SpeechEvent))


def library_path() -> str:
    """Return where the library's file is."""
    return str(espeakng_loader.get_library_path())


def data_paths() -> tuple[str, ...]:
    """Return the directories of voices and dictionaries, which must stay readable inside the sandbox."""
    return (str(espeakng_loader.get_data_path()),)


class EspeakLibrary:
    """The loaded library: one per process, one call at a time."""

    def __init__(self, on_samples: SamplesHandler) -> None:
        # PyDLL keeps the interpreter lock: one thread runs here, and callbacks are cheaper with it.
        self._library = ctypes.PyDLL(library_path())
        self._callback = _SamplesCallback(on_samples)
        self._library.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip
        self._library.espeak_ng_SetRandSeed.argtypes = (ctypes.c_long,)
        self._library.espeak_ng_SetRandSeed.restype = None
        self._library.espeak_SetSynthCallback.argtypes = (ctypes.c_void_p,)
        self._library.espeak_SetSynthCallback.restype = None
        self._library.espeak_ListVoices.argtypes = (ctypes.c_void_p,)
        self._library.espeak_ListVoices.restype = ctypes.c_void_p
        self._library.espeak_TextToPhonemes.argtypes = (ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int)
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._srand = ctypes.PyDLL(None).srand
        self._srand.argtypes = (ctypes.c_uint,)
        self._srand.restype = None

    def initialize(self) -> int:
        """Read the phoneme data and return the sample rate.

        raises: EcholessError(ENGINE_UNAVAILABLE)
        """
        rate = self._library.espeak_Initialize(
            _OUTPUT_SYNCHRONOUS, 0, data_paths()[0].encode(), _INITIALIZE_DONT_EXIT
        )
        if rate <= 0:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "espeak-ng does not find its data")
        self._library.espeak_SetSynthCallback(ctypes.cast(self._callback, ctypes.c_void_p))
        return int(rate)

    def list_voices(self) -> None:
        """Read the list of voices, which the library does once, so that no later call brings it."""
        self._library.espeak_ListVoices(None)

    def set_voice(self, name: str) -> bool:
        """Make a voice the present one; False when there is none of that name."""
        return bool(self._library.espeak_SetVoiceByName(name.encode()) == 0)

    def set_parameter(self, parameter: Parameter, value: int) -> None:
        """Set one number of the present voice."""
        self._library.espeak_SetParameter(parameter, value, 0)

    def set_seed(self, seed: int) -> None:
        """Restart every source of chance that the library uses."""
        self._srand(seed & 0xFFFFFFFF)
        self._library.espeak_ng_SetRandSeed(seed)

    def synthesize(self, text: bytes, *, reads_phonemes: bool = False) -> bool:
        """Speak UTF-8 text that ends in a zero byte; samples and events go to the callback. False on failure.

        reads_phonemes: whether what stands between double brackets is phonemes
        """
        flags = _CHARACTERS_UTF8 | _END_PAUSE | (_PHONEMES if reads_phonemes else 0)
        status = self._library.espeak_Synth(text, len(text), 0, _POSITION_CHARACTER, 0, flags, None, None)
        return bool(status == 0)

    def phonemes(self, text: bytes) -> list[tuple[int, str]]:
        """Return what each clause of UTF-8 text that ends in a zero byte sounds like, without speaking it.

        returns: the byte up to which the library read for it, which is one character of the next clause further
                 where there is one, and the clause in the International Phonetic Alphabet
        """
        held = ctypes.create_string_buffer(text, len(text))
        start = ctypes.addressof(held)
        place = ctypes.c_void_p(start)
        clauses: list[tuple[int, str]] = []
        end: int | None = start
        while end is not None:
            said = self._library.espeak_TextToPhonemes(ctypes.byref(place), _CHARACTERS_UTF8, _AS_IPA)
            end = place.value
            read_bytes = len(text) - 1 if end is None else end - start
            clauses.append((read_bytes, said.decode(errors="replace") if said else ""))
        ctypes.memset(held, 0, len(text))
        return clauses

    def terminate(self) -> None:
        """Free everything."""
        self._library.espeak_Terminate()
