"""The pictures of a report: what was planted where, what was searched, what was found, the controls, and the time.

Each is drawn as SVG for the page and as PNG for paper. They show names of places and numbers, never a word.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from echoless.audit.reports.palette import PAGE, PAPER, Palette, with_variables
from echoless.audit.reports.report import AuditReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH_IN: Final = 9.0
_ROW_IN: Final = 0.27
_HEAD_IN: Final = 1.1
_ROWS_MAX: Final = 48
_NAME_CHARACTERS_MAX: Final = 46
_MIB: Final = 2**20
_BEFORE: Final = "made beforehand"
# `text 1` and `text 2` are one place.
_NUMBERED: Final = re.compile(r"(?:[ _-]\d+)+$")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    name:  its id in the page
    title: what it shows
    """

    name: str
    title: str
    draw: Callable[[AuditReport, Palette], Figure | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A place that was searched, as the pictures count it."""

    name: str
    byte_count: int
    zero_copies: int
    kept_copies: int


def places_of(report: AuditReport) -> list[Place]:
    """Return every place that was searched: memory by process, over all scans; others as they were noted."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in report.processes:
        _add(found[f"memory: {row.role}"], row.read_bytes, row.zero_copies, row.kept_copies)
    for place in report.searched:
        # Memory is noted by process too, in more detail.
        if place.kind != "memory" or not report.processes:
            _add(found[place.place], place.byte_count, place.zero_copies, place.kept_copies)
    return [Place(name, *numbers) for name, numbers in found.items()]


def as_svg(picture: Picture, report: AuditReport) -> str:
    """Return a picture as an SVG element for the page, or nothing where there is nothing to show."""
    import matplotlib as mpl

    figure = picture.draw(report, PAGE)
    if figure is None:
        return ""
    data = io.StringIO()
    # Words stay words, and ids are the same each time and differ between pictures.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": picture.name}):
        figure.savefig(data, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _embedded(with_variables(data.getvalue()), picture)


def as_png(picture: Picture, report: AuditReport) -> bytes:
    """Return a picture as a PNG file on white, or nothing where there is nothing to show."""
    figure = picture.draw(report, PAPER)
    if figure is None:
        return b""
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=150, facecolor="white")
    return data.getvalue()


def _embedded(svg: str, picture: Picture) -> str:
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    # Several pictures are in one page: their ids must not meet.
    element = re.sub(r'\bid="([^"]+)"', rf'id="{picture.name}-\1"', element)
    element = re.sub(r'(href="|url\()#', rf"\1#{picture.name}-", element)
    return element.replace("<svg", f'<svg role="img" aria-label="{picture.title}"', 1)


# --- the pictures ---


def draw_planted(report: AuditReport, palette: Palette) -> Figure | None:
    """Places down, products across: how many marks were planted in each, and in which mode."""
    if not report.planted:
        return None
    counts: Counter[tuple[str, str, str]] = Counter()
    for planted in report.planted:
        counts[planted.product or _BEFORE, _NUMBERED.sub("", planted.place), planted.mode] += planted.count
    products = sorted({product for product, _, _ in counts})
    places = sorted({place for _, place, _ in counts})
    figure, axes = _canvas(len(places), palette, row_in=0.21, head_in=1.9)
    for (product, place, mode), count in sorted(counts.items()):
        is_zero = mode == "zero"
        column = products.index(product) + (-0.3 if is_zero else 0.12)
        color = palette.bar if is_zero else palette.kept
        row = places.index(place)
        axes.scatter([column], [row], s=14 + 5 * min(count, 12), color=color, linewidths=0)
        axes.text(column + 0.12, row, str(count), color=palette.muted, fontsize=7, va="center")
    axes.set_yticks(range(len(places)), [_short(place) for place in places])
    axes.set_xticks(
        range(len(products)), [product.replace("_", " ") for product in products], rotation=20, ha="left"
    )
    axes.xaxis.tick_top()
    axes.grid(visible=True, axis="y", color=palette.grid, linewidth=0.6)
    axes.set_xlim(-0.5, max(len(products), 4) - 0.5)
    axes.set_ylim(len(places) - 0.4, -0.6)
    _legend(axes, palette, (("zero retention", palette.bar), ("kept", palette.kept)), is_below=True)
    return figure


def draw_searched(report: AuditReport, palette: Palette) -> Figure | None:
    """How many bytes were searched in each place."""
    places = sorted((place for place in places_of(report) if place.byte_count), key=lambda place: place.byte_count)
    places = places[-_ROWS_MAX:]
    if not places:
        return None
    figure, axes = _canvas(len(places), palette)
    sizes = [place.byte_count / _MIB for place in places]
    axes.barh(range(len(places)), sizes, color=palette.bar, height=0.62)
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_xlim(min(sizes) / 2, max(sizes) * 6)
    for row, size in enumerate(sizes):
        axes.text(size * 1.15, row, _size(size), color=palette.ink, fontsize=8, va="center")
    axes.set_yticks(range(len(places)), [_short(place.name) for place in places])
    axes.set_xlabel("MiB searched, each step ten times the last")
    return figure


def draw_copies(report: AuditReport, palette: Palette) -> Figure | None:
    """How many copies were found in each place: such as must be nowhere, and such as may be there."""
    places = places_of(report)
    # All with copies that must not be there, then others while there is room.
    places = sorted(places, key=lambda place: (place.zero_copies == 0, -place.kept_copies))[:_ROWS_MAX][::-1]
    if not places:
        return None
    figure, axes = _canvas(len(places), palette)
    for row, place in enumerate(places):
        axes.barh([row - 0.18], [place.zero_copies], height=0.36, color=palette.zero)
        axes.barh([row + 0.18], [place.kept_copies], height=0.36, color=palette.kept)
        label = f"{place.zero_copies}" + (f" + {place.kept_copies} kept" if place.kept_copies else "")
        color = palette.zero if place.zero_copies else palette.good
        if not (place.byte_count or place.zero_copies or place.kept_copies):
            # A zero would say that a place is clean in which nobody looked.
            label, color = "nothing searched", palette.muted
        end = max(place.zero_copies, place.kept_copies)
        axes.annotate(
            label, (end, row), xytext=(5, 0), textcoords="offset points", color=color, fontsize=8, va="center"
        )
    axes.set_yticks(range(len(places)), [_short(place.name) for place in places])
    most = max(max(place.zero_copies, place.kept_copies) for place in places)
    axes.set_xlim(0, max(4, most) * 1.2)
    axes.locator_params(axis="x", integer=True)
    axes.set_xlabel("copies found")
    _legend(axes, palette, (("must be nowhere", palette.zero), ("kept: may be there", palette.kept)))
    return figure


def draw_controls(report: AuditReport, palette: Palette) -> Figure | None:
    """Each positive control: was what had to be found, found?"""
    controls = [check for check in report.checks if check.is_control][:_ROWS_MAX][::-1]
    if not controls:
        return None
    figure, axes = _canvas(len(controls), palette, row_in=0.36, head_in=0.5)
    for row, check in enumerate(controls):
        color = palette.control if check.is_passed else palette.zero
        axes.barh([row], [1], height=0.7, color=color, alpha=1.0 if check.is_passed else 0.9)
        word = "found, as it must be" if check.is_passed else "NOT FOUND: the search is broken"
        axes.text(1.03, row, f"{word} ({_short(check.detail)})", color=color, fontsize=9, va="center")
    axes.set_yticks(range(len(controls)), [_short(check.name.partition(":")[2].strip()) for check in controls])
    axes.set_xlim(0, 6)
    axes.set_xticks([])
    return figure


def draw_timeline(report: AuditReport, palette: Palette) -> Figure | None:
    """Which step ran when."""
    steps = report.steps[:_ROWS_MAX][::-1]
    if not steps:
        return None
    figure, axes = _canvas(len(steps), palette)
    end_s = max(step.ended_s for step in steps)
    for row, step in enumerate(steps):
        is_control = step.name.startswith("control")
        lasted_s = max(step.ended_s - step.began_s, end_s / 500)
        color = palette.control if is_control else palette.bar
        axes.barh([row], [lasted_s], left=[step.began_s], height=0.6, color=color)
        axes.text(
            step.began_s + lasted_s + end_s / 120, row, f"{step.ended_s - step.began_s:.1f} s",
            color=palette.muted, fontsize=8, va="center",
        )  # fmt: skip
    axes.set_yticks(range(len(steps)), [_short(step.name) for step in steps])
    axes.set_xlim(0, end_s * 1.1)
    axes.set_xlabel("seconds since the audit began")
    return figure


PICTURES: Final = (
    Picture("controls", "Positive controls: what had to be found", draw_controls),
    Picture("copies", "Copies found in each place", draw_copies),
    Picture("planted", "What was planted where", draw_planted),
    Picture("searched", "Bytes searched in each place", draw_searched),
    Picture("timeline", "When each step ran", draw_timeline),
)


def _canvas(
    rows: int, palette: Palette, *, row_in: float = _ROW_IN, head_in: float = _HEAD_IN
) -> tuple[Figure, Axes]:
    # Heavy, and only a report with pictures needs it. No backend is chosen: a figure saves itself.
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(_WIDTH_IN, head_in + row_in * rows), layout="constrained")
    axes = figure.subplots()
    axes.set_axisbelow(True)
    axes.set_ylim(-0.7, rows - 0.3)
    axes.grid(visible=True, axis="x", color=palette.grid, linewidth=0.6)
    axes.tick_params(colors=palette.ink, labelcolor=palette.ink, length=0, labelsize=8.5)
    axes.xaxis.label.set_color(palette.muted)
    axes.xaxis.label.set_fontsize(8.5)
    axes.patch.set_alpha(0)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "left")
        spine.set_color(palette.grid)
    return figure, axes


def _legend(axes: Axes, palette: Palette, rows: Sequence[tuple[str, str]], *, is_below: bool = False) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=label) for label, color in rows]
    axes.legend(
        handles=handles, loc="upper right" if is_below else "lower right",
        bbox_to_anchor=(1.0, 0.0 if is_below else 1.0), ncols=len(rows), frameon=False,
        fontsize=8.5, labelcolor=palette.ink,
    )  # fmt: skip


def _size(mib: float) -> str:
    return f"{mib:,.1f} MiB" if mib >= 0.1 else f"{mib * 1024:,.1f} KiB"


def _short(name: str) -> str:
    # A dollar sign would begin a formula.
    name = name.replace("$", r"\$")
    return name if len(name) <= _NAME_CHARACTERS_MAX else f"{name[: _NAME_CHARACTERS_MAX - 1]}…"


def _add(numbers: list[int], *more: int) -> None:
    for index, number in enumerate(more):
        numbers[index] += number
