"""Starts the vault: `python -m echoless.vault.service FD_CONTROL FD_JOURNAL`."""

from __future__ import annotations

import sys

from echoless.vault.service.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
