"""Work by threads: in order, and never far ahead of what is taken."""

import time
from collections.abc import Iterator
from itertools import islice

import pytest

from ganstudy.data.threads import AHEAD, in_threads


def test_results_come_in_the_order_of_their_items() -> None:
    def late(item: int) -> int:
        time.sleep(0.01 * (item % 3 == 0))
        return -item

    assert list(in_threads(late, range(40))) == [-item for item in range(40)]
    assert list(in_threads(late, [])) == []


def test_memory_holds_a_few_of_many_items() -> None:
    taken = 0

    def endless() -> Iterator[int]:
        nonlocal taken
        while True:
            taken += 1
            yield taken

    results = in_threads(str, endless())
    assert list(islice(results, 3)) == ["1", "2", "3"]
    assert taken == AHEAD + 3
    results.close()


def test_an_error_comes_in_its_place() -> None:
    results = in_threads(lambda item: 1 / item, [1, 2, 0, 4])
    assert list(islice(results, 2)) == [1, 0.5]
    with pytest.raises(ZeroDivisionError):
        next(results)
