"""Cards for a language of FineWeb2 that has none here, from its config: filters, the bound of its score, its stop words.

    python pipelines/fineweb2_cards.py configs/swh_Latn.yml cards
    atom-data run pipelines/fineweb2.py --set language=swh_Latn --set cards=cards --set glotlid=glotlid.bin --set documents='...'

Configs of 1,929 languages and scripts lie in https://github.com/huggingface/fineweb-2, folder configs (Apache-2.0; Penedo et al.
2025). What is bounded, and what is fixed for all, is that of fineweb-2-pipeline.py: `rules` has them in its order. Scripts
without spaces between words have no rules on words, as their splitters are not here: 50 words are taken as 100 characters.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from atom_data.errors import AtomDataError, ConfigError

KEYS = (
    *("dup_line_frac", "dup_n_grams", "language_score", "line_punct_thr", "max_avg_word_length"),
    *("max_non_alpha_words_ratio", "min_avg_word_length", "new_line_ratio", "stopwords", "top_n_grams"),
)
WITHOUT_SPACES = ("Hani", "Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt")
Bounds = dict[str, float]


def rules(config: dict[str, Any], spaces: bool) -> dict[str, tuple[str, Bounds]]:
    """Return, by reason, the column that is bounded, and its bounds."""
    found: dict[str, tuple[str, Bounds]] = {
        "duplicate_lines": ("duplicate_line_share", {"max": config["dup_line_frac"]})
    }
    if spaces:
        for size, share in config["top_n_grams"]:
            found[f"top_{size}gram"] = (f"top_{size}gram_char_share", {"max": share})
        for size, share in config["dup_n_grams"]:
            found[f"duplicate_{size}grams"] = (f"duplicate_{size}gram_char_share", {"max": share})
    if config["line_punct_thr"]:
        found["terminal_punctuation"] = ("terminal_punctuation_line_share", {"min": config["line_punct_thr"]})
    found["duplicate_line_chars"] = ("duplicate_line_char_share", {"max": 0.1})
    if spaces:
        length = {"min": config["min_avg_word_length"], "max": config["max_avg_word_length"]}
        found["list"] = ("newline_unit_ratio", {"max": config["new_line_ratio"]})
        found["word_count"] = ("unit_word_count", {"min": 50, "max": 100_000})
        found["mean_word_chars"] = ("mean_unit_word_chars", length)
        found["symbols"] = ("symbol_word_ratio", {"max": 0.1})
    else:
        found["characters"] = ("text_chars", {"min": 100, "max": 1_000_000})
    found["bullet_lines"] = ("bullet_line_share", {"max": 0.9})
    found["ellipsis_lines"] = ("ellipsis_line_share", {"max": 0.3})
    if spaces:
        found["alphabetic_words"] = ("alphabetic_unit_share", {"min": config["max_non_alpha_words_ratio"]})
    found["stop_words"] = ("language_stop_word_count", {"min": 2})
    return found


def card(language: str, found: dict[str, tuple[str, Bounds]]) -> str:
    """Return the page of a card whose rules judge rows of the language alone."""
    head = f'source = "Penedo et al. 2025, FineWeb2; configs/{language}.yml, filters of fineweb-2-pipeline.py (Apache-2.0)"\n'
    blocks = [
        "\n".join(["[[rule]]", f'reason = "{reason}"', f'column = "{column}"', *(f"{k} = {v}" for k, v in bounds.items()),
                   f'where = {{ language = ["{language}"] }}', ""])
        for reason, (column, bounds) in found.items()
    ]  # fmt: skip
    return "\n".join([head, *blocks])


def convert(config: Path, into: Path) -> list[Path]:
    """Write both cards and the list of a config; return their paths. ConfigError for a file that is none."""
    language = config.stem
    try:
        values = yaml.safe_load(config.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"{config}: no config of FineWeb2 ({error}). Give configs/LANGUAGE.yml of its repository."
        ) from error
    missing = [key for key in KEYS if not isinstance(values, dict) or key not in values]
    if missing:
        raise ConfigError(f"{config}: no '{missing[0]}' in it. Give configs/LANGUAGE.yml of FineWeb2's repository.")
    spaces = language.rpartition("_")[2] not in WITHOUT_SPACES
    words = [str(word) for word in values["stopwords"]]
    score: dict[str, tuple[str, Bounds]] = {"score": ("language_score", {"min": values["language_score"]})}
    files = {
        f"fineweb2_{language}.toml": card(language, rules(values, spaces)),
        f"fineweb2_{language}_score.toml": card(language, score),
        f"stop_words_{language}.txt": f"{language}: {' '.join(words if spaces else [f'*{word}*' for word in words])}\n",
    }
    into.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (into / name).write_text(text, "utf-8")
    return [into / name for name in files]


def main(words: list[str]) -> int:
    """Convert the config that is named."""
    if len(words) != 2:
        sys.stderr.write((__doc__ or "").partition("\n\n")[2].partition("\n\n")[0] + "\n")
        return 2
    try:
        made = convert(Path(words[0]), Path(words[1]))
    except AtomDataError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{path}\n" for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
