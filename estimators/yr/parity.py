"""Compares our detections with the released program's: ``python -m estimators.yr.parity DATA``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from estimators.yr.body import FULL
from estimators.yr.evaluation import by_group, correct, own_placement
from estimators.yr.matlab import read_matlab
from estimators.yr.nms import suppress
from estimators.yr.part_detector import PartDetector, Placements
from estimators.yr.training.samples import Sample, parse

BOX_TOLERANCE, SCORE_TOLERANCE, COUNT_TOLERANCE = 0.5, 0.02, 0.01


@dataclass(frozen=True)
class ParityCheck:
    """One image: ours against the original's, errors in pixels and in units of the score.

    Attributes:
        gtbox_error: of the placement that covers the labelled person; NaN for the demo images.
        hits: which joints of that placement are correct.
    """

    name: str
    seconds: float
    score_error: float
    box_error: float
    gtbox_error: float
    candidates: int
    reference_candidates: int
    people: int
    reference_people: int
    hits: NDArray[np.bool_]

    @property
    def agrees(self) -> bool:
        """Whether best box and score are the same, but for the tolerances."""
        return self.box_error <= BOX_TOLERANCE and abs(self.score_error) <= SCORE_TOLERANCE


def compare(
    data: Path, *, demo: bool, names: Collection[str] | None = None, exact: bool = False
) -> Iterator[ParityCheck]:
    """Runs the released model on the demo images or PARSE's test images.

    Args:
        data: folder that holds yr_reference/ and parse/.
        names: only these images.
        exact: scores in float64.
    """
    model = read_matlab(data / "yr_reference" / "PARSE_model.mat")
    text = (data / "yr_reference" / "reference_boxes.json").read_text(encoding="utf-8")
    reference = json.loads(text)["demo" if demo else "parse_test"]["images"]
    dtype = torch.float64 if exact else torch.float32
    detector = PartDetector(model, dtype=dtype, skip_single_hits=True)
    for sample in parse(data / "parse", FULL, numbers=range(101, 306)):
        name = sample.path.name
        if name in reference and (names is None or name in names):
            yield _compare_image(detector, sample, reference[name], demo=demo)


def _compare_image(
    detector: PartDetector, sample: Sample, wanted: dict[str, Any], *, demo: bool
) -> ParityCheck:
    image = sample.read()
    threshold = min(detector.model.threshold, -1.0 if demo else -2.0)
    overlap, people_key = (0.1, "n_after_nms_0p1") if demo else (0.3, "n_after_nms_0p3")
    start = time.perf_counter()
    found = detector.detect(image, threshold=threshold)
    seconds = time.perf_counter() - start
    own = own_placement(found, sample.points)
    joints = np.full(sample.points.shape, np.nan)
    if own is not None:
        joints = found.points[own][list(FULL.joint_parts)]
    return ParityCheck(
        name=sample.path.name,
        seconds=seconds,
        score_error=float(found.scores[0] - wanted["best"]["score"]),
        box_error=_box_error(found, 0, wanted["best"]),
        gtbox_error=np.nan if demo or own is None else _box_error(found, own, wanted["gtbox"]),
        candidates=len(found),
        reference_candidates=wanted["n_candidates"],
        people=len(suppress(found.boxes, found.scores, overlap=overlap)),
        reference_people=wanted[people_key],
        hits=correct(joints, sample.points),
    )


def _box_error(found: Placements, index: int, wanted: dict[str, Any]) -> float:
    """Largest difference of any side of any part; the original counts pixels from 1."""
    return float(np.abs(found.boxes[index] + 1 - np.array(wanted["boxes"])).max())


def _summary(rows: list[ParityCheck]) -> list[str]:
    counts = np.array([[row.candidates, row.reference_candidates] for row in rows], dtype=np.float64)
    within = np.abs(counts[:, 0] - counts[:, 1]) <= COUNT_TOLERANCE * counts[:, 1]
    scores = max(abs(row.score_error) for row in rows)
    boxes = max(row.box_error for row in rows)
    return [
        f"{len(rows)} images, best box and score agree on {sum(row.agrees for row in rows)}, "
        f"candidate counts on {int(within.sum())}, people after suppression on "
        f"{sum(row.people == row.reference_people for row in rows)}",
        f"largest differences: score {scores:.2g}, box {boxes:.2g} px",
        f"seconds an image: median {np.median([row.seconds for row in rows]):.2f}, "
        f"longest {max(row.seconds for row in rows):.2f}",
    ]


def main() -> int:
    """Prints how far ours and the original agree."""
    parser = argparse.ArgumentParser(description="Compares our detections with the released program's.")
    parser.add_argument("data", type=Path, help="folder that holds yr_reference/ and parse/")
    parser.add_argument("--exact", action="store_true", help="scores in float64")
    args = parser.parse_args()
    for title, demo in (("demo images", True), ("PARSE test", False)):
        rows = list(compare(args.data, demo=demo, exact=args.exact))
        lines = [title, *_summary(rows)]
        if not demo:
            table = by_group(np.stack([row.hits for row in rows]), FULL.skeleton.joints)
            lines.append("PCK: " + ", ".join(f"{group} {value:.1f}" for group, value in table.items()))
        sys.stdout.write("\n  ".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
