"""The hub card: YAML that the hub reads, and Markdown for people (hub-docs, datasetcard.md)."""

from collections.abc import Iterable, Iterator, Sequence

from atom_data.publish.facts.facts import Facts
from atom_data.publish.facts.languages import code_of
from atom_data.publish.papers.licenses import hub_license, license_address
from atom_data.publish.papers.words import by_config, data_path
from atom_data.publish.passport.strings import quoted
from atom_data.publish.summary.known import Known
from atom_data.publish.summary.markdown import escaped
from atom_data.publish.summary.part import month, share, size
from atom_data.publish.summary.processing import contamination_lines, opt_out_lines, private_lines

SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"), (10**11, "10B<n<100B"),
    (10**12, "100B<n<1T"),
)  # fmt: skip
TYPES = {"float": "float32", "double": "float64", "halffloat": "float16", "large_string": "large_string"}
"""Types of Arrow that the hub's `datasets` calls otherwise."""
LARGEST = 20


def size_category(documents: int) -> str:
    """Return the hub's name for a number of documents."""
    return next((name for below, name in SIZES if documents < below), "n>1T")


def card(known: Known) -> str:
    """Return README.md."""
    return "\n".join(["---", *_yaml(known), "---", "", *_markdown(known)]).rstrip() + "\n"


def _yaml(known: Known) -> Iterator[str]:
    facts, corpus = known.facts, known.passport.table("corpus")
    yield f"pretty_name: {quoted(corpus.text('name'))}"
    license_, spdx = hub_license(corpus.text("license")), corpus.text("license")
    yield f"license: {license_}"
    if license_ == "other":
        yield f"license_name: {quoted(corpus.text('license_name') or spdx.lower())}"
        address = license_address(spdx, corpus.text("license_url"))
        if address:
            yield f"license_link: {quoted(address)}"
    codes = sorted({code for one in facts.languages or () if (code := code_of(one.name))})
    yield from _list("language", codes)
    if facts.languages is not None:
        yield f"multilinguality:\n- {'multilingual' if len(codes) > 1 else 'monolingual'}"
    yield from _list("size_categories", [size_category(sum(file.rows for file in facts.published))])
    yield from _list("task_categories", corpus.list("tasks") or ("text-generation",))
    yield from _list("tags", ("atom-data", "croissant", *corpus.list("keywords")))
    yield from _list("annotations_creators", ["machine-generated" if _is_annotated(facts) else "no-annotation"])
    synthetic = bool(known.sources("synthetic")) or bool(known.passport.rows("synthetic_model"))
    yield from _list("language_creators", ["found", *(["machine-generated"] if synthetic else [])])
    yield from _list("source_datasets", ["original"])
    yield from _configs(facts)


def _is_annotated(facts: Facts) -> bool:
    """Tell whether a model or rule has added a column about the text."""
    plain = {"id", "url", "date", "source", "file", "offset", "row", "title", "text"}
    return any(name not in plain for columns in facts.columns.values() for name, _ in columns)


def _list(name: str, values: Sequence[str]) -> Iterator[str]:
    if values:
        yield f"{name}:"
        yield from (f"- {quoted(value)}" for value in values)


def _configs(facts: Facts) -> Iterator[str]:
    there = [(name, files) for name, files in by_config(facts).items() if files]
    if not there:
        return
    yield "configs:"
    for number, (name, _) in enumerate(there):
        yield f"- config_name: {quoted(name)}"
        if not number:
            yield "  default: true"
        yield f"  data_files:\n  - split: train\n    path: {quoted(data_path(name, '*.parquet'))}"
    yield "dataset_info:"
    for name, files in there:
        yield f"- config_name: {quoted(name)}\n  features:"
        for column, kind in facts.columns[name]:
            yield from _feature(column, kind)
        rows, stored = sum(file.rows for file in files), sum(file.bytes for file in files)
        yield f"  # bytes are those of the Parquet files\n  splits:\n  - name: train\n    num_bytes: {stored}"
        yield f"    num_examples: {rows}\n  download_size: {stored}\n  dataset_size: {stored}"


def _feature(column: str, kind: str) -> Iterator[str]:
    yield f"  - name: {quoted(column)}"
    if kind.startswith("list<"):
        yield f"    list: {TYPES.get(_inner(kind), _inner(kind))}"
    else:
        yield f"    dtype: {quoted(TYPES.get(kind, kind))}"


def _inner(kind: str) -> str:
    return kind.removesuffix(">").partition(": ")[2].removesuffix(" not null")


def _markdown(known: Known) -> Iterator[str]:
    facts, corpus = known.facts, known.passport.table("corpus")
    yield from (f"# {escaped(corpus.text('name'))}", "", escaped(corpus.text("description")), "")
    yield from _at_a_glance(known)
    yield from _section("Purpose", corpus.text("purpose"))
    yield from _section("Not meant for", corpus.text("out_of_scope"))
    yield from _languages(facts)
    yield from _sources(known)
    yield from _made(facts)
    yield from _columns(facts)
    lines = [*private_lines(known), *contamination_lines(known), *opt_out_lines(known)]
    yield from ("## Rights, private data, evaluation sets", "", *(f"- {escaped(line)}" for line in lines), "")
    yield from _section("Personal data", corpus.text("personal_data"))
    yield from _section("Biases", corpus.text("biases"))
    yield from _section("Limits", corpus.text("limitations"))
    yield from _section("Social impact", corpus.text("social_impact"))
    yield from _section("Maintenance", corpus.text("maintenance"))
    yield from _checked(known)


def _section(title: str, text: str) -> Iterator[str]:
    if text:
        yield from (f"## {title}", "", escaped(text), "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join(['---', *('--:' for _ in head[1:])])}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def _at_a_glance(known: Known) -> Iterator[str]:
    facts, corpus = known.facts, known.passport.table("corpus")
    rows = [("documents", f"{facts.documents:,}"), ("bytes of text", f"{facts.text_bytes:,}")]
    rows += [(f"tokens ({escaped(one.tokenizer_file or one.stage)})", f"{one.tokens:,}") for one in facts.tokens]
    rows += [("collected", f"{month(facts.months[0])} to {month(facts.months[1])}")] if facts.months else []
    rows += [("domains", f"{facts.domains.count:,}")] if facts.domains else []
    rows += [("version", escaped(corpus.text("version"))), ("root", f"`{facts.root}`")]
    yield from _table(("", ""), rows)
    yield from (f"> {escaped(line)}\n" for line in known.hidden_words())


def _languages(facts: Facts) -> Iterator[str]:
    yield from ("## Languages", "")
    if facts.languages is None:
        yield from ("Not measured (no column language).", "")
        return
    rows = [
        (escaped(one.name or "not identified"), f"{one.documents:,}", f"{one.text_bytes:,}", _tokens(one.tokens))
        for one in facts.languages
    ]
    yield from _table(("language", "documents", "bytes of text", "tokens"), rows)


def _tokens(count: int | None) -> str:
    return "not measured" if count is None else f"{count:,}"


def _sources(known: Known) -> Iterator[str]:
    yield from ("## Sources", "")
    rows = []
    for one in known.facts.sources:
        row = known.said(one)
        about = ", ".join(escaped(row.text(key)) for key in ("version", "license", "url") if row.text(key))
        rows.append(
            (escaped(known.title(one)), about, f"{one.documents:,}", f"{one.text_bytes:,}", _tokens(one.tokens))
        )
    if rows:
        yield from _table(("source", "", "documents", "bytes of text", "tokens"), rows)
    else:
        yield from ("Not measured (no column source).", "")
    found = known.facts.domains
    if found is not None and found.largest:
        yield f"The largest of {found.count:,} domains, by bytes of text; `domains.csv` has all:"
        yield ""
        rows_ = [
            (escaped(one.name), f"{one.documents:,}", f"{one.text_bytes:,}", share(one.text_bytes, found.text_bytes))
            for one in found.largest[:LARGEST]
        ]
        yield from _table(("domain", "documents", "bytes of text", "share"), rows_)


def _made(facts: Facts) -> Iterator[str]:
    yield from ("## How it was made", "")
    rows = []
    for stage in facts.stages:
        lost = "; ".join(f"{escaped(reason)} {count:,}" for reason, count in stage.dropped.items())
        unread = sum(stage.unreadable.values())
        read = f"{stage.rows_in:,}" + (f" and {unread:,} unreadable" if unread else "")
        read += f"; {stage.failed:,} of {stage.shards:,} shards failed" if stage.failed else ""
        rows.append((escaped(stage.name), read, f"{stage.rows_out:,}", lost or "nothing"))
    yield from _table(("stage", "read", "kept", "left out, by reason"), rows)
    for stage in facts.stages:
        steps = ", ".join(escaped(step.name) for step in stage.steps)
        if steps:
            yield f"- {escaped(stage.name)}: {steps}"
    yield ""


def _columns(facts: Facts) -> Iterator[str]:
    yield from ("## Columns", "")
    for name, columns in facts.columns.items():
        rows = [(f"`{escaped(column)}`", f"`{kind}`") for column, kind in columns]
        yield from _table((escaped(name), "type"), rows)


def _checked(known: Known) -> Iterator[str]:
    facts, corpus = known.facts, known.passport.table("corpus")
    stored = sum(file.bytes for file in facts.published)
    yield from ("## Check and cite", "")
    yield f"- {len(facts.published):,} data files, {size(stored)}: `sha256sum -c SHA256SUMS`"
    yield f"- Root of the corpus: `{facts.root}`; every number here is from its receipts or counted: `facts.json`."
    yield "- `CITATION.cff`, `croissant.json`, and the summary of training content: `eu-summary.html`, `eu-summary.md`"
    yield f"- Questions, and requests for removal: {escaped(corpus.text('contact'))}"
    if corpus.text("repository"):
        yield f"- Recipe: {escaped(corpus.text('repository'))}"
    yield ""
