"""The keys that a command believes: those that were saved, and those that follow from them.

Whatever else lists keys (the server, a mirror, a report's file) is believed only as far as each turn is proved by
what the key of before has signed, and the log goes on from the state that it signed last.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from echoless.cli.log_files import log_files, put_durably, read_object
from echoless.cli.screen import show_note
from echoless.core.errors import EcholessError, ErrorCode
from echoless.receipts.checkpoint import NOT_SIGNED
from echoless.receipts.growing import Fetch
from echoless.receipts.handover import KeyTurn
from echoless.receipts.key_turns import follow_keys
from echoless.receipts.log_check import LogFault, check_growth
from echoless.receipts.log_keys import LogKeys
from echoless.receipts.signing import Fault

KEYS_FILE: Final = "keys"
"""The answer with the public keys, beside the files of a log."""
_UNFOLLOWED: Final = "If a key turned since these were saved, name --url or --dir to follow it."
_OTHER_KEY: Final = (NOT_SIGNED, Fault.UNKNOWN_KEY.value)
_NO_LIST: Final = "There is no list of keys here that it could be followed by."
FollowUrlOption = Annotated[
    str | None, typer.Option("--url", help="Server or mirror: follow keys that turned since --keys was saved.")
]
FollowFolderOption = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help="A copy of the log, in the place of --url.")
]
SaveKeysOption = Annotated[
    Path | None,
    typer.Option("--save-keys", metavar="FILE", help="Write the keys of now, to be --keys from then on."),
]


class KnownKeys:
    """Saved keys, and what was proved to follow from them.

    keys:  in the form of the server's answer
    turns: that were followed, the oldest first
    raises: EcholessError(INVALID_PARAMETERS) for a file that holds no keys, as soon as those of the log are needed
    """

    def __init__(self, path: Path) -> None:
        self.keys: dict[str, Any] = read_object(path)
        self._path = path
        self.turns: list[KeyTurn] = []
        self._log_break = _NO_LIST
        self._receipt_break = ""

    @property
    def log_keys(self) -> LogKeys:
        """The log's key now, and those of before."""
        return LogKeys.parse(self.keys)

    @property
    def breaks(self) -> str:
        """Where a chain broke; empty where none did."""
        return " ".join(text for text in (self._log_break, self._receipt_break) if text)

    def follow(self, answer: Mapping[str, Any], *, is_news: bool = True) -> None:
        """Follow an answer that nobody vouches for.

        is_news: whether to say on standard error which turns were followed
        """
        followed = follow_keys(self.keys, answer)
        self.keys, self._log_break, self._receipt_break = followed.keys, followed.log_break, followed.receipt_break
        for what, turns in (("the log", followed.log_turns), ("receipts", followed.receipt_turns)):
            self.turns += turns
            if turns and is_news:
                entries = ", ".join(str(turn.entry) for turn in turns)
                show_note(
                    f"the key of {what} turned since {self._path} was saved, and is followed: entry {entries}"
                )

    def follow_from(self, fetch: Fetch, *, is_news: bool = True) -> None:
        """Follow the list beside a log's files; one that is not there or cannot be read is no list."""
        told = ""
        try:
            data = fetch(KEYS_FILE)
        except EcholessError as error:
            data, told = None, f"Its list of keys: {error.public_description}."
        answer = _object(data or b"")
        if answer is not None:
            self.follow(answer, is_news=is_news)
        elif told:
            self._log_break = told

    def fault_in(self, note: str, fetch: Fetch) -> tuple[LogFault, str] | None:
        """Return why a checkpoint cannot be believed, with where the chain of keys breaks; or which state of a turn
        is no part of this log; None where all holds.
        """
        told = ""
        try:
            checkpoint = self.log_keys.open(note)
        except EcholessError as error:
            told = error.public_description
        if told:
            return LogFault.CHECKPOINT, f"{told} {self._log_break}".strip()
        for turn in self.turns:
            # A state from before the turn, as somebody saved it, is signed by a key that was saved too.
            later = turn.checkpoint.size <= checkpoint.size
            for fault, place in check_growth(checkpoint, turn.checkpoint, fetch) if later else ():
                return fault, f"{place}, at the turn of a key at entry {turn.entry}"
        return None

    def demand(self, note: str, fetch: Fetch) -> None:
        """Raise where `fault_in` finds something; raises EcholessError(INVALID_PARAMETERS)."""
        found = self.fault_in(note, fetch)
        if found is not None:
            raise EcholessError(ErrorCode.INVALID_PARAMETERS, f"{found[0].value}: {found[1]}")

    def save(self, path: Path | None) -> None:
        """Write the keys, where that is wanted."""
        if path is not None:
            put_durably(path.absolute().parent, path.name, self.text.encode("utf-8"))

    @property
    def text(self) -> str:
        """The keys as a file."""
        return json.dumps(self.keys, indent=2) + "\n"


@contextlib.contextmanager
def known_keys(
    path: Path, url: str | None, folder: Path | None, save: Path | None, among: Mapping[str, Any] | None = None
) -> Iterator[KnownKeys]:
    """Yield the keys for something that is checked without a server, and save them once it holds.

    url, folder: where to follow them, if anywhere
    among:       keys that lie beside what is checked; they are followed as well
    raises:      EcholessError(INVALID_PARAMETERS) as what is checked does, with where the chain broke
    """
    known, told, checked = KnownKeys(path), "", None
    if among is not None:
        known.follow(among)
    if url is not None or folder is not None:
        with log_files(url, folder) as fetch:
            known.follow_from(fetch)
    try:
        yield known
    except EcholessError as error:
        checked, told = error.code, error.public_description
    if checked is not None:
        is_following = among is not None or url is not None or folder is not None
        hint = _UNFOLLOWED if any(words in told for words in _OTHER_KEY) else ""
        raise EcholessError(checked, f"{told} {known.breaks if is_following else hint}".strip())
    known.save(save)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def demand_keys(keys: Path | None, *following: object) -> None:
    """Raise where keys are to be followed and none were named; raises EcholessError(INVALID_PARAMETERS)."""
    if keys is None and any(option is not None for option in following):
        raise EcholessError(ErrorCode.INVALID_PARAMETERS, "--url, --dir and --save-keys need --keys", param="keys")
