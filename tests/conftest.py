"""What the tests share."""

from pathlib import Path

import pytest

from estimators import available

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the checkout; tests that ask for it are skipped where it is absent."""
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("needs ../shared/data")
    return path


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--estimator", help="check this estimator's contract alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every installed estimator keeps the contract, unless one is named."""
    if "estimator_name" in metafunc.fixturenames:
        named = metafunc.config.getoption("--estimator")
        metafunc.parametrize("estimator_name", [named] if named else list(available()), scope="module")
