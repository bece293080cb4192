"""Lines of nothing but symbols, the frames of tables (FineWeb-2)."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from atom_data.batch import column, with_columns
from atom_data.errors import ConfigError
from atom_data.rewrite.each import each_changed


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveSymbolLines:
    """Take lines of nothing but some symbols and spaces out of `text`, and count them in `symbol_line_count` (int32). Reads `text`.

    A line ends as `str.splitlines` ends it; what is kept is joined by line feeds. In place of each run of such lines `replacement`
    becomes a line. Blank lines stay. The text is that of datatrove 0.10.1's SymbolLinesFormatter(list(symbols), replacement);
    FineWeb-2 takes `|` and a line feed (fineweb-2-pipeline.py), which are the defaults. A null text stays null.
    """

    symbols: str = "|"
    replacement: str = "\n"

    def __post_init__(self) -> None:
        """Refuse no symbols at all."""
        if not self.symbols:
            raise ConfigError("RemoveSymbolLines: symbols is empty, so no line could go. Give the signs.")

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Remove the lines of a batch."""
        counts = np.zeros(batch.num_rows, np.int32)

        def change(text: str, row: int) -> str:
            lines, symbols = text.splitlines(), self.symbols + " "
            if not any(sign in text for sign in self.symbols):
                return "\n".join(lines)
            kept, before = [], False
            for line in lines:
                is_symbols = not line.strip(symbols) and bool(line.strip())
                counts[row] += is_symbols
                if not is_symbols:
                    kept.append(line)
                elif not before and self.replacement:
                    kept.append(self.replacement)
                before = is_symbols
            return "\n".join(kept)

        text = each_changed(column(batch, "text"), change)
        return with_columns(batch, text=text, symbol_line_count=counts)
