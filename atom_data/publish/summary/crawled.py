"""Section 2.3 of the summary: crawlers, and the domains that they brought."""

from collections.abc import Iterator, Sequence

from atom_data.publish.facts.gather import DOMAINS, LISTED
from atom_data.publish.passport.passport import Row
from atom_data.publish.summary.general import tld_lines
from atom_data.publish.summary.known import TEXT, Known, names
from atom_data.publish.summary.part import Part, answer, counted, formed, given, month, share, size, void
from atom_data.publish.summary.sources import KINDS_CLOSE

BEHAVIOR = ("captchas", "passwords", "paywalls", "robots", "protocols", "other")
PARTS = (
    "b.names", "c.purposes", *(f"d.{one}" for one in BEHAVIOR), "e.period", "f.geography", "f.languages",
    "f.demography", "f.sites", "f.other", "g.modality", "h.domains", "i.more", "i.urls", "i.other",
)  # fmt: skip
COLUMN_URL = "recipe: keep the column url"
HIDDEN = "a crawled source is hidden: hidden = false shows its domains"


def crawled(known: Known) -> Iterator[Part]:
    """Yield section 2.3."""
    yield formed("2.3.consistent")
    rows = known.passport.rows("crawler")
    used = known.used("crawled")
    if used is None and rows:
        used = True
    yield answer("2.3.a.used", used, KINDS_CLOSE)
    if not used:
        for name in PARTS:
            why = "no crawler was used by the provider or for it"
            yield void(f"2.3.{name}", why) if used is False else given(f"2.3.{name}", "", KINDS_CLOSE)
        return
    yield given("2.3.b.names", [row.text("name") for row in rows], "[[crawler]]")
    yield _each("2.3.c.purposes", rows, "purpose")
    for key in BEHAVIOR:
        yield _each(f"2.3.d.{key}", rows, key)
    yield _periods(known, rows)
    yield from _content(known)
    yield from _domains(known)


def _each(name: str, rows: tuple[Row, ...], key: str) -> Part:
    """Return an answer for every crawler; open while one of them has none."""
    said = [f"{row.text('name')}: {row.text(key)}" for row in rows if row.text(key)]
    if len(said) == len(rows):
        return given(name, said, f"{key} of each [[crawler]]")
    return Part(name, "open", tuple(said), f"passport.toml: {key} of each [[crawler]]")


def _periods(known: Known, rows: tuple[Row, ...]) -> Part:
    """Return the period of each crawler: as people said, or of one crawler the dates of its documents."""
    said = [
        f"{row.text('name')}: {month(row.text('from'))} to {month(row.text('to'))}"
        for row in rows
        if row.text("from") and row.text("to")
    ]
    if rows and len(said) == len(rows):
        return given("2.3.e.period", said, "")
    months = [found for one in known.sources("crawled") if (found := known.period(one))]
    if len(rows) == 1 and months:
        first, last = min(one[0] for one in months), max(one[1] for one in months)
        return counted("2.3.e.period", f"{rows[0].text('name')}: {month(first)} to {month(last)}", "")
    return given("2.3.e.period", "", "from and to of each [[crawler]]")


def _content(known: Known) -> Iterator[Part]:
    there = known.sources("crawled")
    yield _of_urls("2.3.f.geography", tld_lines(known), known)
    spoken = [f"{known.title(one)}: {names(one.languages)}" for one in there if one.languages]
    yield counted("2.3.f.languages", spoken, "recipe: add FastTextLanguage and keep the column language")
    yield given("2.3.f.demography", known.passport.text("training.demography"), "training.demography")
    said = [f"{known.title(one)}: {text}" for one in there if (text := known.said(one).text("content"))]
    yield given("2.3.f.sites", said if len(said) == len(there) else [], "content of each crawled [[source]]")
    yield counted("2.3.f.other", [f"{known.title(one)}: {known.amount(one)}" for one in there], "")
    yield counted("2.3.g.modality", TEXT, "")


def _domains(known: Known) -> Iterator[Part]:
    found = known.facts.domains
    there = found is not None and bool(found.largest)
    yield _of_urls("2.3.h.domains", domain_lines(known) if there else [], known)
    every = f"All {found.count:,} domains, with documents and bytes: {DOMAINS}." if found is not None and there else ""
    yield _of_urls("2.3.i.more", [every] if every else [], known)
    urls = "The address of each document stands in the column url of the data."
    yield _of_urls("2.3.i.urls", [urls] if known.facts.has_urls else [], known)
    yield given("2.3.i.other", known.passport.text("notes.crawled"), "notes.crawled")


def _of_urls(name: str, said: Sequence[str], known: Known) -> Part:
    """Return what addresses say: never complete while a crawled source is hidden, whose documents are not among them."""
    if any(one.hidden for one in known.sources("crawled")):
        return Part(name, "open", tuple(said), HIDDEN)
    return counted(name, said, COLUMN_URL)


def domain_lines(known: Known) -> list[str]:
    """Return the domains that the template asks for, the largest first; beyond LISTED the rest stands in the file of all."""
    found = known.facts.domains
    if found is None:
        return []
    rule = "5 %, and no more than 1,000" if known.passport.yes("provider.small_company") else "10 %"
    cut = f" The first {LISTED:,} stand here, all in {DOMAINS}." if found.required > LISTED else ""
    head = (
        f"The largest {found.required:,} of {found.count:,} domains ({rule}) by bytes of text, hosts without www.{cut}"
    )
    listed = [
        f"{one.name}: {size(one.text_bytes)} in {one.documents:,} documents ({share(one.text_bytes, found.text_bytes)})"
        for one in found.largest
    ]
    return [head, *listed]
