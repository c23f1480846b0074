"""What a person sees when the server is ready: where it listens, which key, what to try."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from echoless.supervisor.config import ServerConfig
from echoless.supervisor.role_configs import ResolvedTLS
from echoless.supervisor.terminal import Terminal

FIRST_KEY_NAME: Final = "first-api-key"
_EXAMPLE_VOICE: Final = "JBFqnCBsd6RMkjVDRZzb"


@dataclass(slots=True)
class Welcome:
    """The facts of the first words.

    key_path: the file that the first key was written to at this start; empty where there is none
    """

    config: ServerConfig
    tls: ResolvedTLS
    port: int
    started_s: float
    key_hint: str = ""
    first_key: str = ""
    key_path: str = ""

    @property
    def url(self) -> str:
        """Where a client on this machine reaches the server."""
        host = "127.0.0.1" if self.config.host in {"0.0.0.0", "::"} else self.config.host  # noqa: S104  # compared
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls.is_on else 'http'}://{shown}:{self.port}"

    def lines(self, missing: tuple[str, ...], now_s: float) -> list[str]:
        """Return the lines to show once everything serves."""
        insecure = " --insecure" if self.config.tls_self_signed else ""
        lines = [
            f"Echoless serves at {self.url} (ready after {now_s - self.started_s:.1f} s); its API is described at "
            f"{self.url}/docs",
            f"API key: ...{self.key_hint}",
            f"Try it, kept nowhere{'' if self.key_path else ', with the key in ECHOLESS_API_KEY'}:",
            f"  curl{insecure} '{self.url}/v1/text-to-speech/{_EXAMPLE_VOICE}?enable_logging=false' \\",
            f"    -H \"xi-api-key: {self._key_words()}\" -H 'content-type: application/json' \\",
            '    -d \'{"text": "Nobody will remember this."}\' --output speech.mp3',
        ]
        if self.config.audit_view:
            lines.append("AUDIT VIEW: memory of all processes is readable to this user. Not for production.")
        return lines + self._host_lines(missing)

    def _key_words(self) -> str:
        """Return where a shell finds the key."""
        return f"$(cat {shlex.quote(self.key_path)})" if self.key_path else "$ECHOLESS_API_KEY"

    def _host_lines(self, missing: tuple[str, ...]) -> list[str]:
        codes = ", ".join(missing)
        if not missing:
            full = "Zero retention: full assurance on this host."
            best_effort = (
                "BEST EFFORT by configuration: should this host lose a property, zero retention would be served "
                "all the same."
            )
            return [full, best_effort] if self.config.assurance == "best_effort" else [full]
        if self.config.assurance == "best_effort":
            return [f"Zero retention: BEST EFFORT ONLY, by configuration. Missing here: {codes}"]
        return [f"Zero retention is refused on this host. Missing: {codes}. See 'echoless doctor'."]


def hand_over_key(welcome: Welcome, data_directory: Path, terminal: Terminal) -> None:
    """Show the first key once on a terminal, or write it to a file for this user only and name that."""
    if sys.stdout.isatty():
        terminal.say(f"The first API key, shown only this once: {welcome.first_key}")
    else:
        path = data_directory / FIRST_KEY_NAME
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(welcome.first_key + "\n")
        welcome.key_path = str(path)
        terminal.say(f"The first API key is in {path}; move it to a safe place.")
    welcome.first_key = ""
