"""The fields of the template, in its order and with its words (template.tsv), and the parts that fill each.

Template: Annex of Commission communication C(2025) 8311 of 5.12.2025, reused under Decision 2011/833/EU (CC BY 4.0).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from atom_data.publish.summary.crawled import crawled
from atom_data.publish.summary.general import characteristics, document, header, provider
from atom_data.publish.summary.known import Known
from atom_data.publish.summary.part import Part
from atom_data.publish.summary.processing import law, others, rights, synthetic, users
from atom_data.publish.summary.sources import private, public

TITLE = "Public Summary of Training Content for General-Purpose AI models"
PAGE = Path(__file__).with_name("template.tsv")
"""Number and label; those that end in a letter are fields, the others are headings."""


@dataclass(frozen=True, slots=True)
class Field:
    """A heading or a field of the summary."""

    key: str
    label: str
    parts: tuple[Part, ...] = ()

    @property
    def is_heading(self) -> bool:
        """Whether it has a title alone."""
        return not self.key[-1].isalpha()

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands in the field: what it says, or why it says nothing."""
        said = tuple(line for part in self.parts for line in part.lines)
        if said:
            return said
        whys = tuple(dict.fromkeys(part.close for part in self.parts if part.by == "none" and part.close))
        if whys:
            return tuple(f"Does not apply: {why}." for why in whys)
        return ("Not answered yet.",) if not self.key.startswith("0") else ("Not stated.",)


@cache
def template() -> tuple[tuple[str, str], ...]:
    """Return numbers and labels in the order of the template."""
    lines = PAGE.read_text("utf-8").splitlines()[1:]
    return tuple((number, label) for number, _, label in (line.partition("\t") for line in lines))


def parts_of(known: Known) -> dict[str, Part]:
    """Return all parts by name."""
    makers = (
        document, header, provider, characteristics, public, private, crawled, users, synthetic, others, rights, law,
    )  # fmt: skip
    return {part.name: part for maker in makers for part in maker(known)}


def fields_of(parts: Mapping[str, Part]) -> Iterator[Field]:
    """Yield headings and fields in the order of the template, each with the parts that fill it."""
    for key, label in template():
        yield Field(key, label, tuple(_below(parts.values(), key)) if key[-1].isalpha() else ())


def _below(parts: Iterable[Part], key: str) -> Iterator[Part]:
    for part in parts:
        if part.name.rpartition(".")[0] == key:
            yield part
