"""Facts and passport together, as the parts of the summary ask for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from atom_data.publish.facts.facts import Facts, SourceFacts, Tally
from atom_data.publish.facts.languages import is_official, name_of
from atom_data.publish.passport.passport import Passport, Row
from atom_data.publish.summary.part import month, share, size

LARGE = 0.03
"""A public dataset is large above this share of all public data of its modality (C(2025) 8311, section 2.1)."""
TEXT = "☒ Text  ☐ Image  ☐ Video  ☐ Audio  ☐ Other"


@dataclass(frozen=True)
class Known:
    """What is known of a corpus, and what people said of it."""

    facts: Facts
    passport: Passport

    @cached_property
    def by_kind(self) -> dict[str, tuple[SourceFacts, ...]]:
        """The sources of each kind; under an empty name those whose kind nobody has said."""
        found: dict[str, tuple[SourceFacts, ...]] = {}
        for source in self.facts.sources:
            kind = self.passport.source(source.name).text("kind")
            found[kind] = (*found.get(kind, ()), source)
        return found

    def used(self, kind: str) -> bool | None:
        """Tell whether data of a kind was used: by the kinds of the sources; None where that is not said of all."""
        if self.by_kind.get(kind):
            return True
        told = self.passport.yes("training.only_this_corpus") and "" not in self.by_kind and self.facts.sources
        return False if told else None

    def sources(self, kind: str) -> tuple[SourceFacts, ...]:
        """Return the sources of a kind."""
        return self.by_kind.get(kind, ())

    def said(self, source: SourceFacts) -> Row:
        """Return what people said of a source; of a hidden one nothing that names it."""
        row = self.passport.source(source.name)
        if not source.hidden:
            return row
        kept = {key: value for key, value in row.values.items() if key in ("kind", "content", "from", "to", "opt_out")}
        return Row(kept)

    def title(self, source: SourceFacts) -> str:
        """Return what a source is called in the papers."""
        if source.hidden:
            return f"hidden source {self.facts.hidden.index(source) + 1} (not named)"
        return self.said(source).text("title") or source.name or "documents without a source"

    def period(self, source: SourceFacts) -> tuple[str, str] | None:
        """Return the first and last month of collection: those of the documents, or what people said."""
        row = self.said(source)
        first, last = row.text("from"), row.text("to")
        return source.months or ((first, last) if first and last else None)

    def amount(self, source: SourceFacts) -> str:
        """Return the size of a source in words."""
        tokens = "" if source.tokens is None else f", {source.tokens:,} tokens"
        part = share(source.text_bytes, self.facts.text_bytes)
        return f"{source.documents:,} documents, {size(source.text_bytes)} of text{tokens} ({part} of the corpus)"

    def period_words(self, source: SourceFacts) -> str:
        """Return the period of collection in words; `not known` is an answer that the template allows."""
        found = self.period(source)
        return f"collected from {month(found[0])} to {month(found[1])}" if found else "period of collection not known"

    def hidden_words(self) -> tuple[str, ...]:
        """Return what every paper says of sources that are not named."""
        lines = []
        for source in self.facts.hidden:
            kind = self.said(source).text("kind") or "not said"
            lines.append(
                f"A source is hidden: its name, address and domains are not disclosed. Kind: {kind}. {self.amount(source)}."
            )
        if lines:
            gone = [item for item in self.facts.files if item.withheld]
            lines.append(
                f"{len(gone):,} of {len(self.facts.files):,} shards hold documents of a hidden source and are not published; "
                f"with them {sum(item.rows for item in gone):,} documents."
            )
        return tuple(lines)


def language_list(tallies: Iterable[Tally] | None) -> tuple[str, ...]:
    """Return languages as a list, each with its name, documents and bytes."""
    return tuple(
        f"{name_of(one.name)}: {one.documents:,} documents, {size(one.text_bytes)}"
        + (f", {one.tokens:,} tokens" if one.tokens is not None else "")
        for one in tallies or ()
    )


def names(tallies: Iterable[Tally] | None) -> str:
    """Return the languages in one line, the largest first."""
    return ", ".join(name_of(one.name) for one in tallies or () if one.name)


def official(tallies: Iterable[Tally] | None) -> str:
    """Return the official languages of the Union among them in one line."""
    return ", ".join(sorted(name_of(one.name) for one in tallies or () if is_official(one.name)))
