"""Sections 2.4 to 2.6 and 3 of the summary: users, synthetic and other data, rights and law."""

from collections.abc import Iterator

from atom_data.publish.passport.passport import Row
from atom_data.publish.summary.known import TEXT, Known
from atom_data.publish.summary.part import Part, answer, counted, formed, given, held, share, void
from atom_data.publish.summary.sources import KINDS_CLOSE

OPT_OUT = ("opt_out", "consent", "removed", "robots")
"""Cards and reasons that leave out what its owner reserved, by how their names begin."""
ILLEGAL = ("url_block", "url_lists", "bad_words", "datatrove_c4_bad_words", "toxic", "illegal")
"""Cards that leave out addresses on block lists and words of abuse, by how their names begin."""
NOT_MEASURED = "not measured"


def users(known: Known) -> Iterator[Part]:
    """Yield section 2.4."""
    passport = known.passport
    yield formed("2.4.consistent")
    asked = passport.yes("user_data.interactions"), passport.yes("user_data.services")
    yield answer("2.4.a.used", asked[0], "user_data.interactions")
    yield answer("2.4.b.used", asked[1], "user_data.services")
    used = None if None in asked else any(asked)
    if not used:
        for name in ("c.described", "d.modality", "e.comment"):
            why = "no data of users was used"
            close = "user_data.interactions and user_data.services"
            yield void(f"2.4.{name}", why) if used is False else given(f"2.4.{name}", "", close)
        return
    yield given("2.4.c.described", passport.list("user_data.described"), "user_data.described")
    yield counted("2.4.d.modality", TEXT, "")
    yield given("2.4.e.comment", passport.text("user_data.comment"), "user_data.comment")


def synthetic(known: Known) -> Iterator[Part]:
    """Yield section 2.5."""
    yield formed("2.5.consistent")
    rows = known.passport.rows("synthetic_model")
    used = True if rows else known.used("synthetic")
    yield answer("2.5.a.used", used, KINDS_CLOSE)
    sold = tuple(row for row in rows if row.yes("on_market"))
    own = tuple(row for row in rows if row.yes("on_market") is False)
    untold = len(rows) - len(sold) - len(own)
    yield from _models("2.5.c", used, sold, "summary_url", untold)
    yield from _models("2.5.d", used, own, "training_data", untold)
    if used:
        yield counted("2.5.b.modality", TEXT, "")
        yield given("2.5.e.comment", known.passport.text("notes.synthetic"), "notes.synthetic")
        return
    for name in ("2.5.b.modality", "2.5.e.comment"):
        yield void(name, "no synthetic data was used") if used is False else given(name, "", KINDS_CLOSE)


def _models(field: str, used: bool | None, rows: tuple[Row, ...], key: str, untold: int) -> Iterator[Part]:
    parts = [f"{field}.{name}" for name in ("models", "links", "known")]
    if used is False or (used and not rows and not untold):
        sold = "on the market" if field == "2.5.c" else "off the market"
        yield from (void(name, f"no model {sold} wrote data for the training") for name in parts)
        return
    close = "[[synthetic_model]] with on_market"
    said = [", ".join(filter(None, (row.text("name"), row.text("url")))) for row in rows]
    yield given(parts[0], said, close)
    yield held(parts[1], "people", bool(rows) and all(row.text("url") for row in rows), "url of each model")
    more = [f"{row.text('name')}: {row.text(key)}" for row in rows if row.text(key)]
    yield given(parts[2], more if len(more) == len(rows) else [], f"{key} of each [[synthetic_model]]")


def others(known: Known) -> Iterator[Part]:
    """Yield section 2.6."""
    yield formed("2.6.consistent")
    used, there = known.used("other"), known.sources("other")
    yield answer("2.6.a.used", used, KINDS_CLOSE)
    if not used:
        for name in ("2.6.b.described", "2.6.c.comment"):
            yield void(name, "no other source was used") if used is False else given(name, "", KINDS_CLOSE)
        return
    said = [
        f"{known.title(one)}: {text}; {known.amount(one)}" for one in there if (text := known.said(one).text("content"))
    ]
    yield given("2.6.b.described", said if len(said) == len(there) else [], "content of each other [[source]]")
    yield given("2.6.c.comment", known.passport.text("notes.other"), "notes.other")


def rights(known: Known) -> Iterator[Part]:
    """Yield section 3.1."""
    passport = known.passport
    yield formed("3.consistent")
    yield answer("3.1.a.signatory", passport.yes("rights.signatory"), "rights.signatory")
    crawlers = [f"{row.text('name')}: {row.text('robots')}" for row in passport.rows("crawler") if row.text("robots")]
    robots = [*filter(None, (passport.text("rights.robots"),)), *crawlers]
    yield given("3.1.b.robots", robots, "rights.robots")
    public = known.sources("public")
    if known.used("public") is False:
        yield void("3.1.b.datasets", "no public dataset was used")
    else:
        made = [f"{known.title(one)}: {text}" for one in public if (text := known.said(one).text("opt_out"))]
        yield given(
            "3.1.b.datasets",
            [*filter(None, (passport.text("rights.datasets"),)), *made],
            "rights.datasets, or opt_out of each public [[source]]",
        )
    yield given("3.1.b.requests", passport.text("rights.requests"), "rights.requests")
    protocols = passport.list("rights.protocols")
    honored = [f"Protocols honored: {', '.join(protocols)}."] if protocols else []
    contact = passport.text("corpus.contact")
    to = [f"Requests for removal: {contact}."] if contact else []
    yield counted("3.1.b.counts", [*honored, *to, *opt_out_lines(known)], "")
    yield given("3.1.c.policy", passport.text("rights.policy"), "rights.policy")


def opt_out_lines(known: Known) -> list[str]:
    """Return what the opt-out measures did, with counts."""
    facts = known.facts
    lines = []
    if facts.consent is None:
        lines.append(f"Consent to training as pages state it: {NOT_MEASURED} (no column consent_train).")
    else:
        said = ", ".join(
            f"{one.name or 'unknown'} {one.documents:,} ({share(one.text_bytes, facts.text_bytes)} of text)"
            for one in facts.consent
        )
        lines.append(f"Consent to training as pages state it, of the documents kept: {said}.")
    for stage, reason, count in dropped_for(known, OPT_OUT):
        lines.append(f"Left out in stage {stage} for {reason}: {count:,} documents.")
    gone = facts.takedowns
    lines.append(
        f"Takedowns after publication: {gone.count:,}, with {gone.documents:,} documents; the removal list has "
        f"{gone.listed:,} entries and kept {gone.dropped:,} documents out."
    )
    return lines


def dropped_for(known: Known, begin: tuple[str, ...]) -> Iterator[tuple[str, str, int]]:
    """Yield stage, reason and documents for the reasons that begin so."""
    for stage in known.facts.stages:
        for reason, count in stage.dropped.items():
            if reason.startswith(begin):
                yield stage.name, reason, count


def law(known: Known) -> Iterator[Part]:
    """Yield sections 3.2 and 3.3."""
    facts, passport = known.facts, known.passport
    counts = [
        f"Stage {stage} left out {count:,} documents for {reason}."
        for stage, reason, count in dropped_for(known, ILLEGAL)
    ]
    text = passport.text("rights.illegal")
    if text:
        yield Part("3.2.a.measures", "people", (text, *counts))
    else:
        close = "passport.toml: rights.illegal, or a recipe with CheckUrl or BadWords"
        yield counted("3.2.a.measures", counts, close)
    found = passport.text("rights.processing")
    lines = [*filter(None, (found,)), *private_lines(known), *contamination_lines(known)]
    measured = facts.private is not None or facts.contaminated is not None or facts.licenses is not None
    if found or measured:
        yield Part("3.3.a.processing", "people" if found and not measured else "data", tuple(lines))
    else:
        close = "passport.toml: rights.processing, or a recipe with ReplacePrivate"
        yield Part("3.3.a.processing", "open", tuple(lines), close)


def private_lines(known: Known) -> list[str]:
    """Return what was replaced of private things."""
    found = known.facts.private
    if found is None:
        return [f"Private data that was replaced: {NOT_MEASURED} (no columns replaced_*_count)."]
    said = ", ".join(f"{kind} {count:,}" for kind, count in found.items())
    return [f"Private data that was replaced in the documents kept: {said}."]


def contamination_lines(known: Known) -> list[str]:
    """Return what is known of evaluation sets in the corpus, and of licenses."""
    facts = known.facts
    lines = []
    for title, tallies, column in (
        ("Text of evaluation sets", facts.contaminated, "is_contaminated"),
        ("Licenses that pages state", facts.licenses, "license_spdx"),
    ):
        if tallies is None:
            lines.append(f"{title}: {NOT_MEASURED} (no column {column}).")
        else:
            said = ", ".join(f"{one.name or 'none'} {one.documents:,} documents" for one in tallies[:20])
            lines.append(f"{title}: {said}.")
    return lines
