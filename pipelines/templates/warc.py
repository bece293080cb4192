"""A first corpus from crawl records: take the text out of pages, measure, keep what a published card accepts, take copies out.

    {command} check {recipe}
    {command} run {recipe} -o {output}

The pattern below names the files: WARC or ARC, as Common Crawl and the Internet Archive write them.
"""

from pathlib import Path

from atom_data import Copies, Extract, MinHash, SameText, Stage, Warc, keep
from atom_data.signals import CheckUrl, FastTextLanguage, count_characters, count_lines, count_words

HERE = Path(__file__).parent
PAGES = Warc(str(HERE / "data" / "*.warc.gz"), source="crawl")


def stages() -> tuple[Stage, ...]:
    """Signals measure, cards decide, and copies leave by a reason of their own."""
    extracted = Stage(
        name="extracted",
        reads=PAGES,
        steps=(Extract(), keep("web_page")),
        writes=("id", "url", "date", "source", "file", "offset", "title", "text"),
    )
    clean = Stage(
        name="clean",
        reads=extracted,
        steps=(
            CheckUrl(),
            keep("url_block"),
            FastTextLanguage(),
            count_characters,
            count_words,
            count_lines,
            keep("gopher_multilingual"),
        ),
        writes=("id", "url", "date", "source", "file", "offset", "title", "text", "language", "word_count"),
    )  # fmt: skip
    exact_deduped = Stage(name="exact_deduped", reads=Copies(of=clean, by=SameText()), steps=(keep("first_copy"),))
    fuzzy_deduped = Stage(
        name="fuzzy_deduped", reads=Copies(of=exact_deduped, by=MinHash()), steps=(keep("first_near_copy"),)
    )
    return (fuzzy_deduped,)
