"""The main job on a few MB of real pages: crawl records in, deduplicated and tokenized shards out.

atom-data run pipelines/sample.py --output out
"""

from pathlib import Path

from atom_data import Copies, Extract, MinHash, SameText, Stage, Tokenize, Warc, keep
from atom_data.signals import CheckUrl, FastTextLanguage, count_characters, count_lines, count_words

SAMPLE = Path(__file__).parent / "sample"
PAGES = Warc(str(SAMPLE / "*.warc.gz"), source="sample")
WHERE = ("id", "url", "date", "source", "file", "offset")


def stages() -> tuple[object, ...]:
    """Extract, clean, keep first copies, tokenize."""
    extracted = Stage(
        name="extracted",
        reads=PAGES,
        steps=(Extract(), keep("web_page")),
        writes=(*WHERE, "title", "text"),
    )
    clean = Stage(
        name="clean",
        reads=extracted,
        steps=(
            CheckUrl(), keep("url_block"),
            FastTextLanguage(), keep("sample_languages"),
            count_characters, count_words, count_lines, keep("gopher_multilingual"),
        ),
        writes=(*WHERE, "title", "text", "language", "language_score", "word_count"),
    )  # fmt: skip
    exact_deduped = Stage(
        name="exact_deduped", reads=Copies(of=clean, by=SameText()), steps=(keep("first_copy"),), writes=clean.writes
    )
    fuzzy_deduped = Stage(
        name="fuzzy_deduped",
        reads=Copies(of=exact_deduped, by=MinHash()),
        steps=(keep("first_near_copy"),),
        writes=clean.writes,
    )
    tokens = Tokenize(name="tokens", reads=fuzzy_deduped, tokenizer=SAMPLE / "tokenizer.json", target_tokens=1 << 19)
    return (tokens,)
