"""What the tests share."""

from pathlib import Path

import pytest

from app.commands.main import main
from estimators import available
from tests.fixtures import variants
from tests.fixtures.fakes import BlobDetector, BlobEstimator, ShiftCorrector

# So many of the made-up kinds of films make one that is read always.
EVERY_VARIANT = 10
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the checkout; tests that ask for it are skipped where it is absent."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("needs ../shared/data")
    return path


@pytest.fixture
def fakes(monkeypatch):
    """Models that load at once; gives the estimator that the command will use."""
    estimator = BlobEstimator()
    monkeypatch.setattr("estimators.create", lambda *_, **__: estimator)
    monkeypatch.setattr("estimators.detectors.create", lambda *_, **__: BlobDetector())
    monkeypatch.setattr("corrector.Corrector.from_weights", lambda *_, **__: ShiftCorrector())
    return estimator


@pytest.fixture
def posefix(fakes, capfd):
    """Runs the command; gives its status and the lines of stderr, also those written below Python."""

    def run(*arguments):
        capfd.readouterr()
        status = main(["--quiet", *map(str, arguments)])
        return status, capfd.readouterr().err.splitlines()

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--estimator", help="check this estimator's contract alone")
    parser.addoption("--all-variants", action="store_true", help="read all made-up kinds of films, not a few")
    parser.addoption("--weights", type=Path, help="with these weights of it")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every installed estimator keeps the contract, unless one is named."""
    if "estimator_name" in metafunc.fixturenames:
        named = metafunc.config.getoption("--estimator")
        metafunc.parametrize("estimator_name", [named] if named else list(available()), scope="module")
    if "variant_number" in metafunc.fixturenames:
        step = 1 if metafunc.config.getoption("--all-variants") else EVERY_VARIANT
        numbers = range(0, variants.COUNT, step)
        metafunc.parametrize("variant_number", numbers, ids=lambda number: str(variants.variant(number)))
