"""Signal handlers for a block of code."""

import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping

Handler = Callable[[int, object], None]


@contextlib.contextmanager
def handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Install these signal handlers, and restore the previous ones afterwards."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt(number: int, frame: object) -> None:
    """End as on Ctrl-C."""
    raise KeyboardInterrupt
