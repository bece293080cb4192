"""Zstandard frames of one file: those that hold no data, the dictionary that the others need, and their windows.

RFC 8878, section 3.1.1 (frames and their headers) and 3.1.2 (skippable frames, as `pzstd`, t2sz and the seekable format
write them); the dictionary that stands first in a .warc.zst is the one of IIPC's "Zstandard Compression for WARC Files
1.0". libzstd takes up to 4 GB for a window because a header of 6 bytes says so, hence the limits.
"""

from dataclasses import dataclass

from backports import zstd

from atom_data.errors import DataError
from atom_data.readers.streams.broken import TRUNCATED, Broken
from atom_data.readers.streams.window import CHUNK_BYTES, Window
from atom_data.storage.paths import without_secrets

FRAME = b"\x28\xb5\x2f\xfd"
SKIPPABLE = tuple(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))
DICTIONARY = SKIPPABLE[0xD]
TRAINED = b"\x37\xa4\x30\xec"
WINDOW_BYTES = 128 << 20
"""What zstd itself allows without `--long`: section 3.1.1.1.2 asks every decoder for 8 MB at least."""
LARGEST_WINDOW_BYTES = 1 << 31
"""libzstd has no larger one (ZSTD_WINDOWLOG_MAX)."""
DICTIONARY_BYTES = 64 << 20
HEADER_BYTES = 18
BLOCK_BYTES = 128 << 10


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a frame says."""

    window_bytes: int
    """How much of what was decompressed has to be kept."""
    dictionary: int
    """Number of the dictionary it needs; 0 for none, or one that it does not name."""
    bytes: int
    """Of the header itself."""
    checksum: bool


def header(begin: bytes) -> Header | None:
    """Return the header of the frame that begins here, whatever its magic number; None where the bytes are too few."""
    if len(begin) < 6:
        return None
    flags, place = begin[4], 5
    single = bool(flags & 0x20)
    window = 0
    if not single:
        exponent, mantissa = begin[place] >> 3, begin[place] & 7
        window, place = (1 << 10 + exponent) // 8 * (8 + mantissa), place + 1
    number = (0, 1, 2, 4)[flags & 3]
    size = (1 if single else 0, 2, 4, 8)[flags >> 6]
    end = place + number + size
    if len(begin) < end:
        return None
    dictionary = int.from_bytes(begin[place : place + number], "little")
    if single:  # all of its content is its window
        window = int.from_bytes(begin[place + number : end], "little") + (256 if size == 2 else 0)
    return Header(window, dictionary, end, bool(flags & 4))


def is_chained(raw: bytes) -> bool:
    """Tell whether a frame begins here by what follows: blocks of lawful sizes, and behind the last a frame or the end.

    So a frame is known whose magic number or content is damaged. In what was read, as far as it goes.
    """
    said = header(raw[:HEADER_BYTES])
    if said is None or said.window_bytes > LARGEST_WINDOW_BYTES or raw[4] & 8:
        return False
    place = said.bytes
    while place + 3 <= len(raw):
        block = int.from_bytes(raw[place : place + 3], "little")
        kind, size = block >> 1 & 3, block >> 3
        if kind == 3 or size > BLOCK_BYTES:
            return False
        place += 3 + (1 if kind == 1 else size)
        if block & 1:
            place += 4 * said.checksum
            return place >= len(raw) or sum(map(int.__eq__, raw[place : place + 4], FRAME)) >= 3
    return True


class Frames:
    """What opens the frames of one file. Memory: a dictionary of at most 64 MiB, and the window of the open frame."""

    def __init__(self, window: Window, max_window_bytes: int = WINDOW_BYTES) -> None:
        """Open frames of `window`, those alone that need at most `max_window_bytes`."""
        self.window, self.limit = window, max_window_bytes
        self.dictionary: zstd.ZstdDict | None = None
        self.missing = 0
        """Number of a dictionary that a frame needed and the file does not hold."""
        self.opened = 0
        self.options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _log(max_window_bytes)}

    def skip(self) -> bool:
        """Skip a frame that holds no data; False where none stands. The first one's dictionary is kept.

        Broken where the file ends inside it; DataError for a dictionary that is none.
        """
        window, at = self.window, self.window.at
        begin = window.fill(8)
        if begin[:4] not in SKIPPABLE:
            return False
        size = int.from_bytes(begin[4:8], "little")
        if len(begin) < 8 or (window.total is not None and at + 8 + size > window.total):
            raise Broken(TRUNCATED, f"the file ends inside the skippable zstd frame of {size:,} bytes at {at}")
        window.advance(8)
        if at == 0 and begin.startswith(DICTIONARY):
            self._load(size)
        else:
            self._pass(size, at)
        return True

    def _pass(self, size: int, at: int) -> None:
        while size:
            view = self.window.view(min(size, CHUNK_BYTES))
            if not view:
                raise Broken(TRUNCATED, f"the file ends inside the skippable zstd frame at {at}")
            self.window.advance(len(view))
            size -= len(view)

    def _load(self, size: int) -> None:
        """Keep the dictionary of the first frame; what is none is the skippable frame of another tool."""
        begin = self.window.fill(4)
        if not begin.startswith((TRAINED, FRAME)):
            self._pass(size, 0)
            return
        if size > DICTIONARY_BYTES:
            raise self._refused(f"its dictionary has {size:,} bytes, more than the {DICTIONARY_BYTES:,} allowed")
        data = self.window.fill(size)
        self.window.advance(len(data))
        if len(data) < size:
            raise Broken(TRUNCATED, f"the file ends inside the dictionary frame of {size:,} bytes at 0")
        try:
            data = self._unpacked(data) if data.startswith(FRAME) else data
            self.dictionary = zstd.ZstdDict(data)
            self.decompressor()  # only now libzstd looks into it
        except (zstd.ZstdError, ValueError, EOFError) as error:
            raise self._refused(f"the zstd dictionary in its first frame cannot be read ({error})") from error

    def _unpacked(self, data: bytes) -> bytes:
        said = header(data[:HEADER_BYTES])
        if said is None or said.window_bytes > DICTIONARY_BYTES:
            raise ValueError("its frame is broken, or larger than a dictionary may be")
        opened = zstd.ZstdDecompressor()
        unpacked: bytes = opened.decompress(data, DICTIONARY_BYTES + 1)
        if len(unpacked) > DICTIONARY_BYTES:
            raise ValueError(f"it has more than the {DICTIONARY_BYTES:,} bytes allowed")
        if not opened.eof:
            raise EOFError("its frame is cut off")
        return unpacked

    def _refused(self, what: str) -> DataError:
        return DataError(
            f"{without_secrets(self.window.path)}: {what}. Fetch the file again, or write it anew with zstd."
        )

    def open(self) -> zstd.ZstdDecompressor:
        """Return what decompresses the frame at the window's position.

        Broken for a frame that needs what no decoder has, or another dictionary than its file holds. DataError for a
        window above the limit; and for an unknown dictionary where the first frame needs it or a second one asks for
        the same, for then it is not a bit that fell over, and all the file would be lost.
        """
        at = self.window.at
        said = header(self.window.fill(HEADER_BYTES))
        if said is not None:
            self._check_window(said, at)
            self._check_dictionary(said, at)
        self.opened += 1
        return self.decompressor()

    def decompressor(self) -> zstd.ZstdDecompressor:
        """Return what decompresses any frame of the file that it can, without a sentence about the others."""
        return zstd.ZstdDecompressor(zstd_dict=self.dictionary, options=self.options)

    def _check_window(self, said: Header, at: int) -> None:
        if said.window_bytes > LARGEST_WINDOW_BYTES:
            raise Broken(
                "warc.bad_zstd", f"the zstd frame at {at} says that its window has {said.window_bytes:,} bytes"
            )
        if said.window_bytes > self.limit:
            where = without_secrets(self.window.path)
            raise DataError(
                f"{where}: the zstd frame at byte {at} has a window of {said.window_bytes:,} bytes (zstd --long), above "
                f"the {self.limit:,} allowed. Pass max_window_bytes={said.window_bytes} to the source; each worker that "
                "reads such a file then takes as much memory."
            )

    def _check_dictionary(self, said: Header, at: int) -> None:
        held = self.dictionary.dict_id if self.dictionary else 0
        if said.dictionary in (0, held):
            return
        if not self.opened or said.dictionary == self.missing:
            where = without_secrets(self.window.path)
            there = f"the file begins with dictionary {held}" if held else "the file holds none"
            raise DataError(
                f"{where}: the zstd frame at byte {at} needs dictionary {said.dictionary}, and {there}. Decompress it "
                "with the dictionary it was made with: zstd -d -D DICTIONARY."
            )
        self.missing = said.dictionary
        raise Broken("warc.bad_zstd", f"the zstd frame at {at} needs dictionary {said.dictionary}, which is not there")


def _log(count: int) -> int:
    return min(31, max(10, (count - 1).bit_length()))
