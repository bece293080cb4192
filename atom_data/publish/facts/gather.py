"""All facts of a corpus, gathered from its folder once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from math import ceil
from pathlib import Path

from atom_data.audit.root import tree_of
from atom_data.errors import ConfigError, DataError, meant
from atom_data.publish.facts.counted import COUNTED, Counts, counted, token_sums
from atom_data.publish.facts.facts import DomainFacts, Facts, SourceFacts, Tally
from atom_data.publish.facts.run import (
    Job,
    document_stages,
    last_stages,
    read_jobs,
    takedowns_of,
    token_stages,
    tools_of,
)
from atom_data.runner.bundle.bundle import read_bundle
from atom_data.workspace import Workspace

LISTED = 10_000
"""Domains that a paper lists at most; `domains.csv` has all."""
SMALL_MOST = 1_000
SHARE, SMALL_SHARE = 0.10, 0.05
"""C(2025) 8311, section 2.3 of the template: the top 10 % of domains; for small companies the top 5 % or 1,000."""
DOMAINS = "domains.csv"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What people say that decides what is counted."""

    stages: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()
    """Sources that no paper names."""
    crawled: frozenset[str] = frozenset()
    """Sources that were crawled by or for the provider."""
    only: str = ""
    """The one source of a corpus whose documents have no column `source`."""
    small: bool = False
    """A small company."""
    memory: int = 2_000_000_000


def gather(workspace: Workspace, ask: Ask, scratch: Path) -> Facts:
    """Return the facts of a finished run; all domains are written to `scratch`/domains.csv.

    DataError for a run that is not finished, and where the shards are not what the receipts say; ConfigError for a source
    that there is not. Memory: `ask.memory`, a batch, and about 500 bytes per shard of each stage.
    """
    jobs = read_jobs(workspace)
    found, schemas = document_stages(workspace, jobs)
    configs = last_stages(found, jobs, ask.stages)
    files = tuple(file for name in configs for file in found[name].tables)
    bundle, root = read_bundle(workspace), tree_of(workspace).root
    tokens = token_stages(jobs, bundle)
    docs = jobs[tokens[0].stage].docs if tokens else []
    with counted(workspace, files, ask.hidden, ask.only, ask.memory, scratch) as counts:
        _check(configs, found, counts)
        by_source = _sources(counts, workspace, ask, docs)
        where, of = _crawled(ask)
        facts = Facts(
            root=root,
            stages=tuple(job.facts(jobs) for job in _ordered(jobs) if job.name in found or job.sums["tokens"]),
            configs=configs,
            columns={name: tuple((one.name, str(one.type)) for one in schemas[name]) for name in configs},
            files=tuple(replace(file, withheld=file.path in counts.withheld) for file in files),
            documents=sum(file.rows for file in files),
            text_bytes=sum(found[name].sums["text_bytes"] for name in configs),
            tokens=tokens,
            languages=_with_tokens(counts.by("language"), token_sums(counts, workspace, docs, "language")),
            sources=by_source,
            domains=_domains(counts, where, of, ask, scratch),
            tlds=counts.tlds() if "domain" in counts.columns else None,
            months=counts.months(),
            dated=int(counts.ask("SELECT count(month) FROM documents")[0][0]),
            kinds=counts.by("kind"),
            licenses=counts.by("license"),
            consent=counts.by("consent"),
            contaminated=counts.by("contaminated"),
            private=None if counts.private is None else dict(sorted(counts.private.items())),
            has_urls=all("url" in schemas[name].names for name in configs),
            tools=tools_of(bundle),
            libraries=dict(bundle.libraries) if bundle else {},
            version=bundle.version if bundle else "",
            takedowns=takedowns_of(workspace, jobs),
        )
    return replace(facts, origins=origins(facts))


def _ordered(jobs: Mapping[str, Job]) -> list[Job]:
    """Return the jobs, each after those it reads."""
    ordered: dict[str, Job] = {}

    def put(name: str, above: tuple[str, ...]) -> None:
        for below in sorted(jobs[name].folders & jobs.keys()):
            if below not in ordered and below not in above and below != name:
                put(below, (*above, name))
        ordered.setdefault(name, jobs[name])

    for name in jobs:
        put(name, ())
    return list(ordered.values())


def _check(configs: tuple[str, ...], found: Mapping[str, Job], counts: Counts) -> None:
    """Refuse shards that hold other text than their receipts say."""
    ((documents, size),) = counts.ask("SELECT count(*), coalesce(sum(text_bytes), 0)::BIGINT FROM documents")
    said = (
        sum(found[name].sums["text_bytes"] for name in configs),
        sum(found[name].sums["rows_out"] for name in configs),
    )
    if (size, documents) != said:
        raise DataError(
            f"{', '.join(configs)}: {documents:,} documents with {size:,} bytes of text, the receipts say {said[1]:,} with "
            f"{said[0]:,}. Run atom-data verify first."
        )


def _sources(counts: Counts, workspace: Workspace, ask: Ask, docs: list[str]) -> tuple[SourceFacts, ...]:
    tallies = counts.by("source") or ()
    _refuse_unknown(ask.hidden | ask.crawled, {one.name for one in tallies}, "source" in counts.columns)
    tokens = token_sums(counts, workspace, docs, "source")
    if tokens is None and docs and len(tallies) == 1:
        tokens = token_sums(counts, workspace, docs, "tokens")
        tokens = None if tokens is None else {tallies[0].name: sum(tokens.values())}
    made = []
    for one in sorted(tallies, key=lambda tally: tally.name):
        where = "coalesce(source, '') = ?"
        (domains, _, _), _ = counts.domains(where, 0, one.name)
        made.append(
            SourceFacts(
                name=one.name,
                documents=one.documents,
                text_bytes=one.text_bytes,
                tokens=None if tokens is None else tokens.get(one.name, 0),
                languages=counts.by("language", where, one.name),
                months=counts.months(where, one.name),
                domains=domains if "domain" in counts.columns else None,
                hidden=one.name in ask.hidden,
            )
        )
    return tuple(made)


def _refuse_unknown(named: Collection[str], there: Collection[str], has_column: bool) -> None:
    for name in sorted(named):
        if not has_column:
            raise ConfigError(
                f"passport.toml: source '{name}' is said to be hidden or crawled, and the documents have no column 'source' to "
                "tell it by. Keep the column in the recipe, or leave both out."
            )
        if name not in there:
            raise ConfigError(
                f"passport.toml: there is no source '{name}' in the corpus; there are {', '.join(sorted(there))}."
                f"{meant(name, there)} Correct its name."
            )


def _crawled(ask: Ask) -> tuple[str, str]:
    if not ask.crawled:
        return "true", "all"
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted(ask.crawled))
    return f"source IN ({names})", "crawled"


def _domains(counts: Counts, where: str, of: str, ask: Ask, scratch: Path) -> DomainFacts | None:
    if "domain" not in counts.columns:
        return None
    (count, documents, size), _ = counts.domains(where, 0)
    required = required_domains(count, ask.small)
    _, largest = counts.domains(where, min(required, LISTED))
    counts.write_domains(scratch / DOMAINS, where)
    return DomainFacts(count, documents, size, of, required, largest)


def required_domains(count: int, small: bool) -> int:
    """Return how many domains of `count` the template asks for, rounded up."""
    share = ceil(round(count * (SMALL_SHARE if small else SHARE), 9))
    return min(share, SMALL_MOST) if small else share


def _with_tokens(tallies: tuple[Tally, ...] | None, tokens: Mapping[str, int] | None) -> tuple[Tally, ...] | None:
    if tallies is None or tokens is None:
        return tallies
    return tuple(replace(one, tokens=tokens.get(one.name, 0)) for one in tallies)


def origins(facts: Facts) -> dict[str, str]:
    """Return where each fact is from, in words."""
    configs = " and ".join(facts.configs)
    data = f"counted over the documents of {configs}"
    said = {
        "root": "receipts of all stages, by the construction of docs/root.md",
        "stages": "receipts of each stage",
        "configs": "receipts: stages of documents that no other stage of documents reads, or those asked for",
        "columns": f"schema of the first shard of {configs}",
        "files": f"receipts of {configs}",
        "documents": f"receipts of {configs}, equal to a count over the documents",
        "text_bytes": f"receipts of {configs}, equal to a count over the documents",
        "tokens": "receipts of the token stages",
        "sources": f"column source or the one of passport.toml, {data}; tokens by docs.parquet; hidden ones: passport.toml",
        "domains": f"hosts of the column url without www., {data}",
        "tlds": f"last labels of these hosts, {data}",
        "months": f"column date, {data}",
        "dated": f"column date, {data}",
        "private": f"columns replaced_*_count, {data}",
        "has_urls": f"schema of {configs}",
        "tools": "run/bundle.json",
        "libraries": "run/bundle.json",
        "version": "run/bundle.json",
        "takedowns": "receipts and list in removals/, and drops for the reason 'removed'",
    }
    fields_of = {"languages": "language", "kinds": "kind", "licenses": "license"} | {
        name: name for name in ("consent", "contaminated")
    }
    said |= {name: f"column {' or '.join(COUNTED[one])}, {data}" for name, one in fields_of.items()}
    measured = {item.name for item in fields(facts) if item.name != "origins"}
    values = {name: said[name] for name in sorted(measured)}
    empty = (name for name in values if _is_none(facts, name))
    return values | {name: f"not measured: no {said[name].partition(',')[0]}" for name in empty}


def _is_none(facts: Facts, name: str) -> bool:
    optional = {
        "languages": facts.languages, "domains": facts.domains, "tlds": facts.tlds, "months": facts.months,
        "kinds": facts.kinds, "licenses": facts.licenses, "consent": facts.consent,
        "contaminated": facts.contaminated, "private": facts.private,
    }  # fmt: skip
    return name in optional and optional[name] is None
