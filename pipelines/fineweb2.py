"""FineWeb2 (Penedo et al. 2025, FineWeb2), one language and script at a time, with copies counted for rehydration.

    atom-data run pipelines/fineweb2.py --set language=deu_Latn --set glotlid=glotlid.bin --set documents='text/*.parquet' -o de

The same as huggingface/fineweb-2, fineweb-2-pipeline.py and configs/*.yml at d0defb2: GlotLID's label and the bound of its score,
MinHash of 14 x 8 over all crawls of the language *before* the filters, bounds of the language's config, no C4, ftfy, private data,
lines of `|`; how many copies a document had is kept. Not the same, and why:
- Words: FineWeb2 has a splitter for each language. `count_units` cuts punctuation off for any language with spaces; runs and
  symbols are of words between white space. 20 configs are cards; `fineweb2_cards.py` makes those of its 1,900 others.
- MinHash has hashes and words of our own; of copies the first read stays. Replacements of private data begin anew in each document.
- GlotLID's file has no SHA-256 where we could read one: its bytes are in the stage's identity from the first run on.
"""

from pathlib import Path

from atom_data import Copies, MinHash, Parquet, Stage, group_by_size, group_by_value, keep
from atom_data.rewrite import RemoveSymbolLines, RepairUnicode, ReplacePrivate
from atom_data.signals import (
    CountStopWords,
    FastTextLanguage,
    count_characters,
    count_lines,
    count_units,
    count_words,
    measure_repetition,
)

WHERE = ("id", "url", "date", "text", "language", "language_score")
SIZES = (2, 3, 5, 100, 1000)
"""From these sizes of cluster on a document is repeated 2, 3, 5, 8 and, boilerplate again, 1 times (section 4.4)."""


def stages(
    *, documents: str, language: str, glotlid: Path | None = None, cards: Path | None = None
) -> tuple[object, ...]:
    """One language; tokenize its last stages, `copies_1` and on, for a mix with `repeats` of 1, 2, 3, 5, 8, 1."""
    filters = keep(f"{cards}/fineweb2_{language}.toml" if cards else f"fineweb2_{language}")
    stop_words = CountStopWords(words=cards / f"stop_words_{language}.txt") if cards else CountStopWords()
    labelled = Stage(
        name="labelled",
        reads=Parquet(documents, source="non_english"),  # what FineWeb kept apart as 2_non_english, of all crawls
        steps=(FastTextLanguage(model=glotlid, none_for_code=False),),  # LanguageFilter(backend="glotlid")
        writes=WHERE,
    )
    mine, _ = group_by_value(labelled, "language", (language,))
    bound = keep(
        f"{cards}/fineweb2_{language}_score.toml" if cards else "fineweb2_language"
    )  # language_score of configs/LANGUAGE.yml
    sure = Stage(name="sure", reads=mine, steps=(bound,), writes=WHERE, expects=(0.4, 1.0))
    near = MinHash(ngram=5, bands=14, rows=8, confirm=False)  # section 3.3: 14 x 8 over 5-grams, all crawls at once
    deduped = Stage(
        name="deduped",
        reads=Copies(of=sure, by=near, keep=("first",)),
        steps=(keep("first_near_copy"),),
        writes=(*WHERE, "near_copy_count"),
    )
    filtered = Stage(
        name="filtered",
        reads=deduped,
        steps=(
            count_characters, count_words, count_units, count_lines, measure_repetition, stop_words,
            filters,  # configs/LANGUAGE.yml: GopherRepetition, FineWebQuality, GopherQuality
            RepairUnicode(),  # FTFYFormatter
            ReplacePrivate(kinds=("mail", "ipv4"), by="fineweb"),  # PIIFormatter
            RemoveSymbolLines(symbols="|", replacement="\n"),  # SymbolLinesFormatter
        ),
        writes=(*WHERE, "near_copy_count"),
        expects=(0.2, 0.9),
    )  # fmt: skip
    groups = zip((1, *SIZES), group_by_size(filtered, at=SIZES), strict=True)
    return tuple(Stage(name=f"copies_{size}", reads=group) for size, group in groups)
