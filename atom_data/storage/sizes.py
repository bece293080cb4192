"""Sizes as people write them: one grammar for every option and parameter that takes one."""

import re
from fractions import Fraction

from atom_data.errors import ConfigError

UNITS = {
    "": 1,
    "B": 1,
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGT", 1)},
    **{f"{letter}IB": 1024**power for power, letter in enumerate("KMGT", 1)},
    **{letter: 1024**power for power, letter in enumerate("KMGT", 1)},
}
"""KB and KiB are those of IEC 80000-13; a letter alone is a power of 1024, as for sbatch's `--mem`."""
GRAMMAR = "KB MB GB TB are powers of 1000, KiB MiB GiB TiB and K M G T of 1024; a number alone is bytes"
"""For help and errors."""
SIZE = re.compile(r"\s*(\d{1,18}(?:\.\d{1,18})?)\s*([A-Za-z]*)\s*", re.ASCII)


def parse_bytes(text: str, where: str, *, at_least: int = 1, alone: int = 1) -> int:
    """Return a size such as `500MB`, `1.5 GiB` or `2G` in bytes; capitals do not matter.

    `alone` is what a number without a unit counts: 1, but 2^20 for what Slurm is given. ConfigError for anything else, and
    for less than `at_least`.
    """
    match = SIZE.fullmatch(text)
    unit = UNITS.get(match[2].upper()) if match else None
    if match is None or unit is None:
        raise ConfigError(
            f"{where}: '{text}' is not a size. Give a number and a unit, such as 500MB or 2GB: {GRAMMAR}."
        )
    size = int(Fraction(match[1]) * (unit if match[2] else alone))
    if size < at_least:
        raise ConfigError(
            f"{where}: '{text}' is {size:,} bytes, and at least {at_least:,} are needed. Give more: {GRAMMAR}."
        )
    return size
