"""Recognition and conversion against as many bare engines, and what an upload costs a gateway."""

from __future__ import annotations

import queue
import socket
import statistics
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlsplit

from echoless.bench.bare import BareProcesses
from echoless.bench.corpus import english_text
from echoless.bench.options import BenchOptions
from echoless.bench.report import BenchReport
from echoless.bench.uploads import FormUpload, UploadClient
from echoless.core.errors import EcholessError, ErrorCode
from echoless.core.processes import cpu_seconds, forget_peak, peak_resident_bytes, resident_bytes
from echoless.core.server_process import ServerProcess

_LENGTH: Final = struct.Struct(">I")
_MIB: Final = 1024 * 1024
_VOICE: Final = "21m00Tcm4TlvDq8ikWAM"
_SPEECH_MODEL: Final = "eleven_flash_v2_5"
_BYTES_PER_S: Final = 32_000
# Numbers of characters: recordings of several lengths, about 3 to 20 seconds.
_CHARACTERS: Final = (60, 300, 120, 200)
_RATIO: Final = 0.90
_CLIENTS_PER_PROCESS: Final = 2
_UPLOAD_BYTES: Final = 100 * _MIB
_PIECE_BYTES: Final = 256 * 1024
_WINDOW_MIB: Final = 1.0
_CPU_S_MAX: Final = 0.5
_GROWTH_MIB_MAX: Final = 16.0

_Job = TypeVar("_Job")
Turn = Callable[[], float]
"""Does all jobs once; returns seconds of audio per second."""


@dataclass(frozen=True, slots=True)
class _Product:
    """What is asked of the server, and of the bare engine."""

    name: str
    work: str
    path: str
    file_field: str
    fields: Mapping[str, str]


_TRANSCRIPTION: Final = _Product(
    "speech to text", "transcribe", "/v1/speech-to-text?enable_logging=false", "file",
    {"model_id": "scribe_v1", "file_format": "pcm_s16le_16"},
)  # fmt: skip
_CONVERSION: Final = _Product(
    "voice changer", "convert",
    f"/v1/speech-to-speech/{_VOICE}/stream?enable_logging=false&output_format=mp3_44100_128", "audio",
    {"model_id": "eleven_english_sts_v2", "file_format": "pcm_s16le_16"},
)  # fmt: skip


def measure_transcription(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Compare speech to text with bare pocketsphinx."""
    _compare(server, options, report, _TRANSCRIPTION)


def measure_conversion(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Compare the voice changer with bare WORLD and encoder."""
    _compare(server, options, report, _CONVERSION)


def _compare(server: ServerProcess, options: BenchOptions, report: BenchReport, product: _Product) -> None:
    name, path = product.name, product.path
    sounds = _recordings(server, options.scaled(8, 4))
    rounds = options.scaled(5, 2)
    audio_s = sum(map(len, sounds)) / _BYTES_PER_S
    uploads = [FormUpload(product.fields, product.file_field, (sound,), len(sound)) for sound in sounds]
    with BareProcesses.start_media(options.engine_count, product.work) as bare:
        ends = [client.end for client in bare.clients]
        turns: tuple[Turn, Turn] = (
            lambda: audio_s / _server_turn(server, path, uploads, _CLIENTS_PER_PROCESS * options.engine_count),
            lambda: audio_s / _bare_turn(ends, sounds),
        )
        for turn in turns:
            turn()
        rates: tuple[list[float], list[float]] = ([], [])
        for number in range(rounds):
            for turn, of_side in zip(turns, rates, strict=True):
                of_side.append(turn())
            options.progress(name, (number + 1) / rounds)
    ratio = statistics.median(a / b for a, b in zip(*rates, strict=True))
    report.add(f"{name}: server", statistics.median(rates[0]), "s of audio/s")
    report.add(f"{name}: bare engine", statistics.median(rates[1]), "s of audio/s")
    report.judge(f"{name}: server against bare", ratio, "ratio", bound=_RATIO, side="at least")


def _recordings(server: ServerProcess, count: int) -> list[bytes]:
    """Return speech of several lengths, 16,000 samples a second: the longest first, as the bare side does them."""
    client = UploadClient(urlsplit(server.url).netloc, server.api_key)
    path = f"/v1/text-to-speech/{_VOICE}/stream?output_format=pcm_16000&enable_logging=false"
    texts = [english_text(_CHARACTERS[number % len(_CHARACTERS)]).text for number in range(count)]
    sounds = [client.speech(path, text, _SPEECH_MODEL) for text in texts]
    client.close()
    return sorted(sounds, key=len, reverse=True)


def _server_turn(server: ServerProcess, path: str, uploads: Sequence[FormUpload], client_count: int) -> float:
    waiting: queue.SimpleQueue[FormUpload] = queue.SimpleQueue()
    for upload in uploads:
        waiting.put(upload)

    def work() -> None:
        client = UploadClient(urlsplit(server.url).netloc, server.api_key)
        while (upload := _next(waiting)) is not None:
            client.send(path, upload)
        client.close()

    return _seconds_together([work] * client_count)


def _bare_turn(ends: Sequence[socket.socket], sounds: Sequence[bytes]) -> float:
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for sound in sounds:
        waiting.put(sound)

    def work_on(end: socket.socket) -> Callable[[], None]:
        def work() -> None:
            end.setblocking(True)
            while (sound := _next(waiting)) is not None:
                end.sendall(_LENGTH.pack(len(sound)) + sound)
                while (count := _LENGTH.unpack(_exactly(end, _LENGTH.size))[0]) > 0:
                    _exactly(end, count)

        return work

    return _seconds_together([work_on(end) for end in ends])


def _seconds_together(works: Sequence[Callable[[], None]]) -> float:
    """Run all at once and return how long they took; raises what the first of them raised."""
    began_s = time.perf_counter()
    with ThreadPoolExecutor(len(works)) as pool:
        for future in [pool.submit(work) for work in works]:
            future.result()
    return time.perf_counter() - began_s


def _next(waiting: queue.SimpleQueue[_Job]) -> _Job | None:
    try:
        return waiting.get_nowait()
    except queue.Empty:
        return None


def _exactly(end: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = end.recv(count - len(data))
        if not piece:
            raise EcholessError(ErrorCode.ENGINE_UNAVAILABLE, "a bare engine ended within an answer")
        data += piece
    return bytes(data)


# --- uploads ---


def measure_upload(server: ServerProcess, options: BenchOptions, report: BenchReport) -> None:
    """Compare what 100 MB of form cost a gateway with reading and dropping the same bytes.

    The upload goes all the way into an engine that does nothing with it, so forwarding is in the figure too.
    """
    pieces = [bytes(_PIECE_BYTES)] * (_UPLOAD_BYTES // _PIECE_BYTES)
    upload = FormUpload({"model_id": "scribe_v1", "file_format": "pcm_s16le_16"}, "file", pieces, _UPLOAD_BYTES)
    client = UploadClient(urlsplit(server.url).netloc, server.api_key)
    path = "/v1/speech-to-text?enable_logging=false"
    small = FormUpload(upload.fields, "file", [bytes(_PIECE_BYTES)], _PIECE_BYTES)
    client.send(path, small)
    gateways = [member.pid for member in server.family() if member.role == "gateway"]
    forgotten = [forget_peak(pid) for pid in gateways]
    before = {pid: (cpu_seconds(pid), resident_bytes(pid)) for pid in gateways}
    client.send(path, upload)
    measure = peak_resident_bytes if all(forgotten) else resident_bytes
    spent_s = sum(cpu_seconds(pid) - before[pid][0] for pid in gateways)
    grown_mib = max(measure(pid) - before[pid][1] for pid in gateways) / _MIB
    client.close()
    dropped_s = _seconds_to_drop(upload)
    options.progress("uploads", 1.0)
    report.add("upload of 100 MB: gateway", spent_s, "s of CPU")
    report.add("upload of 100 MB: read and dropped", dropped_s, "s of CPU")
    report.judge(
        "upload of 100 MB: added by the gateway", spent_s - dropped_s, "s of CPU", bound=_CPU_S_MAX, side="at most"
    )
    report.judge(
        "upload of 100 MB: gateway grows above the window", grown_mib - _WINDOW_MIB, "MiB", bound=_GROWTH_MIB_MAX,
        side="at most",
    )  # fmt: skip


def _seconds_to_drop(upload: FormUpload) -> float:
    """Return the CPU seconds that a thread needs to read the body from a connection, and to do nothing with it."""
    length, body = upload.body()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = socket.create_connection(listener.getsockname())
        receiver, _ = listener.accept()
    with sender, receiver:
        thread = threading.Thread(target=_send_all, args=(sender, body))
        thread.start()
        buffer = bytearray(_PIECE_BYTES)
        began_s, left = time.thread_time(), length
        while left > 0:
            left -= receiver.recv_into(buffer) or left
        spent_s = time.thread_time() - began_s
        thread.join()
    return spent_s


def _send_all(sender: socket.socket, body: Iterator[bytes]) -> None:
    for piece in body:
        sender.sendall(piece)
