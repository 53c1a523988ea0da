"""Joints of a file as an estimator, and through the pipeline: as given, with their numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import app
import estimators
from app.keypoints import posefix_json
from app.result import ModelRecord, Person, Result, VideoSource
from app.tracking.selection import PeopleSelection
from estimators.interface import KnowsPeople
from estimators.keypoints_file.estimator import KeypointsFileEstimator
from estimators.keypoints_file.people import FilePeople
from tests.fixtures.clips import COUNT, good
from tests.fixtures.fakes import LAYOUT, UPPER_BODY

CPU = torch.device("cpu")
FRAMES = np.zeros((3, 120, 160, 3), np.uint8)


def pose(x, y, score=0.8):
    return np.column_stack([LAYOUT * 20 + [x, y], np.full(7, score)]).astype(np.float32)


def two_people(frames=4):
    """One at 40, 60, who walks; one at 120, 60, who comes in the third frame."""
    walker = np.stack([pose(40 + 2 * t, 60) for t in range(frames)])
    late = np.stack([pose(120, 60, 0.6) for _ in range(frames)])
    late[:2] = np.nan
    return {7: walker, 3: late}


def made(people, **values):
    count = len(next(iter(people.values())))
    given = {"frame_indices": np.arange(count), **values}
    return KeypointsFileEstimator(
        name="keypoints:a", people=FilePeople(UPPER_BODY, people=people, **given), sha256="0" * 64, fps=25
    )


def test_everybody_in_a_frame_by_its_number():
    people = two_people()
    estimator = made(people, frame_indices=np.arange(10, 14))
    assert isinstance(estimator, KnowsPeople)
    assert estimator.people_in(9) == []
    assert [number for number, _ in estimator.people_in(10)] == [7]
    ((_, walker), (number, late)) = estimator.people_in(12)
    assert number == 3
    np.testing.assert_allclose(walker, people[7][2])
    np.testing.assert_allclose(late, people[3][2])


def test_missing_joints_and_scores_are_tidied():
    people = {0: np.stack([pose(40, 60)])}
    people[0][0, 1, 0] = np.nan  # x alone
    people[0][0, 2, 2] = np.nan  # no score
    people[0][0, 3, 2] = 1.5
    ((_, found),) = made(people).people_in(0)
    assert np.isnan(found[1, :2]).all()
    assert found[:4, 2].tolist() == pytest.approx([0.8, 0, 1, 1])


def test_by_times_the_nearest_frame_is_taken_and_none_far_off():
    estimator = made(two_people())
    found = estimator.estimate(FRAMES, pts_seconds=[0.09, 0.3, 0.041])
    assert [len(poses.keypoints) for poses in found] == [2, 0, 1]
    own = made(two_people(), pts_seconds=np.array([0, 0.1, 0.2, 0.3]))
    assert [len(p.keypoints) for p in own.estimate(FRAMES, pts_seconds=[0.09, 0.3, 0.2])] == [1, 2, 2]


def test_in_a_box_whoever_is_there():
    estimator = made(two_people())
    boxes = np.array([[100, 30, 140, 90], [20, 30, 60, 90], [0, 0, 5, 5]], np.float32)
    (found,) = estimator.estimate(FRAMES[:1], pts_seconds=[0.12], boxes=[boxes])
    np.testing.assert_allclose(found.boxes, boxes)
    np.testing.assert_allclose(found.keypoints[0], two_people()[3][3])
    np.testing.assert_allclose(found.keypoints[1], two_people()[7][3])
    assert np.isnan(found.keypoints[2, :, 0]).all()
    assert found.scores[2] == 0


@pytest.fixture
def clip(tmp_path):
    return app.open_video(good(tmp_path / "clip.mp4"))


def written(path, people):
    frames = len(next(iter(people.values())))
    result = Result(
        source=VideoSource("clip.mp4", 160, 120, 25.0),
        skeleton=UPPER_BODY,
        frame_indices=np.arange(frames),
        pts_seconds=np.arange(frames) / 25,
        people=tuple(
            Person(id=number, initial=points, boxes=np.full((frames, 4), np.nan, np.float32))
            for number, points in people.items()
        ),
        estimator=ModelRecord("other", ""),
    )
    posefix_json.save(result, path)
    return path


def test_the_people_of_a_file_go_through_the_pipeline_as_they_are(clip, tmp_path):
    people = two_people(COUNT)
    estimator = estimators.create(f"keypoints:{written(tmp_path / 'a.json', people)}", device=CPU)
    everybody = PeopleSelection.parse("all", person=None, min_seconds=0.0)
    result = app.estimate(clip, estimator, people=everybody)
    assert len(result.people) == 2
    by_start = sorted(result.people, key=lambda person: float(person.initial[-1, 0, 0]))
    for person, points in zip(by_start, (people[7], people[3]), strict=True):
        np.testing.assert_allclose(person.initial[..., :2], points[..., :2], atol=0.01)
    assert result.estimator.name.startswith("keypoints:")


def test_a_part_of_the_video_gets_its_own_frames(clip, tmp_path):
    people = two_people(COUNT)
    estimator = estimators.create(f"keypoints:{written(tmp_path / 'a.json', people)}", device=CPU)
    result = app.estimate(
        clip, estimator, start=0.2, people=PeopleSelection.parse("1", person=None, min_seconds=0)
    )
    rows = result.frame_indices
    assert rows[0] > 0
    (person,) = result.people
    expected = people[7] if abs(person.initial[0, 0, 0] - people[7][rows[0], 0, 0]) < 1 else people[3]
    np.testing.assert_allclose(person.initial[..., :2], expected[rows][..., :2], atol=0.01)


def test_csv_files_count_too(clip, tmp_path):
    path = tmp_path / "a.csv"
    lines = ["frame,joint,x,y,score"]
    for frame in range(2, COUNT):
        for name, (x, y, _) in zip(UPPER_BODY.joints, pose(60, 60), strict=True):
            lines.append(f"{frame},{name},{x},{y},0.5")
    path.write_text("\n".join(lines))
    estimator = estimators.create(f"keypoints:{path}", device=CPU)
    result = app.estimate(clip, estimator)
    (person,) = result.people
    assert np.isnan(person.initial[:2, 0, 0]).all()
    np.testing.assert_allclose(
        person.initial[2:, :, :2], np.tile(pose(60, 60)[:, :2], (COUNT - 2, 1, 1)), atol=0.01
    )


@pytest.mark.parametrize(
    ("name", "says"), [("none.json", "none.json"), ("a.txt", "a.txt"), ("b.json", "b.json")]
)
def test_bad_files_are_refused_with_their_name(name, says, tmp_path):
    (tmp_path / "a.txt").write_text("joints")
    (tmp_path / "b.json").write_text("joints")
    with pytest.raises((ValueError, app.PosefixError)) as error:
        estimators.create(f"keypoints:{tmp_path / name}", device=CPU)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_options_that_do_not_fit_are_refused(tmp_path):
    path = written(tmp_path / "a.json", two_people())
    for arguments, says in (
        ({"options": {"fps": "0"}}, "Invalid fps (0.0)"),
        ({"options": {"size": "big"}}, "Invalid size (big)"),
        ({"options": {"skeleton": "dog"}}, "Invalid skeleton (dog)"),
        ({"weights": path}, "Leave --weights out"),
    ):
        with pytest.raises(ValueError) as error:
            estimators.create(f"keypoints:{path}", device=CPU, **arguments)
        assert says in str(error.value)
