"""Local and remote paths through smart_open: read streams, and files that appear whole or not at all."""

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit, urlunsplit

from atom_data.errors import DataError
from atom_data.storage.retry import ask, is_missing

PARTIAL = ".partial"  # CREDENTIALS: before the host; smart_open takes secret keys with a slash, for urlsplit a path
CREDENTIALS = re.compile(r"([a-z0-9+.-]+://)[^/@:\s]*:(?!\d+(?:/|$))\S*@", re.IGNORECASE)
QUERY = re.compile(r"\?[^\s'\")]+")
HANDED_OVER_BYTES = 4 << 20
FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
FORBIDDEN = frozenset((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST))
FAILING = frozenset((errno.EIO, errno.ESTALE, errno.ENODEV))
"""What a disk or a network file system says that fails, and not the one who asks."""


def is_remote(path: str) -> bool:
    """Tell whether `path` is a URL (`s3://`, `https://`, ...); `file://` counts as local."""
    return "://" in path and not path.startswith("file://")


def local(path: str) -> Path:
    """Return a local path, with `file://` and `~` resolved."""
    if path.startswith("file://"):
        return Path(unquote(urlsplit(path).path))
    return Path(path).expanduser()


def plain(path: str) -> str:
    """Return a local path as text: of an absolute one, without making a Path, which 100,000 times takes seconds."""
    return path if path.startswith("/") else str(local(path))


def join(folder: str, *names: str) -> str:
    """Join names to a folder or URL."""
    return "/".join([folder.rstrip("/"), *names])


def without_secrets(url: str) -> str:
    """Return the URL without user, password and query: what may stand in a log or a receipt."""
    if not is_remote(url) or url.startswith("hf://"):
        return url
    parts = urlsplit(CREDENTIALS.sub(r"\1", url))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def open_raw(path: str) -> BinaryIO:
    """Open a file or URL for reading, undecompressed. DataError when it cannot be opened."""
    if path.startswith("hf://"):
        from atom_data.storage.web.hub import open_hub  # noqa: PLC0415 - which imports this page

        return cast(BinaryIO, open_hub(path))
    try:
        if is_remote(path):
            import smart_open  # noqa: PLC0415 - it imports the library of every store that is installed

            return smart_open.open(path, "rb", compression="disable")
        return local(path).open("rb")
    except Exception as error:  # every store has errors of its own: botocore's, urllib3's and others are not OSError
        raise unreadable(path, "cannot be opened", error) from error


def unreadable(path: str, what: str, error: BaseException) -> DataError:
    """Return the DataError for a file that a store or disk does not give."""
    return DataError(f"{without_secrets(path)}: {what} ({reason(error)}). {advice(error)}")


def read_bytes(path: str) -> bytes:
    """Return a whole small file (a receipt, a card); a store is asked again. DataError when it cannot be read."""
    return ask(lambda: _whole(path)) if is_remote(path) else _whole(path)


def _whole(path: str) -> bytes:
    with open_raw(path) as stream:
        try:
            return stream.read()
        except Exception as error:
            raise unreadable(path, "cannot be read", error) from error


def exists(path: str) -> bool:
    """Tell whether a file is there. A remote path is tried by opening it; DataError when its store never answers."""
    if not is_remote(path):
        return local(path).exists()
    try:
        ask(lambda: open_raw(path).close())
    except DataError as error:
        if is_missing(error):
            return False
        raise
    return True


def size(path: str) -> int:
    """Return the size in bytes; for a remote file by seeking to its end, 0 where the store cannot tell."""
    if not is_remote(path):
        try:
            return os.stat(plain(path)).st_size  # noqa: PTH116 - a Path takes longer to make than the call
        except OSError as error:
            raise unreadable(path, "cannot be opened", error) from error
    with open_raw(path) as stream:
        try:
            return stream.seek(0, os.SEEK_END)
        except (OSError, ValueError):
            return 0


@contextlib.contextmanager
def create(path: str, token: str) -> Iterator[BinaryIO]:
    """Open `path` for writing so that it appears whole or not at all.

    Local: a temporary name beside the target that carries `token` (unique per attempt), fsync, rename, fsync of the
    folder. Remote: one put or multipart upload, completed at the end and aborted on any error.
    """
    if is_remote(path):
        with _open_remote(path) as stream:
            yield stream
        return
    target = plain(path)
    partial = f"{target}.{token}{PARTIAL}"
    try:
        with write_errors(path):
            with _open_new(partial) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                number = os.fstat(file.fileno()).st_ino
            _rename(partial, target, number)
            sync_folder(os.path.dirname(target) or ".")  # noqa: PTH120 - a Path takes as long to make as this call
    except BaseException:
        with contextlib.suppress(OSError):
            Path(partial).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def write_errors(path: str) -> Iterator[None]:
    """Turn a full or failing disk or a missing permission into one DataError that names `path`; other errors pass."""
    try:
        yield
    except OSError as error:
        is_of_a_step = "__notes__" in vars(error)  # which says which step it was
        if is_of_a_step or error.errno not in FULL | FORBIDDEN | FAILING:
            raise
        todo = "Mend its permissions or choose another --output"
        if error.errno in FULL | FAILING:
            todo = "Free some space" if error.errno in FULL else "Check the disk, or choose another --output"
        text = f"{path}: cannot be written ({reason(error)}). {todo}, then run again: finished shards are kept."
        raise DataError(text) from error


def _open_remote(path: str) -> Any:  # noqa: ANN401
    try:
        import smart_open  # noqa: PLC0415

        return smart_open.open(path, "wb", compression="disable")
    except Exception as error:
        raise unreadable(path, "cannot be written", error) from error


def _open_new(path: str) -> BinaryIO:
    try:
        return open(path, "wb")  # noqa: PTH123
    except FileNotFoundError:  # only the first file of a folder asks for it
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return open(path, "wb")  # noqa: PTH123


def _rename(partial: str, target: str, number: int) -> None:
    try:
        os.replace(partial, target)  # noqa: PTH105
    except FileNotFoundError:
        # An NFS server whose answer was lost is asked again, and says that the file it has just renamed is not there.
        if Path(target).stat().st_ino != number:
            raise


def sync_folder(folder: str | Path) -> None:
    """Wait until the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Hashed:
    """A stream that notes size and SHA-256 of all that passes through it, once, in order."""

    def __init__(self, stream: BinaryIO) -> None:
        """Wrap an open binary stream."""
        self.stream = stream
        self._handed_over = 0
        self.digest = hashlib.sha256()
        self.bytes = 0

    def read(self, count: int = -1) -> bytes:
        """Read and note."""
        data = self.stream.read(count)
        self.digest.update(data)
        self.bytes += len(data)
        return data

    def write(self, data: bytes | memoryview) -> int:
        """Write and note."""
        self.stream.write(data)
        self.digest.update(data)
        self.bytes += (count := memoryview(data).nbytes)
        if self.bytes - self._handed_over >= HANDED_OVER_BYTES:
            self._hand_over()
        return count

    def _hand_over(self) -> None:
        """Start write-back early; otherwise the final fsync stalls on the whole file."""
        start, self._handed_over = self._handed_over, self.bytes
        try:
            descriptor = self.stream.fileno()
        except (AttributeError, OSError):  # no file of this machine
            return
        self.stream.flush()  # a full disk is said here
        with contextlib.suppress(AttributeError, OSError):  # no Linux, or a file system without it
            os.posix_fadvise(descriptor, start, self.bytes - start, os.POSIX_FADV_DONTNEED)

    def drain(self) -> None:
        """Read to the end, so that the hash covers the whole file even where a reader stopped early."""
        while self.read(1 << 20):
            pass

    def hexdigest(self) -> str:
        """SHA-256 of what has passed so far."""
        return self.digest.hexdigest()

    def tell(self) -> int:
        """Position: what has passed so far."""
        return self.bytes

    def flush(self) -> None:
        """Flush the stream below."""
        self.stream.flush()

    closed = False

    def close(self) -> None:
        """The stream below belongs to its caller."""

    def seekable(self) -> bool:
        """No seeking: the hash would lie."""
        return False

    def readable(self) -> bool:
        """Readable if the stream below is."""
        return True

    def writable(self) -> bool:
        """Writable if the stream below is."""
        return True


def sha256(path: str, start: int = 0, stop: int | None = None) -> str:
    """Return the SHA-256 of a file or of its bytes [start, stop), 1 MiB at a time."""
    digest = hashlib.sha256()
    with open_raw(path) as stream:
        if start:
            stream.seek(start)
        left = (stop - start) if stop is not None else -1
        while left:
            data = stream.read(1 << 20 if left < 0 else min(left, 1 << 20))
            if not data:
                break
            digest.update(data)
            left -= len(data) if left > 0 else 0
    return digest.hexdigest()


def reason(error: BaseException) -> str:
    """Return what went wrong in a few words, without local paths, passwords, and the queries of signed URLs."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    text = CREDENTIALS.sub(r"\1", QUERY.sub("", str(error)))
    return " ".join(text.split())[:200] or type(error).__name__


def advice(error: BaseException) -> str:
    """Return what to do about an I/O error."""
    if isinstance(error, FileNotFoundError):
        return "Check the path."
    if isinstance(error, PermissionError):
        return "Check its permissions."
    if isinstance(error, (ImportError, NotImplementedError)):
        return "For s3:// paths: pip install 'atom-data[s3]'."
    return "Check the file and the network, then run again: finished shards are kept."
