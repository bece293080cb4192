"""A crawl as we would make it: every language, one look at each rule's reason, every copy confirmed on the text.

    atom-data run pipelines/common_crawl.py --set crawl=CC-MAIN-2026-22 --set paths=warc.paths.gz --set tokenizer=t.json -o corpus
    atom-data run pipelines/common_crawl.py --set crawl=CC-MAIN-2026-22 --set warcs='crawl/*.warc.gz' -o corpus

No paper's recipe. The parts, and why they are these:
- Addresses first, before a page is parsed: the lists that FineWeb uses.
- Our extraction and decoding; what stays broken of a page's characters is counted and bounded.
- English by the cards that separate good pages from bad (docs/guides/quality.md); other languages by rules that need no English.
- Runs of words that loop, which make a training run's loss jump.
- Exact copies, then near copies that the texts confirm: of each cluster the longest stays, and how many it had is kept.
- Private data replaced by values of nobody, last, so that copies are found on the text as it was.
"""

from pathlib import Path
from typing import Literal

from atom_data import CommonCrawl, Copies, Extract, MinHash, SameText, Stage, Tokenize, Warc, group_by_value, keep
from atom_data.errors import ConfigError
from atom_data.rewrite import ReplacePrivate
from atom_data.signals import (
    CheckUrlLists,
    CountLoops,
    FastTextLanguage,
    count_characters,
    count_lines,
    count_words,
    datatrove_url_lists,
    measure_as_datatrove,
)

WHERE = ("id", "url", "date", "title", "text", "language", "language_score")


def stages(
    *,
    paths: str | None = None,
    warcs: str | None = None,
    base: str = "https://data.commoncrawl.org/",
    crawl: str = "crawl",
    url_lists: Literal["datatrove", "none"] = "datatrove",
    tokenizer: Path | None = None,
) -> tuple[object, ...]:
    """One crawl by a list of its files, which lie below `base`, or by the files; with a tokenizer also its tokens."""
    if (paths is None) == (warcs is None):
        raise ConfigError("common_crawl.py: give one of paths= (a list such as warc.paths.gz) and warcs= (the files).")
    web = CommonCrawl(paths, base=base, source=crawl) if paths is not None else Warc(str(warcs), source=crawl)
    listed = datatrove_url_lists() if url_lists == "datatrove" else CheckUrlLists()
    pages = Stage(
        name="pages",
        reads=web,
        steps=(
            listed, keep("url_lists"),
            Extract(), keep("web_page"),
            count_characters, count_words, count_lines, keep("gopher_multilingual"),
            CountLoops(), keep("olmo2_loops"),
            FastTextLanguage(),
        ),
        writes=WHERE,
        expects=(0.4, 0.95),  # of 3,000 WARCs 142 of 156 M pages have text; short pages go
    )  # fmt: skip
    english, others = group_by_value(pages, "language", ("en",))
    measured = (measure_as_datatrove, keep("datatrove_gopher_repetition"), keep("datatrove_gopher_quality"))
    kept = Stage(name="english", reads=english, steps=measured, writes=WHERE, expects=(0.3, 0.9))
    rest = Stage(name="others", reads=others, steps=(), writes=WHERE)
    made: list[object] = []
    for part in (kept, rest):
        exact = Copies(of=part, by=SameText(), name=f"{part.name}_exact")
        once = Stage(name=f"{part.name}_once", reads=exact, steps=(keep("first_copy"),), writes=WHERE)
        deduped = Stage(
            name=f"{part.name}_clean",
            reads=Copies(of=once, by=MinHash(), name=f"{part.name}_near"),
            steps=(keep("first_near_copy"), ReplacePrivate()),
            writes=(*WHERE, "near_copy_count"),
            expects=(0.4, 1.0),
        )
        made.append(
            deduped if tokenizer is None else Tokenize(name=f"{part.name}_tokens", reads=deduped, tokenizer=tokenizer)
        )
    return tuple(made)
