"""Ahead: the next ones are read while this one is worked on."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], count: int = 1) -> Iterator[T]:
    """Yield the same items in the same order, of which the next `count` are made in a thread meanwhile.

    An error comes in the turn of the item that it stands for. It gains where both sides wait or work outside Python:
    reading, decompressing, hashing, encoding. Memory: `count` items more than without. No item is None, and what `items`
    touches must not be changed by who takes them.
    """
    thread = ThreadPoolExecutor(1)
    try:
        coming = deque(thread.submit(next, items, None) for _ in range(count))
        while (item := coming.popleft().result()) is not None:
            coming.append(thread.submit(next, items, None))
            yield item
    finally:
        thread.shutdown(cancel_futures=True)
