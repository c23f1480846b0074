"""(queries) Pages of history: bounded by their size, by what fits into a frame, and by a budget for searching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from echoless.core.clock import Clock
from echoless.crossing.query_records import AlignmentView, HistoryItemView, HistoryPage
from echoless.crossing.records import DialogueLine
from echoless.crossing.wire import PAYLOAD_BYTES_MAX
from echoless.vault.stores.drafts import ALIGNMENT, NORMALIZED_ALIGNMENT, AlignmentPart
from echoless.vault.stores.history import HistoryFilter, HistoryReader, StoredItem, matches_text

SEARCH_ITEMS_MAX: Final = 2000
SEARCH_S_MAX: Final = 1.0
PAGE_ITEMS_MAX: Final = 1000
_PAGE_BYTES_MAX: Final = PAYLOAD_BYTES_MAX - 64 * 1024
_ITEM_OVERHEAD_BYTES: Final = 2048
_LINE_OVERHEAD_BYTES: Final = 1200
# A list of characters and two of times cost at most this much for each character in a frame.
_CHARACTER_BYTES_MAX: Final = 5 + 9 + 9
ALIGNMENT_RUN_CHARACTERS: Final = 16_384


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page that is wanted.

    after_sequence: place of the last item of the page before, or None
    """

    wanted: HistoryFilter
    item_count: int
    after_sequence: int | None
    search: str


def read_page(reader: HistoryReader, request: PageRequest, clock: Clock) -> HistoryPage:
    """Read one page, newest first or oldest first, in the reader's thread."""
    page = _Page(request, clock)
    after = request.after_sequence
    while True:
        items = reader.step(request.wanted, after, page.step_size)
        for item in items:
            if not page.take(item):
                return page.finish(has_more=True)
        if not items:
            return page.finish(has_more=False)
        after = items[-1].sequence


class _Page:
    """A page while it fills."""

    def __init__(self, request: PageRequest, clock: Clock) -> None:
        self._request = request
        self._clock = clock
        self._ends_s = clock.monotonic_s() + SEARCH_S_MAX
        self._fits: Callable[[StoredItem], bool] = matches_text(request.search)
        self._views: list[HistoryItemView] = []
        self._bytes = 0
        self._scanned_count = 0
        self._scanned_until_unix = 0

    @property
    def step_size(self) -> int:
        """How many items to read next: one more than is wanted says whether there is more."""
        return SEARCH_ITEMS_MAX if self._request.search else self._request.item_count + 1 - len(self._views)

    def take(self, item: StoredItem) -> bool:
        """Take an item where it fits the search; False where the page is full or the budget is spent."""
        size = _size_bytes(item)
        is_full = len(self._views) >= self._request.item_count or (
            bool(self._views) and self._bytes + size > _PAGE_BYTES_MAX
        )
        if is_full or self._is_spent():
            return False
        self._scanned_count += 1
        self._scanned_until_unix = item.facts.created_ms // 1000
        if not self._request.search or self._fits(item):
            self._views.append(item_view(item, None, None))
            self._bytes += size
        return True

    def finish(self, *, has_more: bool) -> HistoryPage:
        """Return the page."""
        scanned = self._scanned_until_unix if self._request.search and has_more else 0
        return HistoryPage(items=self._views, has_more=has_more, scanned_until_unix=scanned)

    def _is_spent(self) -> bool:
        if not self._request.search:
            return False
        return self._scanned_count >= SEARCH_ITEMS_MAX or self._clock.monotonic_s() > self._ends_s


def read_item(reader: HistoryReader, workspace_id: str, item_id: str) -> HistoryItemView | None:
    """Read one item with its alignments, as far as they fit into a frame."""
    item = reader.get(workspace_id, item_id)
    if item is None:
        return None
    room = _PAGE_BYTES_MAX - _size_bytes(item)
    counts = {kind: reader.alignment_length(item, kind) for kind in (ALIGNMENT, NORMALIZED_ALIGNMENT)}
    if sum(counts.values()) * _CHARACTER_BYTES_MAX > room:
        return item_view(item, None, None, counts[ALIGNMENT], counts[NORMALIZED_ALIGNMENT])
    whole, normalized = (reader.alignment(item, kind, 0, counts[kind]) for kind in counts)
    return item_view(item, whole, normalized, counts[ALIGNMENT], counts[NORMALIZED_ALIGNMENT])


def item_view(
    item: StoredItem,
    alignment: AlignmentPart | None,
    normalized_alignment: AlignmentPart | None,
    alignment_characters: int = 0,
    normalized_alignment_characters: int = 0,
) -> HistoryItemView:
    """Return an item as it crosses."""
    facts, head = item.facts, item.head
    return HistoryItemView(
        item_id=facts.item_id, request_id=facts.request_id, created_unix=facts.created_ms // 1000,
        voice_id=facts.voice_id, voice_name=facts.voice_name, model_id=facts.model_id, source=facts.source,
        output_format=facts.output_format, text=head.text, settings=head.settings,
        character_count_from=facts.character_count_from, character_count_to=facts.character_count_to,
        audio_bytes=head.audio_bytes, alignment=alignment_view(alignment),
        normalized_alignment=alignment_view(normalized_alignment), alignment_characters=alignment_characters,
        normalized_alignment_characters=normalized_alignment_characters,
        dialogue=[DialogueLine(line.text, line.voice_id, line.voice_name) for line in head.dialogue],
        input_audio_bytes=head.input_bytes, input_media_type=head.input_media_type,
    )  # fmt: skip


def _size_bytes(item: StoredItem) -> int:
    """Return what an item costs in a frame at most, its alignments not counted."""
    text_bytes = len(item.head.all_text().encode("utf-8", "surrogatepass"))
    return text_bytes + _ITEM_OVERHEAD_BYTES + _LINE_OVERHEAD_BYTES * len(item.head.dialogue)


def alignment_view(part: AlignmentPart | None) -> AlignmentView | None:
    """Return an alignment as it crosses."""
    return None if part is None else AlignmentView(part.characters, part.start_s, part.end_s)
