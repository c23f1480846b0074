"""What is searched for, arranged so that few searches find much.

A group is a common beginning with many continuations: the beginning is searched for, and the bytes at each
place where it occurs are looked up. Everything is held under a mask, so that a scanner which reads its own memory,
or is read by another, does not find its own needles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from echoless.audit.canary import ANCHOR_LETTERS, Canary
from echoless.audit.encodings import TEXT_FORMS, base64_at

MASK: Final = bytes(value ^ 0xA5 for value in range(256))
WINDOW_BYTES: Final = 16
_DISTINCT_BYTES_MIN: Final = 11
_ANCHOR_BYTES: Final = 3
_ANCHORS_PER_AUDIO: Final = 4
_SECTIONS: Final = 24
_WINDOWS_PER_ANCHOR_MAX: Final = 400
_SINGLE_WINDOWS: Final = 8


@dataclass(frozen=True, slots=True)
class Group:
    """Needles with one beginning; prints as its kind.

    kind:    the form, for example `utf-16` or `mp3_44100_128`
    anchor:  masked common beginning
    length:  of every needle, in bytes
    owners:  from the masked needle to the name of what it was taken from
    """

    kind: str
    anchor: bytes = field(repr=False)
    length: int
    owners: Mapping[bytes, str] = field(repr=False)

    def find(self, masked: bytes, end: int) -> Iterator[tuple[int, str]]:
        """Yield place and owner of each needle that begins before `end` in masked bytes."""
        place = masked.find(self.anchor)
        while 0 <= place < end:
            owner = self.owners.get(masked[place : place + self.length])
            if owner is not None:
                yield place, owner
            place = masked.find(self.anchor, place + 1)


def text_groups(canaries: Iterable[Canary]) -> list[Group]:
    """Return the groups that find every word of every canary in every form."""
    owners: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for canary in canaries:
        for word in canary.words:
            owners[word[:ANCHOR_LETTERS], len(word)][word] = canary.name
    groups: list[Group] = []
    for (beginning, _), words in owners.items():
        groups += _forms_of(beginning, words)
    return groups


def _forms_of(beginning: str, words: Mapping[str, str]) -> Iterator[Group]:
    seen: set[bytes] = set()
    for form, encode in TEXT_FORMS.items():
        anchor = encode(beginning)
        if anchor in seen:
            continue  # For ASCII several forms are the same bytes.
        seen.add(anchor)
        encoded = {encode(word): name for word, name in words.items()}
        by_length: dict[int, dict[bytes, str]] = defaultdict(dict)
        for needle, name in encoded.items():
            by_length[len(needle)][needle.translate(MASK)] = name
        for length, needles in by_length.items():
            # The last character of a base64 form may depend on what follows the beginning.
            common = _common_beginning(encoded) if len(encoded) > 1 else anchor[: length - 1] or anchor
            yield Group(form, common.translate(MASK), length, needles)


def _common_beginning(needles: Iterable[bytes]) -> bytes:
    first, last = min(needles), max(needles)
    length = next((place for place, value in enumerate(first) if last[place] != value), len(first))
    return first[:length]


def audio_groups(data: bytes, name: str, kind: str) -> list[Group]:
    """Return groups of windows spread over some audio: its most frequent telling beginnings with what follows.

    data:    encoded or linear audio, as the client got it
    returns: groups of 16-byte windows with at least 11 different bytes each, from all over the audio; none for
             silence
    """
    places: dict[bytes, list[int]] = defaultdict(list)
    for place in range(len(data) - WINDOW_BYTES + 1):
        anchor = data[place : place + _ANCHOR_BYTES]
        if 0 not in anchor and 255 not in anchor[1:]:
            places[anchor].append(place)
    groups: list[Group] = []
    covered: set[int] = set()
    for anchor, found in _by_coverage(places, len(data)):
        windows = _telling_windows(data, found, _WINDOWS_PER_ANCHOR_MAX)
        sections = {place * _SECTIONS // len(data) for place in windows.values()}
        if sections - covered:
            covered |= sections
            owners = {window.translate(MASK): name for window in windows}
            groups.append(Group(kind, anchor.translate(MASK), WINDOW_BYTES, owners))
        if len(groups) == _ANCHORS_PER_AUDIO:
            break
    return groups + _single_windows(data, name, kind, covered)


def _single_windows(data: bytes, name: str, kind: str, covered: set[int]) -> list[Group]:
    """Return one window each for some of the sections that no group reaches, the last one first."""
    groups = []
    for section in _spread(sorted(set(range(_SECTIONS)) - covered), _SINGLE_WINDOWS):
        first, end = (len(data) * edge // _SECTIONS for edge in (section, section + 1))
        for window in _telling_windows(data, range(first, max(first, end - WINDOW_BYTES)), 1):
            needle = window.translate(MASK)
            groups.append(Group(kind, needle, WINDOW_BYTES, {needle: name}))
    return groups


def _spread(sections: list[int], limit: int) -> list[int]:
    """Return up to so many of the sections, evenly spread, the last one always among them."""
    step = max(1, -(-len(sections) // limit))
    return sections[::-1][::step]


def _by_coverage(places: Mapping[bytes, list[int]], total: int) -> list[tuple[bytes, list[int]]]:
    """Return the anchors that occur in most sections of the audio, at most a few hundred of them."""
    spread = Counter({anchor: len({p * _SECTIONS // total for p in found}) for anchor, found in places.items()})
    return [(anchor, places[anchor]) for anchor, _ in spread.most_common(200)]


def _telling_windows(data: bytes, places: Iterable[int], limit: int) -> dict[bytes, int]:
    windows: dict[bytes, int] = {}
    for place in places:
        window = data[place : place + WINDOW_BYTES]
        if len(set(window)) >= _DISTINCT_BYTES_MIN:
            windows[window] = place
        if len(windows) == limit:
            break
    return windows


def base64_audio_groups(data: bytes, name: str, kind: str) -> list[Group]:
    """Return groups for the same audio in base64: two telling windows of 24 bytes at the three phases."""
    groups = []
    for place in _two_places(data):
        window = data[place : place + 24]
        for phase in range(3):
            needle = base64_at(phase, window).translate(MASK)
            groups.append(Group(f"{kind} base64", needle, len(needle), {needle: name}))
    return groups


def _two_places(data: bytes) -> list[int]:
    chosen = []
    for part in (range(len(data) // 3, len(data) - 24), range(len(data) * 4 // 5, len(data) - 24)):
        place = next((p for p in part if len(set(data[p : p + 24])) >= 16), None)
        if place is not None:
            chosen.append(place)
    return chosen
