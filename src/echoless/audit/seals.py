"""Who seals the report of an audit whose servers come and go: a vault that is there once all is written down.

An audit that had one server is sealed by that one. A laboratory starts its last server again, that which was
restored if there is one; where copies of the program were audited, a sound server of the installation is started
for it alone.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from echoless.audit.options import AuditOptions
from echoless.audit.reports.report import AuditReport
from echoless.audit.reports.sealing import Ask
from echoless.audit.reports.writing import note_unsealed, seal_report
from echoless.core.errors import EcholessError
from echoless.core.server_process import ServerProcess

OVER_THE_NETWORK: Final = (
    "the audited vault is out of reach: nobody is at its door over the network. On its own machine, with --data, "
    "this audit is sealed"
)
PART_OF_ANOTHER: Final = "this audit is a part of another one, whose report is sealed"
_FLAGS: Final = ("--engines", "1", "--gateways", "1")
_STEP: Final = "sealing the report"
Vault = contextlib.AbstractContextManager[Ask]


@contextlib.contextmanager
def vault_of_own(options: AuditOptions) -> Iterator[Ask]:
    """Yield the way to the vault of a sound server, which is started for this alone and stopped afterwards.

    raises: EcholessError(ENGINE_UNAVAILABLE) when it does not serve
    """
    with tempfile.TemporaryDirectory(prefix="echoless-seal-") as place:
        data, output = Path(place) / "data", Path(place) / "output"
        flags = (*_FLAGS, *options.flags)
        with ServerProcess.start(data, output, flags, interpreter=options.interpreter) as own:
            yield lambda record: options.ask_operator(own.data_directory, record)


def seal_by(vault: Vault, options: AuditOptions, report: AuditReport, finish: Callable[[], None]) -> None:
    """Have a report sealed by a vault that has to be started first; one that does not start is a check that failed.

    finish: writes down how long it all took, which must stand there before
    """
    if not options.is_sealed:
        finish()
        report.unsealed = PART_OF_ANOTHER
        return
    options.progress(_STEP, 0.0)
    reason = ""
    try:
        with vault as ask:
            options.progress(_STEP, 1.0)
            finish()
            seal_report(report, ask)
    except EcholessError as error:
        reason = error.public_description
    if reason:
        finish()
        note_unsealed(report, reason)
