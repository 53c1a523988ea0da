"""The weights that come with posefix: small enough, and each with a card that names the very file."""

import pytest

import weights


@pytest.mark.parametrize("name", weights.installed())
def test_every_weights_file_has_its_card(name):
    path = weights.find(name)
    assert path.stat().st_size < 25e6
    card = path.with_suffix(".md").read_text()
    assert weights.sha256(path) in card
    for said in ("Licence", "commit", "posefix train"):
        assert said in card, f"the card of {name} does not say {said}"


def test_all_weights_together_are_small():
    assert sum(weights.find(name).stat().st_size for name in weights.installed()) < 60e6
