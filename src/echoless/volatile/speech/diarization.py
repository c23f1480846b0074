"""Tells the speakers of a recording apart by the statistics of their voices' features. Pure computation.

Words next to each other make pieces of a second and a half; of a piece only the number, the sum and the products of
its feature rows are kept. Pieces whose features are best described by one normal distribution are joined, the
likest first, until two would be described better apart. Who speaks at the same time as another is not found.
source: Chen and Gopalakrishnan 1998, the Bayesian information criterion for speaker clustering
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from echoless.core.content import AudioContent
from echoless.volatile.speech.windows import Window

Matrix = NDArray[np.float64]
THRESHOLD_DEFAULT: Final = 0.22
SPEAKERS_MAX: Final = 32
# More pieces than this are joined with their neighbours: bounds memory and time of a recording of any length.
PIECES_MAX: Final = 400
_PIECE_S: Final = 1.5
_FEATURE_ROWS_PER_SECOND: Final = 100
# Measured with one to four voices, human, shifted and synthetic: from 0.6 to 0.8 nearly all are told apart.
_PENALTY_AT_DEFAULT: Final = 0.7
_FLOOR: Final = 1e-3
_FLOOR_SHARE: Final = 1.0


@dataclass(frozen=True, slots=True, repr=False)
class _Piece:
    """Statistics of feature rows: their number, their sum, the sum of their products."""

    count: int
    total: Matrix
    products: Matrix

    def with_other(self, other: _Piece) -> _Piece:
        return _Piece(self.count + other.count, self.total + other.total, self.products + other.products)


class BasicDiarizer:
    """Tells the speakers of one recording apart.

    features: turns samples into rows, 100 a second, all of one length
    """

    def __init__(self, features: Callable[[AudioContent], Matrix]) -> None:
        self._features = features
        self._pieces: list[_Piece] = []
        self._piece_of_word: list[int] = []

    def note(self, window: Window, words: list[tuple[float, float]]) -> None:
        """Take note of a window and of the words in it: start and end in seconds from the recording's start."""
        if not words:
            return
        rows = self._features(window.pcm)
        for group in _groups(words):
            spans = [_rows_of(rows, start_s - window.start_s, end_s - window.start_s) for start_s, end_s in group]
            piece = _piece(np.concatenate(spans))
            self._piece_of_word += [len(self._pieces)] * len(group)
            self._pieces.append(piece)
        rows.fill(0.0)
        if len(self._pieces) >= 2 * PIECES_MAX:
            self._condense()

    def speakers(self, count: int | None, threshold: float | None) -> list[int]:
        """Return who said each of the words noted: 0 for the first one heard.

        count:     how many speakers there are; None for as many as are found, up to SPEAKERS_MAX
        threshold: 0.1 to 0.4, higher for fewer speakers; None for THRESHOLD_DEFAULT
        """
        if not self._pieces:
            return []
        if len(self._pieces) > PIECES_MAX:
            self._condense()
        penalty = _PENALTY_AT_DEFAULT * (THRESHOLD_DEFAULT if threshold is None else threshold) / THRESHOLD_DEFAULT
        clusters = _clusters(self._pieces, count, penalty)
        numbers: dict[int, int] = {}
        return [numbers.setdefault(clusters[piece], len(numbers)) for piece in self._piece_of_word]

    def _condense(self) -> None:
        """Join the likest neighbours until PIECES_MAX are left."""
        while len(self._pieces) > PIECES_MAX:
            floor = _floor(self._pieces)
            unlike = [float(_unlikeness(one, [other], floor)[0]) for one, other in pairwise(self._pieces)]
            taken: set[int] = set()
            for at in sorted(range(len(unlike)), key=lambda index: unlike[index]):
                if len(self._pieces) - len(taken) // 2 <= PIECES_MAX:
                    break
                if not taken & {at, at + 1}:
                    taken |= {at, at + 1}
            self._join_pairs(taken)

    def _join_pairs(self, taken: set[int]) -> None:
        """Join each piece of a set with its neighbour in it: the set holds pairs."""
        joined: list[_Piece] = []
        place: list[int] = []
        at = 0
        while at < len(self._pieces):
            is_pair = at in taken
            piece = self._pieces[at].with_other(self._pieces[at + 1]) if is_pair else self._pieces[at]
            place += [len(joined)] * (2 if is_pair else 1)
            joined.append(piece)
            at += 2 if is_pair else 1
        self._pieces = joined
        self._piece_of_word = [place[index] for index in self._piece_of_word]


def _groups(words: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Divide the words of a window into pieces; a short rest belongs to the piece before it."""
    groups: list[list[tuple[float, float]]] = [[]]
    length_s = 0.0
    for index, (start_s, end_s) in enumerate(words):
        rest_s = sum(end - start for start, end in words[index:])
        if length_s >= _PIECE_S and rest_s >= _PIECE_S / 2:
            groups.append([])
            length_s = 0.0
        groups[-1].append((start_s, end_s))
        length_s += end_s - start_s
    return groups


def _rows_of(rows: Matrix, start_s: float, end_s: float) -> Matrix:
    """Return the rows of a stretch, at least one where there are any."""
    first = min(max(0, int(start_s * _FEATURE_ROWS_PER_SECOND)), max(0, len(rows) - 1))
    return rows[first : max(first + 1, int(end_s * _FEATURE_ROWS_PER_SECOND))]


def _piece(rows: Matrix) -> _Piece:
    return _Piece(len(rows), rows.sum(axis=0), rows.T @ rows)


def _clusters(pieces: list[_Piece], count: int | None, penalty: float) -> list[int]:
    """Return the cluster of each piece."""
    floor = _floor(pieces)
    members = {index: [index] for index in range(len(pieces))}
    current = dict(enumerate(pieces))
    unlike = np.full((len(pieces), len(pieces)), np.inf)
    for one in range(len(pieces) - 1):
        unlike[one, one + 1 :] = _unlikeness(pieces[one], pieces[one + 1 :], floor)
    wanted = min(count, SPEAKERS_MAX) if count is not None else None
    while len(members) > 1 and (wanted is None or len(members) > wanted):
        one, other = (int(index) for index in np.unravel_index(np.argmin(unlike), unlike.shape))
        if wanted is None and unlike[one, other] > penalty and len(members) <= SPEAKERS_MAX:
            break
        members[one] += members.pop(other)
        current[one] = current[one].with_other(current.pop(other))
        unlike[other, :] = unlike[:, other] = np.inf
        rest = [index for index in current if index != one]
        values = _unlikeness(current[one], [current[index] for index in rest], floor)
        for index, value in zip(rest, values, strict=True):
            unlike[min(one, index), max(one, index)] = value
    found = [0] * len(pieces)
    for cluster, indices in members.items():
        for index in indices:
            found[index] = cluster
    return found


def _unlikeness(piece: _Piece, others: list[_Piece], floor: Matrix) -> Matrix:
    """Return for each other piece the gain of describing the two apart, over the criterion's penalty."""
    if not others:
        return np.empty(0)
    counts = np.array([other.count for other in others], dtype=np.float64)
    totals = np.stack([other.total for other in others])
    products = np.stack([other.products for other in others])
    apart = counts * _log_volume(counts, totals, products, floor)
    own = np.array([float(piece.count)])
    apart += piece.count * _log_volume(own, piece.total[None], piece.products[None], floor)[0]
    both = counts + piece.count
    together = both * _log_volume(both, totals + piece.total, products + piece.products, floor)
    size = len(piece.total)
    parameters = size + size * (size + 1) / 2
    gain: Matrix = (together - apart) / (parameters * np.log(both))
    return gain


def _floor(pieces: list[_Piece]) -> Matrix:
    """Return what is added to every covariance: that of all pieces together, so that no short one is too narrow."""
    count = sum(piece.count for piece in pieces)
    mean = sum((piece.total for piece in pieces), np.zeros_like(pieces[0].total)) / count
    products = sum((piece.products for piece in pieces), np.zeros_like(pieces[0].products)) / count
    floor: Matrix = _FLOOR_SHARE * (products - np.outer(mean, mean)) + _FLOOR * np.eye(len(mean))
    return floor


def _log_volume(counts: Matrix, totals: Matrix, products: Matrix, floor: Matrix) -> Matrix:
    """Return the logarithms of the determinants of covariances."""
    means = totals / counts[:, None]
    covariances = products / counts[:, None, None] - means[:, :, None] * means[:, None, :]
    covariances += floor
    volumes: Matrix = np.linalg.slogdet(covariances)[1]
    return volumes
