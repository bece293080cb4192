"""Somebody with a shell, a folder and what pip installed: what is typed is timed, what is answered is held against sentences."""

import fcntl
import os
import pty
import re
import resource
import shlex
import struct
import subprocess
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07)")
LOOKS_UP = ("list", "show", "-h", "--help")


@dataclass
class Person:
    """One user; `home` is empty at first, `programs` is the `bin` of a fresh environment, `cache` has no kernel yet."""

    name: str
    home: Path
    programs: Path
    cache: Path
    commands: list[dict[str, object]] = field(default_factory=list)
    faults: list[dict[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What was not as it should be; the user goes on."""

    def __post_init__(self) -> None:
        """Make the folder."""
        self.home.mkdir(parents=True)

    def types(self, words: str, code: int = 0, width: int = 0) -> str:
        """Type a command line, in a terminal of a width or with pipes; return all that was answered. It must end with `code`."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        first, text, ended = self._in_terminal(words, width) if width else self._piped(words)
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.commands.append(
            {"command": words, "wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "first_word_s": first}
        )
        self.checks("Traceback" not in text, f"{words}: a traceback:\n{text}")
        self.checks(ended == code, f"{words}: ended with {ended}, not {code}:\n{text}")
        return text

    def hears(self, fault: str, words: str, *sentences: str, code: int = 2) -> str:
        """Type what goes wrong: the answer must have the sentences, with whatever stands at a `*` in them."""
        text = self.types(words, code)
        for sentence in sentences:
            pattern = ".*?".join(map(re.escape, sentence.split("*")))
            found = re.search(pattern, text, re.S)
            self.checks(bool(found), f"{words}: it does not say {sentence!r}:\n{text}")
            if found:
                self.faults.append({"fault": fault, "command": words, "said": " ".join(found[0].split())})
        return text

    def checks(self, good: bool, said: str) -> None:
        """Note what is wrong."""
        if not good:
            self.wrong.append(said)

    def writes(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def runs(self, script: str, name: str = "script.py") -> str:
        """Run Python with what was installed, and nothing of the checkout."""
        self.writes(name, script)
        return self.types(f"python {name}")

    @property
    def lookups(self) -> int:
        """How often the user had to look something up; never in the source, which is not there."""
        return sum(any(word in LOOKS_UP for word in str(one["command"]).split()) for one in self.commands)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.programs}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home), "ATOM_DATA_CACHE": str(self.cache),
            "TERM": "xterm-256color", "LANG": "C.UTF-8", "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
        }  # fmt: skip

    def _piped(self, words: str) -> tuple[float, str, int]:
        began, first = time.monotonic(), 0.0
        process = subprocess.Popen(
            ["bash", "-c", words], cwd=self.home, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )  # fmt: skip
        assert process.stdout is not None
        parts = []
        while part := os.read(process.stdout.fileno(), 1 << 16):
            first = first or round(time.monotonic() - began, 2)
            parts.append(part)
        text = b"".join(parts).decode("utf-8", "replace")
        assert "\x1b" not in text, f"{words}: an escape code is piped"
        return first, text, process.wait()

    def _in_terminal(self, words: str, width: int) -> tuple[float, str, int]:
        began, first, parts = time.monotonic(), 0.0, []
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        process = subprocess.Popen(
            shlex.split(words), cwd=self.home, env=self._environment(), stdin=theirs, stdout=theirs, stderr=theirs,
            executable=str(self.programs / shlex.split(words)[0]),
        )  # fmt: skip
        os.close(theirs)
        while True:
            try:
                part = os.read(ours, 1 << 16)
            except OSError:  # Linux says so at the end
                break
            first = first or round(time.monotonic() - began, 2)
            parts.append(part)
        os.close(ours)
        text = ESCAPES.sub("", b"".join(parts).decode("utf-8", "replace")).replace("\r\n", "\n")
        return first, text, process.wait()
