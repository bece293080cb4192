"""The header, what makes it a document, and section 1 of the summary."""

from collections.abc import Iterator

from atom_data.publish.passport.passport import Row
from atom_data.publish.summary.known import TEXT, Known, language_list, official
from atom_data.publish.summary.part import Part, answer, counted, day, formed, given, held, month, share, void

BANDS = (
    ("Less than 1 billion tokens", 0, 10**9),
    ("1billion to 10 trillions tokens", 10**9, 10**13),
    ("More than 10 trillions tokens", 10**13, 10**30),
)
"""With the template's own spelling."""
LANGUAGE_STEP = "recipe: add FastTextLanguage and keep the column language"
TOP = 20


def document(known: Known) -> Iterator[Part]:
    """Yield what the rubric asks of the document as a whole."""
    facts, passport = known.facts, known.passport
    yield formed("doc.single", "All fields stand in this document.")
    yield formed("doc.form")
    yield counted("doc.provenance", f"Made by atom-data {facts.version} from the receipts of the corpus.", "")
    yield counted("doc.integrity", f"Root of the corpus (SHA-256 Merkle tree): {facts.root}. Files: SHA256SUMS.", "")
    yield answer("doc.place", _only_yes(passport.yes("summary.beside_model")), "summary.beside_model")
    yield answer("doc.public", _only_yes(passport.yes("summary.is_public")), "summary.is_public")
    yield answer("doc.timely", _only_yes(passport.yes("summary.in_time")), "summary.in_time")


def _only_yes(value: bool | None) -> bool | None:
    return value or None


def header(known: Known) -> Iterator[Part]:
    """Yield version, earlier versions, date and status."""
    passport = known.passport
    yield given("0.a.version", passport.text("summary.version"), "summary.version")
    previous = passport.rows("previous")
    first = passport.yes("summary.is_first")
    if first and not previous:
        for name in ("links", "formats", "changes"):
            yield void(f"0.a.{name}", "this is the first version")
        yield given("0.a.versions", "This is the first version.", "")
    else:
        yield given("0.a.versions", [_version(row) for row in previous], "summary.is_first, or [[previous]]")
        links = [row.text("url") for row in previous]
        yield given("0.a.links", links if all(links) else [], "a url for each [[previous]], or summary.is_first")
        changes = [f"{row.text('version')}: {row.text('changes')}" for row in previous if row.text("changes")]
        yield given("0.a.changes", changes if len(changes) == len(previous) else [], "changes of each [[previous]]")
        yield held("0.a.formats", "people", bool(previous), "[[previous]]")
    date = passport.text("summary.date")
    yield given("0.b.date", day(date) if date else "", "summary.date")
    latest = passport.yes("summary.is_latest")
    words = {True: "This is the latest version.", False: "This version is outdated.", None: ""}[latest]
    yield given("0.a.status", words, "summary.is_latest")
    url = passport.text("summary.url")
    yield given("0.a.url", f"Authoritative source: {url}" if url else "", "summary.url")
    updates = passport.text("summary.updates")
    yield given("0.a.updates", f"Changes are announced: {updates}" if updates else "", "summary.updates")


def _version(row: Row) -> str:
    date = row.text("date")
    return f"{row.text('version')}{f' of {day(date)}' if date else ''}"


def provider(known: Known) -> Iterator[Part]:
    """Yield sections 1.1 and 1.2."""
    passport = known.passport
    yield formed("1.consistent")
    for key in ("name", "contact"):
        yield given(f"1.1.a.{key}", passport.text(f"provider.{key}"), f"provider.{key}")
    for key in ("name", "contact"):
        if passport.yes("provider.representative_required") is False:
            yield void(f"1.1.b.{key}", "a representative is not required")
        else:
            close = "provider.representative_required"
            yield given(
                f"1.1.b.{key}",
                passport.text(f"provider.representative_{key}"),
                f"{close}, and provider.representative_{key}",
            )
    models = passport.rows("model")
    named = [", ".join(filter(None, (row.text("name"), row.text("url")))) for row in models]
    yield given("1.2.a.names", named, "[[model]]")
    traced = bool(models) and all(row.text("url") for row in models)
    yield held("1.2.a.traced", "people", traced, "a url for each [[model]]")
    links = [f"{row.text('name')}: {row.text('documentation')}" for row in models if row.text("documentation")]
    yield given("1.2.a.links", links if len(links) == len(models) else [], "documentation of each [[model]]")
    if len(models) == 1:
        yield formed("1.2.a.same")
    else:
        same = passport.yes("training.same_for_all")
        yield given("1.2.a.same", "The content is the same for all of them." if same else "", "training.same_for_all")
    yield from _bases(known)
    dates = [f"{row.text('name')}: {day(row.text('market_date'))}" for row in models if row.text("market_date")]
    yield given("1.2.c.dates", dates if len(dates) == len(models) else [], "market_date of each [[model]]")


def _bases(known: Known) -> Iterator[Part]:
    rows = known.passport.rows("base_model")
    if known.passport.yes("training.is_modification") is False and not rows:
        yield given("1.2.b.bases", "None: no model named here is made from another one.", "")
        for name in ("of", "links"):
            yield void(f"1.2.b.{name}", "no model is made from another one")
        return
    said = [", ".join(filter(None, (row.text("name"), row.text("url")))) for row in rows]
    yield given("1.2.b.bases", said, "training.is_modification, and [[base_model]]")
    of = [f"{row.text('of')} is made from {row.text('name')}" for row in rows if row.text("of")]
    yield given("1.2.b.of", of if len(of) == len(rows) else [], "of in each [[base_model]]")
    yield given("1.2.b.links", [row.text("summary_url") for row in rows], "summary_url of [[base_model]]")


def characteristics(known: Known) -> Iterator[Part]:
    """Yield section 1.3."""
    facts, passport = known.facts, known.passport
    yield counted("1.3.a.modality", TEXT, "")
    yield counted("1.3.b.size", list(_sizes(known)), "")
    yield void("1.3.b.other", "the corpus has text alone")
    if facts.kinds is not None:
        kinds = [f"{one.name or 'not told'} ({share(one.text_bytes, facts.text_bytes)})" for one in facts.kinds[:TOP]]
        yield counted("1.3.c.types", kinds, "")
    else:
        yield given("1.3.c.types", passport.list("training.content_types"), "training.content_types")
    latest = facts.months[1] if facts.months else max((row.text("to") for row in passport.rows("source")), default="")
    if facts.months:
        yield counted("1.3.d.latest", month(latest), "")
    else:
        yield given("1.3.d.latest", month(latest) if latest else "", "to of each [[source]], or a column date")
    continues = passport.yes("training.continues")
    words = {
        True: "Training continues on newer data.",
        False: "There is no training on data after this date.",
        None: "",
    }
    yield given("1.3.d.continues", words[continues], "training.continues")
    yield counted("1.3.e.languages", language_list(facts.languages), LANGUAGE_STEP)
    eu = official(facts.languages)
    yield counted(
        "1.3.e.official",
        (f"Official languages of the Union among them: {eu or 'none'}." if facts.languages else None),
        LANGUAGE_STEP,
    )
    yield from _others(known)


def _others(known: Known) -> Iterator[Part]:
    facts, passport = known.facts, known.passport
    yield counted(
        "1.3.f.regions", [*tld_lines(known), *filter(None, (passport.text("training.regions"),))], "column url"
    )
    yield given("1.3.f.demography", passport.text("training.demography"), "training.demography")
    sources = [f"{known.title(one)}: {known.amount(one)}" for one in facts.sources]
    yield counted("1.3.f.other", sources, "recipe: keep the column source")
    yield counted("1.3.g.compression", "Bytes are those of the text in UTF-8, not compressed.", "")
    tokens = [
        f"Tokens are counted with {one.tokenizer_file or 'the tokenizer'} (SHA-256 {one.tokenizer}, {one.vocabulary:,} ids)."
        for one in facts.tokens[:1]
    ]
    yield counted("1.3.g.tokens", tokens, "recipe: add a Tokenize stage")
    yield void("1.3.g.media", "the corpus has no audio or video")
    yield counted(
        "1.3.g.other",
        [
            *known.hidden_words(),
            *filter(None, (passport.text("training.comment"),)),
            f"Root of the corpus: {facts.root}.",
        ],
        "",
    )


def _sizes(known: Known) -> Iterator[str]:
    facts = known.facts
    if facts.token_count is not None:
        for label, first, after in BANDS:
            yield f"{'☒' if first <= facts.token_count < after else '☐'} {label}"
        yield f"{facts.token_count:,} tokens"
    yield f"{facts.documents:,} documents, {facts.text_bytes:,} bytes of text"


def tld_lines(known: Known) -> tuple[str, ...]:
    """Return the top-level domains of the pages with their shares, the largest first."""
    tlds = known.facts.tlds or ()
    if not tlds:
        return ()
    whole = sum(one.text_bytes for one in tlds)
    said = ", ".join(f"{one.name} {share(one.text_bytes, whole)}" for one in tlds[:TOP])
    more = f", and {len(tlds) - TOP:,} more" if len(tlds) > TOP else ""
    return (f"Share of text by top-level domain: {said}{more}.",)
