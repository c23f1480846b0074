"""The colours of a report's pictures: by name in the page, which is light or dark as its reader is, fixed on paper.

In a picture for the page each colour is a stand-in that becomes the name of a variable of the page's style.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they mean.

    zero: copies that must not be there; kept: copies that may; control: what had to be found
    """

    ink: str
    muted: str
    grid: str
    bar: str
    zero: str
    kept: str
    control: str
    good: str


PAPER = Palette(
    ink="#1a1d21", muted="#5b6470", grid="#d5dae1", bar="#4c6fa5", zero="#c1121f", kept="#b98a2f",
    control="#0f766e", good="#1f7a3d",
)  # fmt: skip
PAGE = Palette(
    ink="#010101", muted="#010102", grid="#010103", bar="#010104", zero="#010105", kept="#010106",
    control="#010107", good="#010108",
)  # fmt: skip


def with_variables(svg: str) -> str:
    """Return a picture that was drawn in the colours of PAGE with variables of the page's style in their place."""
    for color in fields(PAGE):
        svg = svg.replace(getattr(PAGE, color.name), f"var(--{color.name})")
    return svg
