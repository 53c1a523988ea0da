"""Reads the data file's document into a result, and says where in it something is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import PosefixError
from app.keypoints.checks import LARGEST_COORDINATE, check_times
from app.result import ModelRecord, Person, Result, RunRecord, VideoSource
from estimators.known_skeletons import of_joints
from estimators.skeletons import Skeleton

VERSIONS = (1, 2)


class Field:
    """A value of a document together with where it stands, for messages.

    Attributes:
        value: as JSON has it.
    """

    __slots__ = ("_key", "_parent", "value")

    def __init__(self, value: Any, parent: Field | str, key: str | int = "") -> None:
        self.value = value
        self._parent = parent
        self._key = key

    @property
    def place(self) -> str:
        """The file, and the way to the value in it: ``clip.json: frames.index[3]``."""
        if isinstance(self._parent, str):
            return self._parent
        if isinstance(self._key, int):
            return f"{self._parent.place}[{self._key}]"
        return f"{self._parent.place}{': ' if isinstance(self._parent._parent, str) else '.'}{self._key}"

    def __getitem__(self, name: str) -> Field:
        found = self.optional(name)
        if found is None:
            raise self.wrong(f"no {name} in it")
        return found

    def optional(self, name: str) -> Field | None:
        """A field of an object; None where it is not there."""
        if not isinstance(self.value, dict):
            raise self.wrong("no object")
        return Field(self.value[name], self, name) if name in self.value else None

    def __iter__(self) -> Iterator[Field]:
        if not isinstance(self.value, list):
            raise self.wrong("no list")
        return (Field(value, self, n) for n, value in enumerate(self.value))

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.wrong(f"Invalid text ({str(self.value)[:40]})")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if not _is_number(self.value):
            raise self.wrong(f"Invalid number ({str(self.value)[:40]})")
        return float(self.value)

    def whole(self) -> int:
        """A whole number."""
        if not self.number().is_integer() or not abs(self.number()) < 2**62:
            raise self.wrong(f"Invalid whole number ({self.value})")
        return int(self.value)

    def numbers(self, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Nested lists as an array of ``shape``; null, for a number or for a whole row, becomes NaN."""
        if not isinstance(self.value, list) or len(self.value) != shape[0]:
            count = len(self.value) if isinstance(self.value, list) else "no"
            raise self.wrong(f"{count} entries where {shape[0]} are wanted")
        array = np.full(shape, np.nan, np.float32)
        for row, value in enumerate(self.value):
            if value is None:
                continue
            if len(shape) > 1:
                array[row] = Field(value, self, row).numbers(shape[1:])
            elif not _is_number(value) or abs(value) > LARGEST_COORDINATE:
                raise Field(value, self, row).wrong(f"Invalid number ({str(value)[:40]})")
            else:
                array[row] = value
        return array

    def wrong(self, what: str) -> PosefixError:
        """What to raise of this value."""
        return PosefixError(f"{self.place}: {what}: damaged posefix data file. Write it again.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def from_document(document: Field) -> Result:
    """The inverse of :func:`app.keypoints.posefix_document.to_document`, to the precision that is written.

    Unknown fields are ignored.

    Raises:
        PosefixError: something is lacking or wrong; the message names its place.
    """
    source, frames = document["source"], document["frames"]
    skeleton = _skeleton(document["skeleton"])
    indices = np.array([field.whole() for field in frames["index"]], np.int64)
    times = np.array([field.number() for field in frames["pts_seconds"]], np.float64)
    if indices.shape != times.shape or not len(indices):
        raise frames.wrong(f"{len(indices)} frame numbers and {len(times)} times")
    check_times(times, indices, frames.place)
    corrector = document.optional("corrector")
    people = tuple(_person(person, indices.tolist(), skeleton.joints) for person in document["people"])
    if len({person.id for person in people}) < len(people):
        raise document["people"].wrong("two people with one id")
    return Result(
        source=VideoSource(
            file=source["file"].text(),
            width=_side(source["width"]),
            height=_side(source["height"]),
            fps=source["fps"].number(),
        ),
        skeleton=skeleton,
        frame_indices=indices,
        pts_seconds=times,
        people=people,
        estimator=_model(document["estimator"]),
        corrector=None if corrector is None or corrector.value is None else _model(corrector),
        cuts=_cuts(frames, indices),
        run=_run(document.optional("run")),
    )


def _side(field: Field) -> int:
    return 0 if field.value is None else field.whole()


def _model(field: Field) -> ModelRecord:
    return ModelRecord(field["name"].text(), field["weights_sha256"].text())


def _skeleton(field: Field) -> Skeleton:
    joints = tuple(joint.text() for joint in field["joints"])
    pairs, derived = field.optional("pairs"), field.optional("derived")
    try:
        known = of_joints(joints)
        around = known.derived
        if derived is not None:
            around = {
                joint: tuple(name.text() for name in derived[joint])
                for joint in (derived.value if isinstance(derived.value, dict) else {})
            }
        return Skeleton(
            field["name"].text(),
            joints,
            _links(field["limbs"]),
            # Version 1 told left from right by the names.
            known.pairs if pairs is None else _links(pairs),
            around,
        )
    except ValueError as error:
        raise field.wrong(str(error).rstrip(".")) from error


def _links(field: Field) -> tuple[tuple[str, str], ...]:
    links = [[name.text() for name in link] for link in field]
    if any(len(link) != 2 for link in links):
        raise field.wrong("a pair that is none")
    return tuple((a, b) for a, b in links)


def _cuts(frames: Field, indices: NDArray[np.int64]) -> tuple[int, ...]:
    """Rows of the cuts; files of before shots were told apart have none."""
    field = frames.optional("cuts")
    cuts = [cut.whole() for cut in field] if field is not None else []
    rows = {frame: row for row, frame in enumerate(indices.tolist())}
    if lost := [cut for cut in cuts if cut not in rows]:
        raise (field or frames).wrong(f"frame {lost[0]} is not among the frames")
    return tuple(sorted({rows[cut] for cut in cuts} - {0}))


def _run(field: Field | None) -> RunRecord:
    """Files of before runs were recorded have an empty one."""
    if field is None or field.value is None:
        return RunRecord()
    options, seconds, warnings, notes = (
        field.optional(name) for name in ("options", "seconds", "warnings", "notes")
    )
    for each in (options, seconds):
        if each is not None and not isinstance(each.value, dict):
            raise each.wrong("no object")
    return RunRecord(
        options=dict(options.value) if options else {},
        seconds={stage: seconds[stage].number() for stage in seconds.value} if seconds else {},
        warnings=tuple(line.text() for line in warnings) if warnings else (),
        notes=tuple(line.text() for line in notes) if notes else (),
    )


def _person(field: Field, indices: Sequence[int], joints: tuple[str, ...]) -> Person:
    shape = (len(indices), len(joints))
    initial, corrected, track = field["initial"], field["corrected"], field.optional("track")
    points = initial["keypoints"].numbers((*shape, 2))
    scores = initial["scores"].numbers(shape)
    guesses = initial.optional("hypotheses")
    # Files of before several people were followed have no tracks.
    prominence = track.optional("prominence") if track is not None and track.value is not None else None
    person = Person(
        id=field["id"].whole(),
        initial=np.concatenate([points, scores[..., None]], axis=2),
        boxes=field["boxes"].numbers((shape[0], 4)),
        prominence=None if prominence is None or prominence.value is None else prominence.number(),
        hypotheses=None if guesses is None or guesses.value is None else _hypotheses(guesses, shape),
    )
    if corrected.value is None:
        return person
    points = corrected["keypoints"].numbers((*shape, 2))
    return replace(
        person,
        corrected=points,
        error_px=corrected["error_px"].numbers(shape),
        filled=_booleans(corrected["filled"], shape),
        unsure=_unsure(corrected.optional("unsure"), indices, joints),
        filtered=_filtered(corrected.optional("filtered"), points, joints),
    )


def _booleans(field: Field, shape: tuple[int, int]) -> NDArray[np.bool_]:
    rows = [field.value for field in field]
    if len(rows) != shape[0] or any(
        not isinstance(row, list) or len(row) != shape[1] or not all(isinstance(v, bool) for v in row)
        for row in rows
    ):
        raise field.wrong(f"not {shape[0]} lists of {shape[1]} of true and false")
    return np.array(rows, bool).reshape(shape)


def _unsure(field: Field | None, indices: Sequence[int], joints: tuple[str, ...]) -> NDArray[np.bool_] | None:
    """(T, J); None for files of before there were unsure joints."""
    if field is None:
        return None
    unsure = np.zeros((len(indices), len(joints)), bool)
    rows = {index: row for row, index in enumerate(indices)}
    for entry in field:
        frame = entry["frame"].whole()
        if frame not in rows:
            raise entry.wrong(f"frame {frame} is not among the frames")
        unsure[rows[frame], _numbers_of(entry["joints"], joints)] = True
    return unsure


def _filtered(
    field: Field | None, points: NDArray[np.float32], joints: tuple[str, ...]
) -> NDArray[np.bool_] | None:
    """(T, J): the joints named, where they are there."""
    if field is None:
        return None
    named = np.isin(np.arange(len(joints)), _numbers_of(field, joints))
    return np.asarray(np.isfinite(points[..., 0]) & named)


def _numbers_of(field: Field, joints: tuple[str, ...]) -> list[int]:
    names = [name.text() for name in field]
    if unknown := [name for name in names if name not in joints]:
        raise field.wrong(f"{unknown[0]} is not among the joints")
    return [joints.index(name) for name in names]


def _hypotheses(field: Field, shape: tuple[int, int]) -> NDArray[np.float32]:
    """(T, J, K, 3), K being the most that a joint has."""
    most = max((len(j.value) for frame in field for j in frame if isinstance(j.value, list)), default=0)
    places = np.full((*shape, most, 3), np.nan, np.float32)
    rows = list(field)
    if len(rows) != shape[0]:
        raise field.wrong(f"{len(rows)} entries where {shape[0]} are wanted")
    for row, frame in enumerate(rows):
        cells = list(frame)
        if len(cells) != shape[1]:
            raise frame.wrong(f"{len(cells)} entries where {shape[1]} are wanted")
        for joint, cell in enumerate(cells):
            if cell.value:
                places[row, joint, : len(cell.value)] = cell.numbers((len(cell.value), 3))
    return places
