"""Croissant 1.1 (docs/croissant-spec-1.1.md of mlcommons/croissant), with provenance by PROV-O and the RAI vocabulary 1.0."""

import json
from collections.abc import Iterator
from typing import Any

from atom_data.publish.facts.facts import Facts
from atom_data.publish.facts.languages import code_of
from atom_data.publish.papers.licenses import license_address
from atom_data.publish.papers.words import by_config, data_path, stage_words
from atom_data.publish.passport.passport import Row
from atom_data.publish.summary.known import Known
from atom_data.publish.summary.processing import contamination_lines, opt_out_lines, private_lines

CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "arrayShape": "cr:arrayShape", "citeAs": "cr:citeAs",
    "column": "cr:column", "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"}, "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/", "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty", "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract", "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet", "format": "cr:format", "includes": "cr:includes", "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "name": {"@container": "@language"}, "parentField": "cr:parentField", "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#", "recordSet": "cr:recordSet", "references": "cr:references",
    "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace", "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
    "transform": "cr:transform",
}  # fmt: skip
"""The context of appendix 1 of the specification, and `prov`."""
CONFORMS = ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
PARQUET = "application/x-parquet"
"""As the hub and mlcroissant name it; IANA has application/vnd.apache.parquet, which mlcroissant 1.1.1 does not read."""
TYPES = {
    "string": "sc:Text", "large_string": "sc:Text", "bool": "sc:Boolean", "float": "cr:Float32", "double": "cr:Float64",
    "int8": "cr:Int8", "int16": "cr:Int16", "int32": "cr:Int32", "int64": "cr:Int64", "uint8": "cr:UInt8",
    "uint16": "cr:UInt16", "uint32": "cr:UInt32", "uint64": "cr:UInt64", "date32[day]": "sc:Date",
}  # fmt: skip
COUNT = "http://www.wikidata.org/entity/Q4049983"
"""Cardinality, as section "Representing Descriptive Statistics" of the specification has it."""


def croissant(known: Known) -> str:
    """Return croissant.json."""
    page = {"@context": CONTEXT, "@type": "sc:Dataset", **_about(known), **_provenance(known), **_responsible(known)}
    page |= {"distribution": list(_distribution(known.facts)), "recordSet": list(_record_sets(known.facts))}
    return json.dumps(page, indent=1, ensure_ascii=False) + "\n"


def _about(known: Known) -> dict[str, Any]:
    facts, corpus = known.facts, known.passport.table("corpus")
    address = license_address(corpus.text("license"), corpus.text("license_url"))
    page: dict[str, Any] = {
        "conformsTo": CONFORMS,
        "name": corpus.text("name"),
        "description": corpus.text("description"),
        "license": address or corpus.text("license_name") or corpus.text("license"),
        "url": corpus.text("url"),
        "creator": [_agent(author) for author in corpus.list("authors")],
        "datePublished": corpus.text("date"),
        "version": corpus.text("version"),
        "identifier": f"atom-data-root:{facts.root}",
        "isLiveDataset": False,
        "keywords": list(corpus.list("keywords")) or ["text"],
        "inLanguage": sorted({code for one in facts.languages or () if (code := code_of(one.name))}),
        "size": f"{facts.documents} documents, {facts.text_bytes} bytes of text"
        + (f", {facts.token_count} tokens" if facts.token_count is not None else ""),
        "citeAs": _cite(corpus),
    }
    if corpus.text("publisher"):
        page["publisher"] = {"@type": "sc:Organization", "name": corpus.text("publisher")}
    if corpus.text("doi"):
        page["sameAs"] = f"https://doi.org/{corpus.text('doi')}"
    return page


def _agent(author: str) -> dict[str, str]:
    family, comma, given = author.partition(",")
    if comma:
        return {"@type": "sc:Person", "name": f"{given.strip()} {family.strip()}"}
    return {"@type": "sc:Organization", "name": author}


def _cite(corpus: Row) -> str:
    authors = " and ".join(corpus.list("authors"))
    year = corpus.text("date")[:4]
    key = "".join(letter for letter in corpus.text("name").lower() if letter.isalnum()) or "corpus"
    return (
        f"@misc{{{key}{year}, author = {{{authors}}}, title = {{{corpus.text('name')}}}, year = {{{year}}}, "
        f"version = {{{corpus.text('version')}}}, url = {{{corpus.text('url')}}}}}"
    )


def _provenance(known: Known) -> dict[str, Any]:
    """Return what it was derived from, and an activity per stage with its counts and the hashes of its cards."""
    sources = []
    for one in known.facts.sources:
        row = known.said(one)
        entity = {"@type": "prov:Entity", "prov:label": known.title(one), "sc:description": known.amount(one)}
        for key, name in (("url", "sc:url"), ("version", "sc:version"), ("license", "sc:license")):
            entity |= {name: row.text(key)} if row.text(key) else {}
        if found := known.period(one):
            entity["sc:temporalCoverage"] = "/".join(found)
        sources.append(entity)
    activities = []
    for stage in known.facts.stages:
        cards = {step.name: step.sha256 for step in stage.steps if step.sha256}
        hashes = "".join(f" {name}: SHA-256 {digest}." for name, digest in cards.items())
        activities.append(
            {"@type": "prov:Activity", "prov:label": stage.name, "sc:description": stage_words(stage) + hashes}
        )
    software = {"@type": "prov:SoftwareAgent", "prov:label": f"atom-data {known.facts.version}".strip()}
    return {"prov:wasDerivedFrom": sources, "prov:wasGeneratedBy": activities, "prov:wasAttributedTo": software}


def _responsible(known: Known) -> dict[str, Any]:
    """Return the RAI properties: what a run knows of them, and what people said."""
    facts, corpus = known.facts, known.passport.table("corpus")
    made = " ".join(filter(None, (known.said(one).text("content") for one in facts.sources)))
    unread = {reason: count for stage in facts.stages for reason, count in stage.unreadable.items()}
    lost = ", ".join(f"{reason} {count:,}" for reason, count in sorted(unread.items()))
    crawled = bool(known.sources("crawled"))
    page: dict[str, Any] = {
        "rai:dataCollection": " ".join(filter(None, (made, *known.hidden_words()))) or "Not described.",
        "rai:dataCollectionType": ["Web Scraping"] if crawled else ["Secondary Data Analysis"],
        "rai:dataCollectionRawData": f"{facts.read_in:,} documents were read from "
        f"{sum(stage.inputs for stage in facts.stages if not stage.reads):,} files.",
        "rai:dataCollectionMissingData": f"Records that could not be read: {lost or 'none'}.",
        "rai:dataPreprocessingProtocol": [stage_words(stage) for stage in facts.stages],
        "rai:dataManipulationProtocol": " ".join(opt_out_lines(known)),
        "rai:machineAnnotationTools": [f"{tool.name} (SHA-256 {tool.sha256})" for tool in facts.tools]
        + [f"{name} {version}" for name, version in facts.libraries.items()],
        "rai:personalSensitiveInformation": " ".join(
            filter(None, (corpus.text("personal_data"), *private_lines(known)))
        ),
        "rai:dataLimitations": " ".join(filter(None, (corpus.text("limitations"), *contamination_lines(known)))),
    }
    if facts.months:
        page["rai:dataCollectionTimeframe"] = [f"{one}-01" for one in facts.months]
    for key, name in (
        ("purpose", "dataUseCases"), ("biases", "dataBiases"), ("social_impact", "dataSocialImpact"),
        ("maintenance", "dataReleaseMaintenancePlan"),
    ):  # fmt: skip
        if corpus.text(key):
            page[f"rai:{name}"] = corpus.text(key)
    return page


def _distribution(facts: Facts) -> Iterator[dict[str, Any]]:
    for name, files in by_config(facts).items():
        if not files:
            continue
        for file in files:
            path = data_path(name, file.name)
            yield {
                "@type": "cr:FileObject", "@id": path, "name": path, "contentUrl": path, "contentSize": f"{file.bytes} B",
                "encodingFormat": PARQUET, "sha256": file.sha256,
            }  # fmt: skip
        yield {
            "@type": "cr:FileSet", "@id": f"files-{name}", "name": f"files-{name}", "encodingFormat": PARQUET,
            "description": f"{len(files)} shards of the stage {name}.", "includes": data_path(name, "*.parquet"),
        }  # fmt: skip


def _record_sets(facts: Facts) -> Iterator[dict[str, Any]]:
    for name, files in by_config(facts).items():
        if not files:
            continue
        rows = sum(file.rows for file in files)
        columns = facts.columns[name]
        yield {
            "@type": "cr:RecordSet", "@id": name, "name": name,
            "description": f"{rows} documents, a row each.",
            "key": {"@id": f"{name}/id"},
            "cr:annotation": [_annotation(f"{name}/count", rows)],
            "field": [_column(name, column, kind) for column, kind in columns],
        }  # fmt: skip


def _annotation(name: str, value: int) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": name, "name": name, "value": value, "dataType": COUNT}


def _column(config: str, column: str, kind: str) -> dict[str, Any]:
    inner = kind.removesuffix(">").partition(": ")[2].removesuffix(" not null") if kind.startswith("list<") else kind
    default = "sc:DateTime" if inner.startswith("timestamp") else "sc:Text"
    page: dict[str, Any] = {
        "@type": "cr:Field", "@id": f"{config}/{column}", "name": f"{config}/{column}", "description": f"Column {column}.",
        "dataType": TYPES.get(inner, default),
        "source": {"fileSet": {"@id": f"files-{config}"}, "extract": {"column": column}},
    }  # fmt: skip
    if inner != kind:
        page |= {"isArray": True, "arrayShape": "-1"}
    return page
