"""What is made ahead comes in its order, errors in their turn, and nothing goes on after the end."""

import threading
from collections.abc import Iterator

import pytest

from atom_data.storage.ahead import ahead


@pytest.mark.parametrize("count", [1, 3, 20])
def test_same_items_in_the_same_order(count: int) -> None:
    assert list(ahead(iter(range(10)), count)) == list(range(10))
    assert list(ahead(iter(()), count)) == []


@pytest.mark.parametrize("count", [1, 3, 20])
def test_error_comes_in_its_turn(count: int) -> None:
    def items() -> Iterator[int]:
        yield from range(4)
        raise ValueError("the fifth")

    taken = []
    with pytest.raises(ValueError, match="the fifth"):
        for item in ahead(items(), count):
            taken.append(item)
    assert taken == list(range(4))


def test_no_more_than_so_many_are_made_ahead_and_none_after_the_end() -> None:
    made: list[int] = []
    second = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if len(made) == 4:
                second.set()
            yield number

    taking = ahead(items(), 3)
    assert next(taking) == 0
    assert second.wait(10)
    taking.close()  # type: ignore[attr-defined]
    assert made == [0, 1, 2, 3]
