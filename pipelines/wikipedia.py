"""Wikipedia as text: articles that are more than a stub, each once, with its license kept (after Soldaini et al. 2024, Dolma, 4.4).

    atom-data run pipelines/wikipedia.py --set documents='wiki/*.jsonl.gz' --set dump=enwiki-20260501 -o wikipedia

The same as Dolma: text without markup, articles of 25 words or fewer dropped. Not the same, and why:
- The text is read as an extractor has written it (WikiExtractor and its like; a line an article with `id`, `url`, `text`): a source
  that reads dumps is to come.
- Words are what stands between white space, where Dolma cuts by UAX 29: the same for languages with spaces.
- Exact copies go, which Dolma leaves to its paragraphs: redirects that an extractor followed twice.
"""

from atom_data import Copies, Jsonl, SameText, Stage, keep
from atom_data.signals import count_words

WHERE = ("id", "url", "date", "text")


def stages(*, documents: str, dump: str = "wikipedia") -> tuple[object, ...]:
    """Articles of one dump; `dump` becomes the source of each."""
    articles = Stage(
        name="articles",
        reads=Jsonl(documents, source=dump, ids="file"),
        steps=(count_words, keep("wikipedia")),  # more than 25 words (section 4.4)
        writes=(*WHERE, "word_count"),
        expects=(0.5, 1.0),  # redirects and stubs
    )
    unique = Stage(
        name="unique", reads=Copies(of=articles, by=SameText()), steps=(keep("first_copy"),), expects=(0.95, 1.0)
    )
    return (unique,)
