"""A server among every switch that makes programs talk: none may reach a process that sees content.

Loggers at their lowest level, debug modes of the interpreter and of libraries, exporters of traces, files for the
keys of TLS. The supervisor, which sees no content, has them all; the others start with a handful of variables.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from echoless.audit.client import AuditClient
from echoless.audit.groundwork import clear_groundwork, lay_groundwork
from echoless.audit.lab_server import Lab, LabServer
from echoless.audit.parts.scrapes import note_scrapes
from echoless.audit.planting import Manner, Planting
from echoless.audit.plantings.catalogue import all_plantings
from echoless.audit.sending import plant

PROVES: Final = ("C24", "C25")
SWITCHES: Final[Mapping[str, str]] = {
    "PYTHONASYNCIODEBUG": "1", "PYTHONFAULTHANDLER": "1", "PYTHONWARNINGS": "always",
    "PYTHONPROFILEIMPORTTIME": "", "DEBUG": "1", "LOGLEVEL": "DEBUG", "LOG_LEVEL": "TRACE",
    "UVICORN_LOG_LEVEL": "trace", "UVICORN_ACCESS_LOG": "1", "HTTPX_LOG_LEVEL": "trace", "OPENAI_LOG": "debug",
    "WEBSOCKETS_MAX_LOG_SIZE": "1000000", "TRANSFORMERS_VERBOSITY": "debug", "HF_DEBUG": "1", "CT2_VERBOSE": "3",
    "ORT_DEBUG_NODE_IO_DUMP_INPUT_DATA": "1", "AV_LOG_LEVEL": "debug", "G_MESSAGES_DEBUG": "all",
    "SENTRY_DSN": "http://key@127.0.0.1:9/1", "SENTRY_DEBUG": "1",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_LOG_LEVEL": "debug",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "true", "DD_TRACE_DEBUG": "true",
}  # fmt: skip
"""What an operator, a base image or an agent may have set; each is known for having shown content somewhere."""
_KEY_LOG: Final = "SSLKEYLOGFILE"
_TOKEN_NAME: Final = "metrics-token"  # noqa: S105  # a file's name
_EVERY: Final = 6
# Recordings take long to make, and what is refused of them is refused in the same way.
_ONLY: Final = ("text_to_speech", "openai_aliases")


def check_surroundings(lab: Lab) -> None:
    """Plant in a server among all switches, by TLS, and search; scrape it before and after."""
    token = secrets.token_hex(24)
    token_path, key_log = lab.place / _TOKEN_NAME, lab.place / "tls-keys"
    token_path.write_text(token, encoding="ascii")
    settings = {
        **SWITCHES, _KEY_LOG: str(key_log), "ECHOLESS_METRICS_TOKEN_FILE": str(token_path),
        "ECHOLESS_ACCESS_LOG": "true",
    }  # fmt: skip
    with lab.server("surroundings", ("--tls-self-signed",), settings) as server:
        with server.client() as client:
            groundwork = lay_groundwork(client, lab.mint, has_sounds=False)
            before = _scrape(client, token)
            _plant(lab, client, chosen(all_plantings(lab.mint, groundwork, only=_ONLY)))
            clear_groundwork(client, groundwork)
            server.watch_new(groundwork.sounds)
            server.search("among debug switches", *PROVES)
            note_scrapes(lab.report, before, _scrape(client, token), server.needles)
        _check_variables(lab, server)
        lab.report.check(
            "surroundings: no keys of TLS are written", not key_log.exists() or not key_log.stat().st_size,
            f"{_KEY_LOG} was set, and TLS was used: {server.running.url.startswith('https')}", *PROVES,
        )  # fmt: skip


def chosen(plantings: Iterable[Planting]) -> tuple[Planting, ...]:
    """Return what is most telling of logs: everything that ends in an error, and some of the rest."""
    return tuple(
        planting
        for number, planting in enumerate(plantings)
        if "refused" in planting.name or planting.manner is not Manner.WHOLE or number % _EVERY == 0
    )


def _plant(lab: Lab, client: AuditClient, plantings: tuple[Planting, ...]) -> None:
    planted = plant(client, plantings, lambda part: lab.options.progress("surroundings: planting", part))
    planted.close_sockets()
    lab.report.request_count += planted.request_count
    lab.report.check(
        "surroundings: planted as intended", not planted.unexpected,
        "; ".join(planted.unexpected) or f"{planted.request_count} requests", *PROVES,
    )  # fmt: skip


def _scrape(client: AuditClient, token: str) -> bytes:
    answer = client.request("GET", "/metrics", headers={"xi-api-key": token})
    return answer.body if answer.status == 200 else b""


def _check_variables(lab: Lab, server: LabServer) -> None:
    """Look into the environment that the kernel shows of each process."""
    wanted = {*SWITCHES, _KEY_LOG}
    supervisor, *others = server.family()
    reached = {f"{member.role}: {name}" for member in others for name in variables_of(member.pid) & wanted}
    lab.report.check(
        "control: the switches surround the server", variables_of(supervisor.pid) >= wanted,
        f"{len(wanted)} variables at the supervisor, which sees no content", *PROVES,
    )  # fmt: skip
    lab.report.check(
        "surroundings: no switch reaches a process", not reached and len(others) > 1,
        f"{len(others)} processes" + (f"; reached: {', '.join(sorted(reached))}" if reached else ""), *PROVES,
    )  # fmt: skip


def variables_of(pid: int) -> frozenset[str]:
    """Return the names of the variables that a process was started with."""
    data = Path(f"/proc/{pid}/environ").read_bytes()
    return frozenset(part.partition(b"=")[0].decode(errors="replace") for part in data.split(b"\0") if part)
