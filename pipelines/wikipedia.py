"""Wikipedia as text: articles that are more than a stub, each once, with its license kept (after Soldaini et al. 2024, Dolma, 4.4).

    atom-data run pipelines/wikipedia.py --set dumps='enwiki-*-multistream*.xml*.bz2' --set dump=enwiki-20260501 -o wikipedia
    atom-data run pipelines/wikipedia.py --set documents='wiki/*.jsonl.gz' --set dump=enwiki-20260501 -o wikipedia

The same as Dolma: text without markup, articles of 25 words or fewer dropped. Not the same, and why:
- Dumps are read by `MediaWiki`, where Dolma has WikiExtractor: lists, tables and headings stay, templates go (docs/sources.md).
  With `documents`, the text is read as an extractor has written it: a line per article with `id`, `url`, `text`.
- Words are what stands between white space, where Dolma cuts by UAX 29: the same for languages with spaces.
- Exact copies go, which Dolma leaves to its paragraphs: redirects that an extractor followed twice.
"""

from typing import Literal

from atom_data import Copies, Jsonl, MediaWiki, SameText, Stage, keep
from atom_data.errors import ConfigError
from atom_data.signals import count_words

WHERE = ("id", "url", "date", "text")
OF_A_PAGE = ("title", "license", "page_id", "revision")


def stages(
    *,
    dumps: str | None = None,
    documents: str | None = None,
    dump: str = "wikipedia",
    form: Literal["text", "markdown"] = "text",
    text_license: str = "CC-BY-SA-4.0",  # Wikipedia's, since June 2023 (foundation.wikimedia.org, Terms of Use, section 7)
) -> tuple[object, ...]:
    """Articles of one dump, by the dump's files or by what an extractor made of them; `dump` becomes the source of each."""
    if (dumps is None) == (documents is None):
        raise ConfigError(
            "wikipedia.py: give one of dumps= (.xml.bz2 of a dump) and documents= (JSON lines of its texts)."
        )
    pages = MediaWiki(str(dumps), source=dump, form=form, license=text_license)
    articles = Stage(
        name="articles",
        reads=pages if documents is None else Jsonl(documents, source=dump, ids="file"),
        steps=(count_words, keep("wikipedia")),  # more than 25 words (section 4.4)
        writes=(*WHERE, *(OF_A_PAGE if documents is None else ()), "word_count"),
        expects=(0.5, 1.0),  # redirects and stubs
    )
    unique = Stage(
        name="unique", reads=Copies(of=articles, by=SameText()), steps=(keep("first_copy"),), expects=(0.95, 1.0)
    )
    return (unique,)
