"""Pages whose main text is known: from a WARC file with its truth beside it, or from a folder or archive of HTML files."""

import gzip
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atom_data.errors import DataError
from atom_data.extract.encoding import decoded
from atom_data.readers.warc import Warc
from atom_data.storage.shards import Intake
from atom_data.text.main_text.model import KINDS
from atom_data.workspace import Workspace

_KIND_NAMES = {"category": "collection"}
"""What WCXB's files call a kind."""
MOST_REPLACED = 50
"""A page with more characters that could not be read says little about text, and is left out."""
_NO_URL = ".invalid"
"""A host that nobody can have (RFC 2606): the page's address is not known."""


@dataclass(frozen=True, slots=True)
class Labeled:
    """A page and what a person says is its main text."""

    name: str
    url: str | None
    site: str
    """Pages of one site are never on both sides of a fold."""
    kind: str | None
    """One of KINDS."""
    language: str | None
    html: bytes
    """UTF-8."""
    text: str
    """The main text."""
    truth: Mapping[str, Any]
    """The whole truth, as it stands in its file."""
    set_name: str
    license: str


def read_pages(path: Path, license_name: str) -> list[Labeled]:
    """Return the pages of a set that have a main text, in the order of their names.

    `path` is a WARC file NAME.warc.gz with NAME.truth.jsonl.gz (or .jsonl) beside it, a line a page with `url` or `file_id`; or a
    folder or .tar archive with HTML files in `html`, and `ground-truth/NAME.json` for each or one `truth.jsonl` whose lines
    name their `file`. The text is `ground_truth.main_content` (WCXB's form) or `text`; `_internal.page_type.primary` is the
    kind; `site`, `language` and `license` may stand in a line. Pages are left out without a text, without HTML, and with more
    than MOST_REPLACED characters that cannot be decoded. Memory: all pages at once.
    Errors: a DataError for a file that is missing or that is not such a truth, and for a set without a page.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such set. Give a .warc.gz, a folder or a .tar file.")
    name = path.name.partition(".")[0]
    pairs = _from_files(path, _files(path)) if path.is_dir() or ".tar" in path.name else _from_warc(path)
    found = [
        page
        for given, html, charset, truth in pairs
        if (page := _labeled(given, html, charset, truth, f"{name}/{given}", license_name)) is not None
    ]
    if not found:
        raise DataError(
            f"{path}: no page has both HTML and a main text. Give pages and the truth that belongs to them."
        )
    return sorted(found, key=lambda page: page.name)


def truth_beside(path: Path) -> Path:
    """Return where the truth of a WARC file stands. DataError where it does not."""
    stem = path.name.partition(".warc")[0]
    places = [path.with_name(f"{stem}.truth.jsonl{end}") for end in (".gz", "")]
    for place in places:
        if place.exists():
            return place
    raise DataError(f"{path}: there is no {places[0].name} beside it. Put the truth there, a JSON line a page.")


def site_of(url: str) -> str:
    """Return the part of an address that one owner has: the last two names of its host, three under `co.uk` and the like."""
    names = (urlsplit(url).hostname or url).split(".")
    country = len(names) > 2 and len(names[-1]) == 2 and len(names[-2]) <= 3
    return ".".join(names[-3:] if country else names[-2:])


Pair = tuple[str, bytes | None, str | None, Mapping[str, Any]]
"""Name, HTML, the server's charset, truth."""


def _from_warc(path: Path) -> Iterator[Pair]:
    lines = _json_lines(truth_beside(path), _content(truth_beside(path)))
    by_url = {line["url"]: line for line in lines if line.get("url")}
    by_id = {str(line["file_id"]): line for line in lines if line.get("file_id")}
    source, nowhere = Warc([str(path)], source="labeled"), Workspace("")
    columns = ("url", "charset", "html")
    for shard in source.shards(nowhere):
        for batch in source.read(shard, nowhere, columns, Intake(reject=lambda *_: None)):
            for row in batch.select(list(columns)).to_pylist():
                url = row["url"] or ""
                truth = by_url.get(url) or by_id.get(url.rpartition("/")[2])
                if truth is not None:
                    yield str(truth.get("file_id") or url), row["html"], row["charset"], truth


def _from_files(path: Path, files: Mapping[str, bytes]) -> Iterator[Pair]:
    listed = next((name for name in files if name.rpartition("/")[2] == "truth.jsonl"), None)
    pages = {name.rpartition("/")[2]: data for name, data in files.items() if "/html/" in f"/{name}"}
    if listed is not None:
        for truth in _json_lines(path / listed, files[listed].decode("utf-8", "replace")):
            file = str(truth.get("file", ""))
            yield file.removesuffix(".html"), pages.get(file), None, truth
        return
    for name, data in files.items():
        if "/ground-truth/" in f"/{name}" and name.endswith(".json"):
            stem = name.rpartition("/")[2].removesuffix(".json")
            for truth in _json_lines(path / name, data.decode("utf-8", "replace"), whole=True):
                yield stem, pages.get(f"{stem}.html"), None, truth


def _files(path: Path) -> dict[str, bytes]:
    """Return all files of a folder or archive by their names in it."""
    if path.is_dir():
        return {
            file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()
        }
    found = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None:
                    found[member.name] = stream.read()
    except tarfile.TarError as error:
        raise DataError(f"{path}: the archive cannot be read: {error}. Give a .tar file, compressed or not.") from error
    return found


def _content(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")
    except (OSError, EOFError) as error:
        raise DataError(
            f"{path}: the truth cannot be read: {error}. Give JSON lines, compressed with gzip or not."
        ) from error


def _json_lines(path: Path, content: str, *, whole: bool = False) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for number, line in enumerate([content] if whole else content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            truth = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}: line {number} is not JSON: {error}. Give a JSON object a page.") from error
        if not isinstance(truth, dict) or not _main_text(truth, path, number):
            continue
        found.append(truth)
    return found


def _main_text(truth: Mapping[str, Any], path: Path, number: int) -> str:
    """Return the main text of a truth, empty where it has none. DataError where it has no place for one."""
    inner = truth.get("ground_truth", truth if "text" in truth else "")
    if inner is None:
        return ""
    if not isinstance(inner, dict):
        raise DataError(
            f"{path}: line {number} has no main text; its keys are {', '.join(sorted(map(str, truth)))}. "
            "Give `text`, or `main_content` in `ground_truth`."
        )
    return str(inner.get("main_content") or inner.get("text") or "").strip()


def _labeled(
    given: str, html: bytes | None, charset: str | None, truth: Mapping[str, Any], name: str, license_name: str
) -> Labeled | None:
    text = _main_text(truth, Path(name), 1)
    if not html or not text:
        return None
    page = decoded(html, charset)
    if page.replaced > MOST_REPLACED:
        return None
    url = str(truth.get("url") or "")
    known = bool(url) and not (urlsplit(url).hostname or "").endswith(_NO_URL)
    kind = str(((truth.get("_internal") or {}).get("page_type") or {}).get("primary") or "")
    kind = _KIND_NAMES.get(kind, kind)
    return Labeled(
        name,
        url if known else None,
        str(truth.get("site") or (site_of(url) if known else name)),
        kind if kind in KINDS else None,
        truth.get("language"),
        page.text.encode("utf-8", "replace"),
        text,
        truth,
        name.partition("/")[0],
        str(truth.get("license") or license_name),
    )
