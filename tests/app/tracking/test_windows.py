"""Windows: which frames are worked on together, and which are in memory."""

import numpy as np
import pytest

from app.tracking import windows as module
from app.tracking.windows import WindowFrame, windows

PICTURE = np.zeros((4, 4, 3), np.uint8)


def frames(seconds, shots=None):
    numbers = shots or [0] * len(seconds)
    return [
        WindowFrame(i, time, PICTURE, shot)
        for i, (time, shot) in enumerate(zip(seconds, numbers, strict=True))
    ]


def test_windows_part_the_clip_by_time_and_keep_the_one_before():
    clip = frames(np.arange(40) / 20 + 3.0)
    cut = list(windows(clip, fps=20))
    assert [(w.start, w.stop) for w in cut] == [(0, 12), (12, 24), (24, 36), (36, 40)]
    assert [w.memory for w in cut] == [range(12), range(24), range(12, 36), range(24, 40)]
    for window in cut:
        assert [window[row].index for row in window.memory] == list(window.memory)
        assert [frame.index for frame in window.worked_on] == list(range(window.start, window.stop))


def test_context_on_both_sides_is_in_memory():
    cut = list(windows(frames(np.arange(40) / 20), fps=20, context=3))
    assert [(w.start, w.stop) for w in cut] == [(0, 12), (12, 24), (24, 36), (36, 40)]
    assert [w.memory for w in cut] == [range(15), range(27), range(9, 39), range(21, 40)]


@pytest.mark.parametrize("context", [0, 2])
def test_no_frame_gives_no_window_and_one_gives_one(context):
    assert list(windows([], fps=20, context=context)) == []
    (only,) = windows(frames([7.0]), fps=20, context=context)
    assert (only.start, only.stop, only.memory) == (0, 1, range(1))


def test_slow_and_uneven_frames_still_come_several_at_a_time():
    assert [len(w.worked_on) for w in windows(frames(np.arange(12) / 5), fps=5)] == [6, 6]
    uneven = [0.0, 0.1, 0.15, 0.59, 0.6, 0.61, 1.9, 2.0]
    assert [(w.start, w.stop) for w in windows(frames(uneven), fps=20)] == [(0, 4), (4, 6), (6, 8)]


def test_large_frames_come_in_shorter_windows(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 8 * PICTURE.nbytes)
    assert [len(w.worked_on) for w in windows(frames(np.arange(24) / 20), fps=20)] == [8, 4, 8, 4]


def test_shots_part_a_window_and_end_what_is_around_a_frame():
    (window,) = windows(frames(np.arange(10) / 20, [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]), fps=20)
    assert window.shots() == [range(3), range(3, 7), range(7, 10)]
    assert window.around(4, 2) == range(3, 7)
    assert window.around(8, 5) == range(7, 10)
    assert window.around(1, 0) == range(1, 2)
