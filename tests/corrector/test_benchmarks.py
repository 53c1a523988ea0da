"""What a benchmark counts as a person's own convention is no error of theirs."""

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="needs a checkout")
from benchmarks.people_conventions import carried_error


def test_a_persons_own_convention_is_told_from_error() -> None:
    rng = np.random.default_rng(1)
    others, person = 60 * rng.normal(size=(2, 700, 5, 2))
    # Everybody's first joint is found between it and the second; of this person, nearer to the second.
    given, theirs = others.copy(), person.copy()
    given[:, 0] += 0.1 * (others[:, 1] - others[:, 0])
    theirs[:, 0] += 0.4 * (person[:, 1] - person[:, 0])
    by_others = carried_error(theirs, person, (given, others))
    by_same = carried_error(theirs, person, (theirs, person))
    assert by_others[:, 0].mean() > 20 and by_others[:, 1:].max() < 0.5
    assert by_same.max() < 0.5
    moved = carried_error(theirs + np.array([5.0, 0.0]), person, (theirs, person))
    assert moved == pytest.approx(5.0, abs=0.1)
