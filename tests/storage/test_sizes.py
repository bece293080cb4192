"""Sizes: one grammar, said in its error; what Slurm is given counts as Slurm counts."""

import pytest
from hypothesis import given, strategies as st

from atom_data.cluster.profile import Profile
from atom_data.errors import ConfigError
from atom_data.storage.sizes import UNITS, parse_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0.5KB", 500), ("7", 7), ("7B", 7), ("500MB", 500_000_000), ("2GB", 2_000_000_000), ("1TB", 10**12),
        ("1KiB", 1024), ("2 GiB", 2 << 30), ("1.5MiB", 3 << 19), ("1TiB", 1 << 40),
        ("4K", 4096), ("500m", 500 << 20), ("2G", 2 << 30), ("10T", 10 << 40), (" 2gb ", 2_000_000_000),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text, "--memory") == size


@given(st.integers(1, 10**15), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " "]))
def test_whole_numbers_are_exact(number: int, unit: str, space: str) -> None:
    assert parse_bytes(f"{number}{space}{unit}", "x") == number * UNITS[unit]


@pytest.mark.parametrize(
    "text", ["", "lots", "GB", "-1GB", "1e9", "2 GB 3", "2XB", "1,5GB", "٣GB", "1" * 19, "0", "0.0GB", "inf"]
)
def test_what_is_no_size_is_a_sentence(text: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^--memory: .*KB MB GB TB are powers of 1000, KiB .* a number alone is bytes\.$"
    ):
        parse_bytes(text, "--memory")


def test_too_little_is_said() -> None:
    with pytest.raises(
        ConfigError, match=r"^near: memory: '999KB' is 999,000 bytes, and at least 1,000,000 are needed"
    ):
        parse_bytes("999KB", "near: memory", at_least=1_000_000)


@pytest.mark.parametrize(
    ("given", "size", "mem"),
    [("2G", 2 << 30, "6G"), ("7", 7 << 20, "21"), ("2GB", 2_000_000_000, "5859375K"), ("1.5GiB", 3 << 29, "4718592K")],
)
def test_memory_of_a_profile_counts_as_sbatch_does(given: str, size: int, mem: str) -> None:
    profile = Profile(memory_per_worker=given, workers_per_task=3)
    assert (profile.worker_bytes, profile.settings()["mem"]) == (size, mem)
