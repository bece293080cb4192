"""Signs of life: a thread that touches the claim of a process, and ends the process when another one has taken it."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable

from atom_data.errors import DataError


class Heart:
    """Beats at an interval until it is stopped."""

    def __init__(self, beat: Callable[[], bool], seconds: float, name: str = "claim") -> None:
        """Start a thread of that name; `beat` gives a sign of life, and returns False when another process has taken the claim."""
        self.lost = False
        self._beat, self._seconds, self._stopped = beat, seconds, threading.Event()
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)
        self._thread.start()

    def _go_on(self) -> None:
        while not self._stopped.wait(self._seconds):
            mine = True
            with contextlib.suppress(OSError, DataError):  # a file system that does not answer now may do so later
                mine = self._beat()
            if not mine and not self._stopped.is_set():
                self.lost = True
                if callable(signal.getsignal(signal.SIGTERM)):
                    os.kill(os.getpid(), signal.SIGTERM)
                return

    @staticmethod
    def beats(name: str) -> bool:
        """Tell whether a thread of this process gives signs of life under a name."""
        return any(thread.name == name for thread in threading.enumerate())

    def stop(self) -> None:
        """Give no more signs of life."""
        self._stopped.set()
        self._thread.name = "claim given up"
        self._thread.join(1)
