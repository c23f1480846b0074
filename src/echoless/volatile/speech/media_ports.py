"""Ports between the host of a media process and the jobs that it runs: conversion, recognition, documents.

A job is plain blocking code: it takes decoded audio from its input and gives records and encoded audio to its
outlet. Both of them wait where waiting is due, and meanwhile the host takes what arrives. Nothing else of a job
waits, and nothing of it runs beside another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from echoless.core.content import AudioContent
from echoless.core.errors import ErrorCode
from echoless.crossing.records import Record
from echoless.volatile.speech.hearing_ports import HEARING_RATE_HZ


class JobCancelledError(Exception):
    """Nobody listens to this job any more. It unwinds the job; no adapter may hold it back."""


class MediaInput(Protocol):
    """A client's audio, decoded as it comes. One of the two iterators may be taken, once.

    raises: while it is iterated, EcholessError(INVALID_AUDIO) where nothing of it can be decoded, AUDIO_TOO_SHORT
            below 100 ms, AUDIO_TOO_LONG above the order's bound, TOO_MANY_CHANNELS to be taken apart,
            FILE_TOO_LARGE where a container that is read from its end is larger than may be held; JobCancelledError
    """

    @property
    def audio_ms(self) -> int:
        """How much has been decoded so far."""
        ...

    def blocks(
        self, sample_rate_hz: int = HEARING_RATE_HZ, *, removes_noise: bool = False
    ) -> Iterator[AudioContent]:
        """Yield mono signed 16-bit samples in blocks of at most one second; channels are mixed by their mean."""
        ...

    def channel_blocks(self, sample_rate_hz: int = HEARING_RATE_HZ) -> Iterator[tuple[AudioContent, ...]]:
        """Yield one block for each channel, all of one length, at most one second; two to five channels.

        One channel is given as a tuple of one.

        raises: as above; EcholessError(INVALID_AUDIO) for more than five channels
        """
        ...


class MediaOutlet(Protocol):
    """Where a job's frames go, in order. Every call may wait for its reader, and may raise JobCancelledError."""

    @property
    def audio_bytes(self) -> int:
        """How many bytes of encoded audio have been handed in."""
        ...

    def post(self, record: Record) -> None:
        """Send a record after everything before it."""
        ...

    def send_audio(self, audio: AudioContent) -> None:
        """Send encoded audio, within the window of its reader."""
        ...

    def check(self) -> None:
        """Take what has arrived, without waiting: call it now and then in long computations.

        raises: JobCancelledError
        """
        ...


class MediaJob(Protocol):
    """One kind of job. The host has one object for each kind of order, and calls it for one order at a time.

    An order with input (Convert, Transcribe) has been answered by JobStarted when `run` is called, and InputKnown
    and InputCredit are sent by its input; the rest is the job's. RenderTranscript has no input.
    """

    @property
    def wants_retirement(self) -> bool:
        """Whether the process should be replaced: a bound of use is reached. The host itself watches its memory."""
        ...

    def run(self, order: Record, sound: MediaInput, outlet: MediaOutlet) -> Record:
        """Do the whole job and return its last record, without an error; the host sends it.

        raises: EcholessError, which the host answers by `failure`; JobCancelledError, which nobody is told
        """
        ...

    def failure(self, code: ErrorCode, audio_ms: int, audio_bytes: int) -> Record:
        """Return the last record of a job that could not be done, or could not be done to its end."""
        ...
