"""`echoless health`: whether the server on a data directory lives, or is ready for work. For units and images.

Exit status: 0 when it is, 1 when it is not.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from echoless.cli.screen import show_line
from echoless.cli.settings import ConfigOption, DataOption, config_of
from echoless.core.server_process import url_of
from echoless.supervisor.config import ServerConfig
from echoless.supervisor.role_configs import ResolvedTLS

_TIMEOUT_S: Final = 5.0
_PAUSE_S: Final = 0.25
_ANSWER_BYTES_MAX: Final = 64 * 1024


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("health")(health_command)


def health_command(
    *,
    config: ConfigOption = None,
    data: DataOption = None,
    is_ready: Annotated[
        bool, typer.Option("--ready", help="Ask whether it takes new work, not only whether it lives.")
    ] = False,
    wait_s: Annotated[float, typer.Option("--wait", help="How long to wait for it, in seconds.", min=0.0)] = 0.0,
) -> None:
    """Ask the server that runs on a data directory how it is."""
    settings = config_of(config=config, data=data)
    deadline_s = time.monotonic() + wait_s
    is_well, words = _ask(settings, "/ready" if is_ready else "/health")
    while not is_well and time.monotonic() < deadline_s:
        time.sleep(_PAUSE_S)
        is_well, words = _ask(settings, "/ready" if is_ready else "/health")
    show_line(words)
    raise typer.Exit(0 if is_well else 1)


def _ask(settings: ServerConfig, path: str) -> tuple[bool, str]:
    """Return whether the answer is a good one, and what it says in short."""
    url = url_of(Path(settings.data))
    if not url:
        return False, f"no server runs on {settings.data}"
    connection = _connection(url, settings)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        answer = json.loads(response.read(_ANSWER_BYTES_MAX))
    except (OSError, http.client.HTTPException, ValueError):
        return False, f"the server at {url} does not answer"
    finally:
        connection.close()
    state = answer if isinstance(answer, dict) else {}
    found = [str(reason) for name in ("reasons", "limits") for reason in state.get(name) or ()]
    status = str(state.get("status") or "unavailable")
    return response.status == http.HTTPStatus.OK, f"{status}: {', '.join(found)}" if found else status


def _connection(url: str, settings: ServerConfig) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname, "the server writes its own address"
    if parts.scheme != "https":
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=_TIMEOUT_S)
    # Its own certificate is known here, and it is asked by a number: the certificate counts, not the name in it.
    context = ssl.create_default_context(cafile=ResolvedTLS.of(settings).certificate_path)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=_TIMEOUT_S, context=context)
