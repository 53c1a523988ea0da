"""Model files: the released MATLAB layouts, our own format, and what bad files say."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.io import loadmat, savemat

import weights
from estimators.yr.body import FULL
from estimators.yr.configuration import YRConfiguration
from estimators.yr.matlab import read_matlab
from estimators.yr.model import PartModel
from estimators.yr.store import KIND, load_any, load_model, save_model
from tests.fixtures.yr_models import random_model, save_matlab


def assert_same(a: PartModel, b: PartModel, tolerance: float = 0) -> None:
    assert (a.cell_size, a.interval) == (b.cell_size, b.interval)
    for one, other in zip(a.parts, b.parts, strict=True):
        assert one.parent == other.parent
        for name in ("filters", "bias", "springs", "anchors"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=tolerance)


@pytest.mark.parametrize("by_pairs", [False, True])
def test_matlab_layouts(tmp_path, by_pairs):
    model = random_model(by_pairs=by_pairs, mixtures=3)
    save_matlab(tmp_path / "model.mat", model)
    read = read_matlab(tmp_path / "model.mat")
    assert_same(read, model)
    assert read.threshold == model.threshold
    assert read.parts[1].springs.shape == ((3 if by_pairs else 1), 3, 4)


def test_released_model(shared_data):
    model = read_matlab(shared_data / "yr_reference" / "PARSE_model.mat")
    assert tuple(part.parent for part in model.parts) == FULL.parents
    assert model.filter_bank.shape == (156, 5, 5, 32)
    assert model.threshold == pytest.approx(-0.70448, abs=1e-5)
    assert model.parts[0].bias.item() == pytest.approx(-4.0300, abs=1e-4)


def one_line(error: pytest.ExceptionInfo) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_truncated_matlab_files(tmp_path):
    path = tmp_path / "model.mat"
    save_matlab(path, random_model())
    whole = path.read_bytes()
    for length in (0, 60, 200, len(whole) // 2, len(whole) - 8):
        path.write_bytes(whole[:length])
        with pytest.raises(weights.WeightsError) as error:
            read_matlab(path)
        assert str(path) in one_line(error)


@pytest.mark.parametrize("field", ["bias", "filters", "defs", "components", "sbin", "interval", "thresh"])
def test_matlab_files_without_a_field(tmp_path, field):
    path = tmp_path / "model.mat"
    save_matlab(path, random_model())
    content = loadmat(path)["model"][0, 0]
    savemat(path, {"model": {name: content[name] for name in content.dtype.names if name != field}})
    with pytest.raises(weights.WeightsError) as error:
        read_matlab(path)
    assert field in one_line(error) and str(path) in str(error.value)


def test_matlab_files_of_something_else(tmp_path):
    path = tmp_path / "other.mat"
    savemat(path, {"joints": np.zeros((3, 14))})
    with pytest.raises(weights.WeightsError, match="no part model"):
        read_matlab(path)
    with pytest.raises(weights.WeightsError, match="no such model file"):
        read_matlab(tmp_path / "none.mat")


def test_a_matlab_index_out_of_range(tmp_path):
    path = tmp_path / "model.mat"
    save_matlab(path, random_model())
    content = loadmat(path)
    content["model"][0, 0]["components"][0, 0][0, 1]["filterid"][0, 0] = 99
    savemat(path, {"model": content["model"]})
    with pytest.raises(weights.WeightsError, match="no part model"):
        read_matlab(path)


def test_a_matlab_model_of_another_body_is_no_estimator(tmp_path):
    path = tmp_path / "model.mat"
    save_matlab(path, random_model())
    with pytest.raises(weights.WeightsError, match="26"):
        load_any(path)


@pytest.fixture
def full():
    return random_model(FULL.parents), YRConfiguration.uncalibrated("full", threshold=-1.5, interval=3)


def test_our_own_format(tmp_path, full):
    model, configuration = full
    path = tmp_path / "yr.safetensors"
    save_model(path, model, configuration)
    read, read_configuration = load_model(path)
    assert_same(read, model, tolerance=1e-6)
    assert read_configuration == configuration
    assert load_any(path)[1] == configuration


def test_damaged_files_of_our_own(tmp_path, full):
    path = tmp_path / "yr.safetensors"
    save_model(path, *full)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(weights.WeightsError) as error:
        load_model(path)
    assert str(path) in one_line(error)


@pytest.mark.parametrize("change", [{"body": "whole"}, {"joint_confidence": []}, {"cell_size": 1}])
def test_configurations_that_make_no_sense(tmp_path, full, change):
    path = tmp_path / "yr.safetensors"
    save_model(path, *full)
    config, tensors = weights.load(path, kind=KIND)
    weights.save(path, kind=KIND, config={**config, **change}, tensors=tensors)
    with pytest.raises(weights.WeightsError) as error:
        load_model(path)
    assert "Invalid" in one_line(error)


def test_a_missing_part(tmp_path, full):
    path = tmp_path / "yr.safetensors"
    save_model(path, *full)
    config, tensors = weights.load(path, kind=KIND)
    del tensors["parts.7.springs"]
    weights.save(path, kind=KIND, config=config, tensors=tensors)
    with pytest.raises(weights.WeightsError, match=r"parts\.7\.springs"):
        load_model(path)


def test_models_are_checked():
    model = random_model()
    with pytest.raises(ValueError, match="parent"):
        replace(model, parts=model.parts[1:])
    with pytest.raises(ValueError, match="biases"):
        replace(model, parts=(model.parts[0], replace(model.parts[1], bias=np.zeros((3, 2)))))
    with pytest.raises(ValueError, match="quadratic"):
        flat = replace(model.parts[1], springs=np.zeros((1, 2, 4)))
        replace(model, parts=(model.parts[0], flat))
    with pytest.raises(ValueError, match="templates"):
        narrow = replace(model.parts[1], filters=np.zeros((2, 3, 2, 32)))
        replace(model, parts=(model.parts[0], narrow))


def test_configurations_are_plain():
    configuration = YRConfiguration.uncalibrated("upper", threshold=0.5)
    assert YRConfiguration(**asdict(configuration)) == configuration
