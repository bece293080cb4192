"""Arrow without pandas until something else imports it.

For the first list that Arrow makes an array of, it imports pandas where that is installed, which takes 0.15 s and 40 MB, to tell
whether the list is a series of it. There are none as long as nobody has imported pandas.
"""

import contextlib
import sys
from typing import Any

NAME = "_pandas_api"
"""What Arrow calls what it knows of pandas; where it has another name, pandas is loaded with Arrow's first list."""


class _Finder:
    """The first of all that are asked where a module is: notices when pandas is imported, and lets Arrow look for it again."""

    def __init__(self) -> None:
        """Refuse pandas at first."""
        self.refuses, self.asked = True, 0

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Find nothing. ModuleNotFoundError for pandas while it is refused."""
        if name == "pandas":
            self.asked += 1
            if self.refuses:
                raise ModuleNotFoundError("pandas is not needed yet", name=name)
            sys.meta_path.remove(self)
            _forget()


def without_pandas() -> None:
    """Let Arrow find no pandas until somebody imports it. A release of Arrow that would not look again gets it now."""
    if "pandas" in sys.modules:
        return
    import pyarrow as pa  # noqa: PLC0415 - its environment is set first

    if NAME not in vars(sys.modules["pyarrow.lib"]):
        pa.array([""])
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    pa.array([""])
    before = finder.asked
    _forget()
    pa.array([""])
    finder.refuses = False
    if finder.asked == before:
        with contextlib.suppress(ImportError):
            _arrow().pd  # noqa: B018 - looks for it in any case


def _forget() -> None:
    """Have Arrow look for pandas at its next list, as if it never had."""
    _arrow().__init__()


def _arrow() -> Any:  # noqa: ANN401 - what Arrow knows of pandas
    return vars(sys.modules["pyarrow.lib"])[NAME]
