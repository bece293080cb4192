"""The stored table is Unicode's, and the decoder is Python's."""

import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from atom_data.text.characters import (
    LETTER,
    MARK,
    NUMBER,
    SPACE,
    UNSPACED,
    build_characters,
    cell_of,
    characters,
    decode,
)
from atom_data.text.hashes import is_caseless
from atom_data.text.memory import kernel, read_only


def kinds() -> np.ndarray:
    """The kind of every code point in the stored table."""
    table = characters()
    cells = table.cells.reshape(-1, 128)[table.pages].reshape(-1)
    return table.kinds[cells]


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="the stored table is of Unicode 14")
def test_characters_stored_table_is_the_one_unicodedata_gives() -> None:
    for stored, built in zip(characters(), build_characters(), strict=True):
        assert stored.dtype == built.dtype
        assert stored.tolist() == built.tolist()


def test_characters_every_python_calls_them_letters_and_spaces() -> None:
    every = kinds()
    spaces = [code for code in range(0x110000) if chr(code).isspace()]
    assert np.flatnonzero(every == SPACE).tolist() == spaces
    for kind, category in ((LETTER, "L"), (NUMBER, "N"), (UNSPACED, "L")):
        codes = [code for code in np.flatnonzero(every == kind).tolist() if unicodedata.category(chr(code)) != "Cn"]
        assert len(codes) > 1000
        assert {unicodedata.category(chr(code))[0] for code in codes} == {category}


@pytest.mark.parametrize(
    ("character", "kind"), [("漢", 6), ("々", 6), ("ー", 6), ("ก", 6), ("ี", 5), ("한", 3), ("๓", 4)]
)
def test_characters_scripts_without_spaces(character: str, kind: int) -> None:
    assert kinds()[ord(character)] == kind
    assert kinds()[0x200C] == MARK


@kernel
def _decoded(data: np.ndarray, codes: np.ndarray) -> int:
    position = count = 0
    while position < data.size:
        code, size = decode(data, position, data.size)
        codes[count] = code
        position += size
        count += 1
    return count


@given(st.one_of(st.binary(max_size=12), st.text(max_size=8).map(str.encode)))
@example(b"\xe0\x80\x80\xed\xa0\x80\xf0\x80\x80\x80\xf4\x90\x80\x80\xc0\xaf\xf8\xe2\x82\xf0\x9f\x98")
def test_decode_any_bytes_are_cut_as_python_cuts_them(data: bytes) -> None:
    codes = np.zeros(len(data), np.int64)
    count = _decoded(read_only(np.frombuffer(data, np.uint8)), codes)
    assert "".join(map(chr, codes[:count])) == data.decode(errors="replace")


def test_cell_of_every_code_point_says_its_kind() -> None:
    table, every = characters(), kinds()
    codes = np.arange(0, 0x110000, 997)
    cells = _cells(codes, table)
    assert table.kinds[cells].tolist() == every[codes].tolist()
    assert [chr(code + table.shifts[cell]) for code, cell in zip(codes[:10].tolist(), cells[:10], strict=True)] == [
        chr(code).lower() for code in codes[:10].tolist()
    ]


@kernel
def _cells(codes: np.ndarray, table: tuple[np.ndarray, ...]) -> np.ndarray:
    cells = np.zeros(codes.size, np.int64)
    for index in range(codes.size):
        cells[index] = cell_of(codes[index], table)
    return cells


def test_caseless_leads_begin_no_letter_that_has_a_lower_case() -> None:
    table = characters()
    shifts = table.shifts[table.cells.reshape(-1, 128)[table.pages].reshape(-1)]
    leads = {chr(code).encode()[0] for code in np.flatnonzero(shifts).tolist() if 0x800 <= code < 0x10000}
    caseless = {lead for lead in range(0xE0, 0xF0) if _caseless(lead)}
    assert caseless == set(range(0xE0, 0xF0)) - leads - {0xEE}


@kernel
def _caseless(lead: int) -> bool:
    return is_caseless(lead)
