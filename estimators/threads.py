"""Pictures shared out among the processor's threads, so that nothing depends on how many there are.

A convolution adds up in an order that hangs on the number of threads it is given and on the pictures beside
it. The last digits differ then, a box is cut out a hair further left, and after some frames of following
people a joint lies elsewhere. A picture alone on one thread always gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def map_on_threads(work: Callable[[Item], Answer], items: Sequence[Item]) -> list[Answer]:
    """``work`` of each item, in their order, each on one thread; as many at once as torch would use."""
    threads = torch.get_num_threads()
    if not len(items):
        return []
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(work, items))
    finally:
        torch.set_num_threads(threads)  # some libraries below torch keep one number for all threads
