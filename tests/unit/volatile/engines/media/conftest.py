"""Small recordings of each kind, and a media host with a gateway's end of a link to it."""

from __future__ import annotations

import io
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import av
import numpy as np
import pytest

from echoless.core.clock import SystemClock
from echoless.core.journal import MemoryJournal
from echoless.crossing.diagnosis_records import DIAGNOSIS_RECORDS
from echoless.crossing.media_records import KIND_INPUT_AUDIO, MEDIA_RECORDS, Convert, EndInput, InputFormat
from echoless.crossing.records import KIND_AUDIO, Cancel, Record, core_registry
from echoless.crossing.wire import Frame, FrameReader, encode_frame
from echoless.volatile.engines.codecs.encoders import new_encoder
from echoless.volatile.engines.media.convert_job import ConvertJob
from echoless.volatile.engines.media.host import MediaHost
from echoless.volatile.engines.media.noise import without_noise
from echoless.volatile.engines.null.conversion import UnchangedConversion
from echoless.volatile.speech.media_ports import MediaJob

VOICE_ID = "21m00Tcm4TlvDq8ikWAM"
OPEN_WINDOW = 2**40
HELD_BYTES_MAX = 4 * 2**20


def tone(seconds: float, rate_hz: int = 16_000, channels: int = 1, frequency_hz: float = 300.0) -> np.ndarray:
    """Samples of a tone, shape (samples, channels); each channel is half as loud as the one before."""
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    wave = np.sin(2 * np.pi * frequency_hz * times) * 8000
    return np.stack([wave / 2**channel for channel in range(channels)], axis=1).astype("<i2")


def recording(
    container: str,
    codec: str,
    samples: np.ndarray,
    rate_hz: int = 16_000,
    options: dict[str, str] | None = None,
    *,
    has_video: bool = False,
) -> bytes:
    """A file in memory, made by FFmpeg."""
    memory = io.BytesIO()
    channels = samples.shape[1]
    layout = "mono" if channels == 1 else "stereo" if channels == 2 else f"{channels} channels"
    # Short pages, as whoever records into a stream makes them.
    pages = {"page_duration": "100000"} if container == "ogg" else {}
    with av.open(memory, "w", format=container, options=pages | (options or {})) as out:
        video = out.add_stream("mpeg4", rate=10) if has_video else None
        stream = out.add_stream(codec, rate=rate_hz, layout=layout, options={"strict": "experimental"})
        if codec.startswith("wma"):
            stream.bit_rate = 64_000
        if video is not None:
            video.width = video.height = 64
            video.pix_fmt = "yuv420p"
            for _ in range(5):
                out.mux(video.encode(av.VideoFrame(64, 64, "yuv420p")))
            out.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate_hz
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return memory.getvalue()


def index_first(mp4: bytes) -> bytes:
    """The same MP4 file with its index before its samples, as writers for the web lay it out."""
    at, boxes = 0, []
    while at < len(mp4):
        size = int.from_bytes(mp4[at : at + 4], "big")
        boxes.append(mp4[at : at + size])
        at += size
    (index,) = [box for box in boxes if box[4:8] == b"moov"]
    table = index.index(b"stco")
    count = int.from_bytes(index[table + 8 : table + 12], "big")
    for entry in range(table + 12, table + 12 + 4 * count, 4):
        moved = int.from_bytes(index[entry : entry + 4], "big") + len(index)
        index = index[:entry] + moved.to_bytes(4, "big") + index[entry + 4 :]
    first, *rest = [box for box in boxes if box[4:8] != b"moov"]
    return b"".join((first, index, *rest))


def wav_header(channels: int, rate_hz: int, data_bytes: int) -> bytes:
    """The header of a WAVE file that may say anything."""
    layout = struct.pack(
        "<IHHIIHH", 16, 1, channels, rate_hz, 2 * rate_hz * channels % 2**32, 2 * channels % 65536, 16
    )
    return (
        b"RIFF"
        + struct.pack("<I", 36 + data_bytes)
        + b"WAVEfmt "
        + layout
        + b"data"
        + struct.pack("<I", data_bytes)
    )


def convert(**changes: object) -> Convert:
    """An order with usual values."""
    fields: dict[str, object] = {
        "engine_model": "", "catalogue_id": VOICE_ID, "settings": {}, "seed": None, "output_format": "pcm_16000",
        "input_format": InputFormat.PCM_S16LE_16, "removes_noise": False, "window_bytes": OPEN_WINDOW,
        "duration_ms_max": 60_000,
    }  # fmt: skip
    return Convert(**(fields | changes))  # type: ignore[arg-type]  # each test names real fields


class BytesReader:
    """Gives bytes in pieces of a size, and counts what was taken."""

    def __init__(self, data: bytes, piece_bytes: int = 10_000) -> None:
        self.data = io.BytesIO(data)
        self.piece_bytes = piece_bytes

    def read(self, bytes_max: int) -> bytes:
        return self.data.read(min(bytes_max, self.piece_bytes))


@dataclass
class Answer:
    """What came of one order, in order."""

    audio: bytearray = field(default_factory=bytearray)
    records: list[Record] = field(default_factory=list)

    def of(self, kind: type[Record]) -> list[Record]:
        return [record for record in self.records if isinstance(record, kind)]


class Gateway:
    """The far end of a link; the host runs on a thread of its own."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.end.settimeout(20)
        self.registry = core_registry(MEDIA_RECORDS, DIAGNOSIS_RECORDS)
        self.reader = FrameReader()
        self.frames: list[Frame] = []
        self.answers: dict[int, Answer] = {}

    def send(self, record: Record, job: int = 1) -> None:
        self.end.sendall(self.registry.encode(record, correlation=job))

    def send_audio(self, data: bytes, job: int = 1) -> None:
        for at in range(0, len(data), 60_000):
            piece = data[at : at + 60_000]
            self.end.sendall(encode_frame(KIND_INPUT_AUDIO, piece, is_content=True, correlation=job))

    def next(self) -> tuple[int, Record | bytes]:
        """The next frame of any job."""
        while not self.frames:
            count = self.end.recv_into(self.reader.writable())
            if not count:
                raise EOFError
            self.frames += self.reader.advance(count)
        frame = self.frames.pop(0)
        job = frame.header.correlation
        answer = self.answers.setdefault(job, Answer())
        if frame.header.kind == KIND_AUDIO:
            answer.audio += frame.payload
            return job, frame.payload
        answer.records.append(self.registry.decode(frame))
        return job, answer.records[-1]

    def until(self, kind: type[Record], job: int = 1) -> Record:
        while True:
            at, record = self.next()
            if at == job and isinstance(record, kind):
                return record

    def cancel(self, job: int = 1) -> None:
        self.send(Cancel(), job)

    def end_input(self, job: int = 1) -> None:
        self.send(EndInput(), job)


class Served:
    """A host on a thread of its own, and the far ends of its links."""

    def __init__(self, host: MediaHost, journal: MemoryJournal, links: int) -> None:
        self.host = host
        self.journal = journal
        self._stopping, self._stopper = socket.socketpair()
        self._deadline_s = 0.0
        host.add_watch(self._stopping, self._told)
        self.gateways = [self._linked() for _ in range(links)]
        self._thread = threading.Thread(target=host.run, daemon=True)
        self._thread.start()

    def _linked(self) -> Gateway:
        near, far = socket.socketpair()
        self.host.add_link(near)
        return Gateway(far)

    def _told(self) -> None:
        """Do on the host's own thread what a test wants."""
        match self._stopping.recv(1):
            case b"r":
                self.host.retire()
            case _:
                self.host.stop(self._deadline_s)

    def retire(self) -> None:
        self._stopper.send(b"r")

    def stop_in(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self._stopper.send(b"x")

    def stop(self) -> None:
        self.stop_in(0.0)
        self.join()
        self.host.close()
        for end in (self._stopper, self._stopping, *(gateway.end for gateway in self.gateways)):
            end.close()

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive(), "the host did not stop"


ServeJobs = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[ServeJobs]:
    """Start hosts with given jobs; they are stopped at the end."""
    started: list[Served] = []

    def start(jobs: dict[type[Record], MediaJob] | None = None, links: int = 1, **options: object) -> Served:
        journal = MemoryJournal()
        host = MediaHost(
            jobs or {Convert: null_convert_job()}, journal=journal, clock=SystemClock(),
            held_bytes_max=HELD_BYTES_MAX, without_noise=without_noise, **options,  # type: ignore[arg-type]  # real
        )  # fmt: skip
        started.append(Served(host, journal, links))
        return started[-1]

    yield start
    for served in started:
        served.stop()


@pytest.fixture
def gateway(serve: ServeJobs) -> Gateway:
    return serve().gateways[0]


def null_convert_job() -> ConvertJob:
    return ConvertJob(lambda _order: UnchangedConversion(), new_encoder, held_bytes_max=HELD_BYTES_MAX)
