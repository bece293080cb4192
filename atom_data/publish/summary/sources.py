"""Sections 2.1 and 2.2 of the summary: public datasets, licensed and other private ones."""

from collections.abc import Iterator

from atom_data.publish.facts.facts import SourceFacts
from atom_data.publish.summary.known import LARGE, TEXT, Known, names
from atom_data.publish.summary.part import Part, answer, counted, formed, given, held, share, void

KINDS_CLOSE = "kind of each [[source]], and training.only_this_corpus"


def public(known: Known) -> Iterator[Part]:
    """Yield section 2.1."""
    yield formed("2.1.consistent")
    used, there = known.used("public"), known.sources("public")
    yield answer("2.1.a.used", used, KINDS_CLOSE)
    whole = sum(one.text_bytes for one in there)
    large = [one for one in there if one.text_bytes > LARGE * whole]
    small = [one for one in there if one not in large]
    yield from _large(known, used, large)
    yield from _small(known, used, small)
    if not used:
        yield from _unused(used, "no public dataset was used", "2.1.b.modality", "2.1.e.size", "2.1.e.other")
        return
    yield counted("2.1.b.modality", TEXT, "")
    yield counted("2.1.e.size", [f"{known.title(one)}: {known.amount(one)}" for one in there], "")
    licenses = [
        f"License of {known.title(one)}: {known.said(one).text('license')}"
        for one in there
        if known.said(one).text("license")
    ]
    notes = [*licenses, *filter(None, (known.passport.text("notes.public"),))]
    yield given("2.1.e.other", notes, "license of each public [[source]], or notes.public")


def _unused(used: bool | None, why: str, *parts: str) -> Iterator[Part]:
    for name in parts:
        yield void(name, why) if used is False else given(name, "", KINDS_CLOSE)


def _large(known: Known, used: bool | None, large: list[SourceFacts]) -> Iterator[Part]:
    parts = [f"2.1.c.{name}" for name in ("list", "links", "versions", "selection", "complete")]
    if not used:
        yield from _unused(used, "no public dataset was used", *parts)
        return
    named = [one for one in large if not one.hidden]
    rows = [(one, known.said(one)) for one in named]
    titles = [
        ", ".join(
            filter(
                None,
                (known.title(one), row.text("version"), row.text("url"), known.amount(one), known.period_words(one)),
            )
        )
        for one, row in rows
    ]
    hidden = [f"{known.title(one)}: {known.amount(one)}" for one in large if one.hidden]
    close = "a public dataset is hidden: hidden = false names it"
    yield (
        Part("2.1.c.list", "people", (*titles, *hidden))
        if not hidden
        else Part("2.1.c.list", "open", (*titles, *hidden), close)
    )
    linked = all(row.text("url") for _, row in rows) and not hidden
    yield held("2.1.c.links", "people", linked, "url of each public [[source]]")
    versioned = all(row.text("version") for _, row in rows) and not hidden
    yield held("2.1.c.versions", "people", versioned, "version of each public [[source]]")
    own = [
        f"{known.title(one)}, before the recipe: {row.text('selection')}" for one, row in rows if row.text("selection")
    ]
    yield counted("2.1.c.selection", [*selection(known), *own], "")
    kinds = "" not in known.by_kind and not hidden
    yield held("2.1.c.complete", "data", kinds, f"passport.toml: {KINDS_CLOSE}")


def selection(known: Known) -> list[str]:
    """Return how a part of the documents was chosen, by the receipts of the stages."""
    lines = []
    for stage in known.facts.stages:
        lost = sum(stage.dropped.values())
        if lost:
            whys = ", ".join(f"{reason} {count:,}" for reason, count in list(stage.dropped.items())[:6])
            lines.append(
                f"Stage {stage.name} kept {stage.rows_out:,} of {stage.rows_in:,} documents "
                f"({share(stage.rows_out, stage.rows_in)}); most were left out for {whys}."
            )
    return lines or ["All documents were taken."]


def _small(known: Known, used: bool | None, small: list[SourceFacts]) -> Iterator[Part]:
    parts = [f"2.1.d.{name}" for name in ("descriptions", "modality", "content", "languages", "period", "other")]
    if not used or not small:
        yield from _unused(
            False if used else used, "no public dataset of 3 % or less of the public text was used", *parts
        )
        return
    yield from described(known, "2.1.d", small, "each public [[source]]")


def described(known: Known, field: str, sources: list[SourceFacts], whose: str) -> Iterator[Part]:
    """Yield what a general description of datasets must say: modality, content, languages, period, size."""
    contents = [known.said(one).text("content") for one in sources]
    lines = [
        f"{known.title(one)}: {text or 'content not described'}; text; {known.amount(one)}; {known.period_words(one)}; "
        f"languages: {names(one.languages) or 'not measured'}"
        for one, text in zip(sources, contents, strict=True)
    ]
    close = f"passport.toml: content of {whose}"
    by = Part(f"{field}.descriptions", "people", tuple(lines)) if all(contents) else None
    yield by or Part(f"{field}.descriptions", "open", tuple(lines), close)
    yield held(f"{field}.modality", "data", True, "")
    yield held(f"{field}.content", "people", all(contents), f"content of {whose}")
    told = all(one.languages is not None for one in sources)
    yield held(f"{field}.languages", "data", told, "recipe: add FastTextLanguage and keep language")
    yield held(f"{field}.period", "data", True, "")
    yield held(f"{field}.other", "data", True, "")


def private(known: Known) -> Iterator[Part]:
    """Yield section 2.2."""
    yield formed("2.2.consistent")
    used = known.used("licensed")
    yield answer("2.2.1.a.used", used, KINDS_CLOSE)
    if used:
        yield counted("2.2.1.b.modality", TEXT, "")
    else:
        yield from _unused(used, "no data was licensed", "2.2.1.b.modality")
    used, there = known.used("private"), known.sources("private")
    yield answer("2.2.2.a.used", used, KINDS_CLOSE)
    known_ones = [one for one in there if known.said(one).yes("is_known") and not one.hidden]
    others = [one for one in there if one not in known_ones]
    yield from _known(known, used, known_ones)
    parts = [f"2.2.2.d.{name}" for name in ("descriptions", "modality", "content", "languages", "period", "other")]
    if used and others:
        yield from described(known, "2.2.2.d", others, "each private [[source]]")
    else:
        yield from _unused(False if used else used, "no private dataset that is not publicly known was used", *parts)
    rest = ("2.2.2.b.modality", "2.2.2.e.period", "2.2.2.e.size", "2.2.2.e.other")
    if not used:
        yield from _unused(used, "no private dataset was used", *rest)
        return
    yield counted("2.2.2.b.modality", TEXT, "")
    yield counted("2.2.2.e.period", [f"{known.title(one)}: {known.period_words(one)}" for one in there], "")
    yield counted("2.2.2.e.size", [f"{known.title(one)}: {known.amount(one)}" for one in there], "")
    yield given("2.2.2.e.other", known.passport.text("notes.private"), "notes.private")


def _known(known: Known, used: bool | None, sources: list[SourceFacts]) -> Iterator[Part]:
    parts = [f"2.2.2.c.{name}" for name in ("list", "versions", "links", "complete")]
    if not used or not sources:
        yield from _unused(False if used else used, "no publicly known private dataset was used", *parts)
        return
    rows = [known.said(one) for one in sources]
    lines = [
        ", ".join(filter(None, (known.title(one), row.text("version"), row.text("url"))))
        for one, row in zip(sources, rows, strict=True)
    ]
    yield given("2.2.2.c.list", lines, "title of each private [[source]]")
    versioned, linked = (all(row.text(key) for row in rows) for key in ("version", "url"))
    yield held("2.2.2.c.versions", "people", versioned, "version of each private [[source]]")
    yield held("2.2.2.c.links", "people", linked, "url of each private [[source]]")
    yield held("2.2.2.c.complete", "people", "" not in known.by_kind, KINDS_CLOSE)
