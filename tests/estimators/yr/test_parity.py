"""The released program's own detections, where its model is at hand."""

import pytest

from estimators.yr.parity import compare


@pytest.mark.parametrize("name", ["im0111.jpg", "im0117.jpg", "im0125.jpg"])
def test_demo_images_are_equal_to_the_last_digits(shared_data, name):
    (row,) = compare(shared_data, demo=True, names=[name], exact=True)
    assert row.candidates == row.reference_candidates
    assert row.people == row.reference_people
    assert abs(row.score_error) < 1e-6 and row.box_error < 1e-6


def test_float32_keeps_to_the_tolerance(shared_data):
    (row,) = compare(shared_data, demo=False, names=["im0103.jpg"], exact=False)
    assert row.candidates == pytest.approx(row.reference_candidates, rel=0.01)
    assert abs(row.score_error) < 0.02 and row.box_error < 0.5
    assert row.gtbox_error < 0.5
