"""One ahead: the next is read while this one is worked on."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield the same items in the same order, of which the next is made in a thread meanwhile; its errors come in its turn.

    It gains where both sides wait or work outside Python: reading, decompressing, hashing, encoding. Memory: one item
    more than without. No item is None, and what `items` touches must not be changed by who takes them.
    """
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
