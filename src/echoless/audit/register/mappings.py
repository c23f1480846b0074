"""To which items of known catalogues the numbered checks belong.

A mapping is no certificate: it says where an assessor may use what an audit found, not that an item is met. Items
are those that the checks speak to directly; most of each catalogue is about other things.
source: OWASP ASVS 5.0.0; NIST SP 800-53 revision 5; 45 CFR 164.312; PCI DSS 4.0; AICPA Trust Services Criteria 2017
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Final

_FILE: Final = "mappings.toml"
NO_CERTIFICATE: Final = (
    "A mapping is no certificate. It says which items of a catalogue a check speaks to, so that an assessor finds "
    "the evidence; whether an item is met is theirs to say, about an organisation and not only about a program."
)


@dataclass(frozen=True, slots=True)
class MappedItem:
    """One item of a catalogue.

    says:   what the item is about, in our words
    checks: numbers of the checks that speak to it
    """

    item: str
    says: str
    checks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A published list of requirements."""

    name: str
    items: tuple[MappedItem, ...]


def catalogues() -> tuple[Catalogue, ...]:
    """Return the catalogues with the items that checks speak to."""
    rows = tomllib.loads(resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))["catalogue"]
    return tuple(
        Catalogue(
            row["name"],
            tuple(MappedItem(item["item"], item["says"], tuple(item["checks"])) for item in row["items"]),
        )
        for row in rows
    )
