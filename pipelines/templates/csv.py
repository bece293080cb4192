"""A first corpus from CSV: measure, keep what a published card accepts, take copies out.

    {command} check {recipe}
    {command} run {recipe} -o {output}

The pattern below names the files; they need a column of texts, `text` unless you say which: Tables(..., text="content").
TSV, Arrow and arrays of JSON are read in the same way.
"""

from pathlib import Path

from atom_data import Copies, MinHash, SameText, Stage, Tables, keep
from atom_data.signals import FastTextLanguage, count_characters, count_lines, count_words

HERE = Path(__file__).parent
DOCUMENTS = Tables(str(HERE / "data" / "*.csv"), source="documents")


def stages() -> tuple[Stage, ...]:
    """Signals measure, cards decide, and copies leave by a reason of their own."""
    clean = Stage(
        name="clean",
        reads=DOCUMENTS,
        steps=(FastTextLanguage(), count_characters, count_words, count_lines, keep("gopher_multilingual")),
        writes=("id", "url", "date", "source", "file", "row", "text", "language", "word_count"),
    )
    exact_deduped = Stage(name="exact_deduped", reads=Copies(of=clean, by=SameText()), steps=(keep("first_copy"),))
    fuzzy_deduped = Stage(
        name="fuzzy_deduped", reads=Copies(of=exact_deduped, by=MinHash()), steps=(keep("first_near_copy"),)
    )
    return (fuzzy_deduped,)
