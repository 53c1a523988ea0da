"""What the tests share."""

from pathlib import Path

import pytest

from app.commands.main import main
from estimators import available
from tests.fixtures.fakes import BlobDetector, BlobEstimator, ShiftCorrector

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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every installed estimator keeps the contract, unless one is named."""
    if "estimator_name" in metafunc.fixturenames:
        named = metafunc.config.getoption("--estimator")
        metafunc.parametrize("estimator_name", [named] if named else list(available()), scope="module")
