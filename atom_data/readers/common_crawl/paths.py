"""Common Crawl's lists of files (`warc.paths.gz`): a path below its base address in each line."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from atom_data.errors import ConfigError
from atom_data.readers.files import listed
from atom_data.readers.lines import Lines
from atom_data.readers.streams.window import Window
from atom_data.storage.paths import is_remote, size, without_secrets
from atom_data.storage.shards import Shard, shard_name
from atom_data.storage.web.stream import join_base, open_patiently
from atom_data.storage.web.traffic import Patience, Traffic

BASE = "https://data.commoncrawl.org/"
"""Where Common Crawl's files are (commoncrawl.org/get-started)."""
LISTS = (".paths.gz", ".paths")
LONGEST_LINE = 4096
MARKS = frozenset("*?[]\\")


def crawl_files(paths: Sequence[str], base: str, endings: tuple[str, ...], patience: Patience) -> list[Shard]:
    """Return a shard for each file that the lists name, sorted by name, which is the file's own without its endings.

    So a file has the same shard in every list that names it, local or not. Sizes of remote files are 0. Errors: ConfigError for a
    list that is empty, that names a file twice or one of another kind, and for a line that is not a path below the base.
    """
    names: dict[str, str] = {}
    for file in listed(paths, LISTS):
        found = _names(file.path, patience)
        if not found:
            raise ConfigError(f"{without_secrets(file.path)}: names no file. Give a list such as warc.paths.gz.")
        for number, name in found:
            where = f"{without_secrets(file.path)}, line {number}"
            _check(name, endings, where)
            if name in names:
                raise ConfigError(f"{where}: {name} stands in {names[name]} as well. Name each file once.")
            names[name] = where
    return sorted(_shards(list(names), base, endings), key=lambda shard: shard.name)


def _names(path: str, patience: Patience) -> list[tuple[int, str]]:
    stream = open_patiently(path, patience, Traffic()) if is_remote(path) else None
    window = Window(path, stream=stream)  # type: ignore[arg-type]
    try:
        lines = [(number, line.data) for number, line in enumerate(Lines(window, LONGEST_LINE), 1)]
    finally:
        window.close()
    return [(number, data.decode("utf-8", "replace").strip()) for number, data in lines if data.strip()]


def _check(name: str, endings: tuple[str, ...], where: str) -> None:
    parts = PurePosixPath(name).parts
    if is_remote(name) or name[:1] == "/" or ".." in parts or not MARKS.isdisjoint(name) or not name.isprintable():
        raise ConfigError(
            f"{where}: {name[:200]!r} is not a path below the base address. Give a list such as warc.paths.gz."
        )
    if not name.endswith(endings):
        kinds = ", ".join(endings)
        raise ConfigError(
            f"{where}: {name[:200]} does not end in {kinds}. CommonCrawl reads the files of warc.paths.gz and "
            "robotstxt.paths.gz, CommonCrawlText those of wet.paths.gz."
        )


def _shards(names: list[str], base: str, endings: tuple[str, ...]) -> list[Shard]:
    own = [shard_name(_stem(name.rpartition("/")[2], endings)) for name in names]
    counts = Counter(own)
    found = []
    for name, short in zip(names, own, strict=True):
        path = join_base(base, name)
        whole = short if counts[short] == 1 else shard_name(_stem(name, endings))
        found.append(Shard(whole, path, 0 if is_remote(path) else size(path)))
    twice = [name for name, count in Counter(shard.name for shard in found).items() if count > 1]
    if twice:
        raise ConfigError(f"two files would share the name '{twice[0]}'. Make two sources of their lists.")
    return found


def _stem(name: str, endings: tuple[str, ...]) -> str:
    return next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), name)


def below(base: str, path: str) -> str:
    """Return the name of a file as it stands in its list, from where it is."""
    return path.removeprefix(join_base(base, "").rstrip("/") + "/")
