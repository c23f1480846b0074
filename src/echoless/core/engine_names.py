"""How the engine behind a model id is named, in the configuration and in jobs.

An empty name is the embedded engine; `local:` and a name is an installed model, `remote:` and a name a declared
remote.
"""

from __future__ import annotations

import re
from typing import Final

EMBEDDED: Final = ""
LOCAL_PREFIX: Final = "local:"
REMOTE_PREFIX: Final = "remote:"
# What an operator may write for the embedded engine.
EMBEDDED_WORDS: Final = ("embedded", "espeak-ng")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,47}")


def is_engine_name(name: str) -> bool:
    """Whether a name may be that of an installed model or of a remote: also a safe name of a directory."""
    return _NAME.fullmatch(name) is not None


def local_name(engine: str) -> str:
    """Return which installed model an engine is; empty for any other engine."""
    return engine.removeprefix(LOCAL_PREFIX) if engine.startswith(LOCAL_PREFIX) else ""


def remote_name(engine: str) -> str:
    """Return which remote an engine is; empty for any other engine."""
    return engine.removeprefix(REMOTE_PREFIX) if engine.startswith(REMOTE_PREFIX) else ""
