"""What a reader of video files is to the rest; there are three: PyAV, decord, and pictures one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DecodedFrame:
    """A frame as it comes out of the decoder.

    Attributes:
        number: in the file, from 0. Where numbers leap, those between could not be decoded.
        stamp: seconds by the file's clock; None where it has no time for this frame.
        size: width and height of the upright picture as it is stored.
        picture: gives the upright picture of the film's size, uint8, (H, W, 3), RGB. It is converted only
            when it is asked for, which takes about as long as to decode it.
    """

    number: int
    stamp: float | None
    size: tuple[int, int]
    picture: Callable[[], NDArray[np.uint8]]


class DecodingError(Exception):
    """The decoder gave up; what it gave before is good."""


class Backend(Protocol):
    """Reads one file.

    Attributes:
        name: for the record.
    """

    name: str

    def frames(self) -> Iterator[DecodedFrame]:
        """All frames from the first on, in the order in which they are shown; can be asked for again.

        Raises:
            DecodingError: it cannot go on.
        """
