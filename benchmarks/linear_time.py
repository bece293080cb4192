"""Time of every text signal on texts made to be slow: CPU nanoseconds a byte, which should not grow with the length.

python benchmarks/linear_time.py
"""

import time

import pyarrow as pa

from atom_data import signals

SIZES = (100_000, 1_000_000, 10_000_000)
STEPS = (
    "count_characters",
    "count_words",
    "count_lines",
    "count_placeholders",
    "measure_repetition",
    "measure_as_datatrove",
    "measure_as_nemo",
    "measure_characters",
    "measure_lines",
    "measure_vocabulary",
    "count_sentences",
)
TEXTS = {
    "one word": "word ",
    "one line": "Some words of a line, and more. ",
    "line feeds": "\n",
    "open brackets": "(",
    "full stops": ".",
    "letters, no space": "a",
    "Han, no space": "漢",
    "at signs": "@a.b",
    "hyphens": "a-1",
    "brackets of citations": "[1",
    "policy words": "use of cookie",
    "two lines in turn": "a\nb\n\n",
}


def main() -> None:
    """Print the table."""
    print(f"| signal | text | {' | '.join(f'{size:,} bytes' for size in SIZES)} |\n|---|---|{'---|' * len(SIZES)}")
    for name in STEPS:
        step = getattr(signals, name)
        step(pa.record_batch({"text": ["a text"]}))
        for title, unit in TEXTS.items():
            taken = []
            for size in SIZES:
                batch = pa.record_batch({"text": [unit * (size // len(unit.encode()))]})
                start = time.process_time()
                step(batch)
                taken.append((time.process_time() - start) / size * 1e9)
            print(f"| {name} | {title} | {' | '.join(f'{one:.1f}' for one in taken)} |", flush=True)


if __name__ == "__main__":
    main()
