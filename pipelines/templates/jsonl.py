"""A first corpus from JSON lines: measure, keep what a published card accepts, take copies out.

    {command} check {recipe}
    {command} run {recipe} -o {output}

The pattern below names the files; each line is an object with a `text`, and an `id` and `url` if there are any.
"""

from pathlib import Path

from atom_data import Copies, Jsonl, MinHash, SameText, Stage, keep
from atom_data.signals import FastTextLanguage, count_characters, count_lines, count_words

HERE = Path(__file__).parent
DOCUMENTS = Jsonl(str(HERE / "data" / "*.jsonl"), source="documents")


def stages() -> tuple[Stage, ...]:
    """Signals measure, cards decide, and copies leave by a reason of their own."""
    clean = Stage(
        name="clean",
        reads=DOCUMENTS,
        steps=(FastTextLanguage(), count_characters, count_words, count_lines, keep("gopher_multilingual")),
        writes=("id", "url", "date", "source", "file", "offset", "text", "language", "word_count"),
    )
    exact_deduped = Stage(name="exact_deduped", reads=Copies(of=clean, by=SameText()), steps=(keep("first_copy"),))
    fuzzy_deduped = Stage(
        name="fuzzy_deduped", reads=Copies(of=exact_deduped, by=MinHash()), steps=(keep("first_near_copy"),)
    )
    return (fuzzy_deduped,)
