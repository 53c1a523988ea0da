"""Rules about tracks: which are joined, who counts for how much, and where a track ends."""

import numpy as np
import pytest

from app.tracking.linking import link_tracklets
from app.tracking.observations import Observation
from app.tracking.prominence import prominence
from app.tracking.tracks import Track, TrackStore
from tests.fixtures.casts import BLUE, FPS, RED, SIZE, Actor, KnowingDetector, KnowingEstimator, film, watch
from tests.fixtures.fakes import LAYOUT

CORE = np.ones(len(LAYOUT), bool)


def observation(row, *, x=100.0, y=100.0, size=50.0, score=0.8, confirmed=True, colour=0):
    points = np.concatenate([LAYOUT * size + [x, y], np.full((len(LAYOUT), 1), score)], axis=1)
    colours = np.eye(4, dtype=np.float32)[colour]
    box = np.array([x - size, y - size, x + size, y + size], np.float32)
    return Observation(
        row, row / FPS, points.astype(np.float32), box, score, CORE, colours, confirmed=confirmed
    )


def track(number, rows, **where):
    return Track(number, 0, [observation(row, **where) for row in rows])


def test_who_comes_back_takes_the_track_up_again():
    linked = link_tracklets([track(0, range(10)), track(1, range(20, 30), x=110)])
    assert [[o.row for o in t.observations] for t in linked] == [[*range(10), *range(20, 30)]]


@pytest.mark.parametrize(
    "rival",
    [track(2, range(22, 30), x=90), track(2, range(12), x=90)],
    ids=["another who came", "another who left"],
)
def test_nothing_is_linked_where_another_could_be_meant_as_well(rival):
    tracks = [track(0, range(10)), track(1, range(20, 30), x=110), rival]
    assert len(link_tracklets(tracks)) == 3


def test_who_moves_counts_for_more_than_who_stands():
    # Both are in the middle on average, equally large, equally sure and equally long there.
    stands = Track(0, 0, [observation(row, x=160, y=120) for row in range(21)])
    moves = Track(1, 0, [observation(row, x=60 + 10 * row, y=120) for row in range(21)])
    aside = Track(2, 0, [observation(row, x=60 + 10 * row, y=120) for row in range(21)][::-1])
    assert prominence(moves, frame_size=SIZE) > 1.3 * prominence(stands, frame_size=SIZE)
    assert prominence(aside, frame_size=SIZE) == pytest.approx(prominence(moves, frame_size=SIZE))


def closed_rows(confirmed, scores=None):
    store = TrackStore()
    for row, (word, score) in enumerate(zip(confirmed, scores or [0.5] * len(confirmed), strict=True)):
        store.add(0, observation(row, confirmed=word, score=score))
    return [len(t.observations) for t in store.closed(sure=0.4)]


def test_a_track_ends_where_nothing_confirmed_it_any_more():
    assert closed_rows([True, None, True, None]) == [4]
    assert closed_rows([True, None, None, False, None, False], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]) == [3]
    # Poses about as sure as before, up to the look that said nothing, stay; weaker ones go.
    assert closed_rows([True, True, None, None, False], [0.9, 0.9, 0.9, 0.3, 0.3]) == [3]
    assert closed_rows([None, None, None]) == []
    assert closed_rows([None, False]) == []


class Haunted(KnowingEstimator):
    """Goes on seeing somebody where they were, half sure, after they have left."""

    latest = -1

    def _pose(self, row, people, seen, box):
        self.latest = max(self.latest, row)
        keypoints, score = super()._pose(row, people, seen, box)
        if score < 0.2:
            last = self._truth[LEFT - 1, 0]
            keypoints = np.concatenate([last, np.full((len(last), 1), 0.5)], axis=1)
            score = 0.5
        return keypoints, score


LEFT = 30


def test_who_is_seen_where_the_detector_finds_nobody_is_given_up():
    clip = film([Actor(lambda t: 150 if t * FPS < LEFT else None, BLUE)], seconds=6)
    estimator, detector = Haunted(clip), KnowingDetector(clip)
    (one,) = watch(clip, estimator=estimator, detector=detector).store.closed(sure=0.4)
    rows = [o.row for o in one.observations]
    assert rows[0] == 0
    assert LEFT - 1 <= rows[-1] < LEFT + 0.4 * FPS + 1
    assert estimator.latest < LEFT + 4 * FPS < len(clip.frames), "not looked for any longer"


def test_who_is_seen_where_the_detector_finds_them_is_kept():
    clip = film([Actor(lambda t: 150, RED)], seconds=5)
    (one,) = watch(clip).store.closed(sure=0.4)
    assert len(one.observations) == len(clip.frames)
