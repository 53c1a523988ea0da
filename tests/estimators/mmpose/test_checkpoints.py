"""Checkpoints: what is read, what is thrown away, what is refused."""

import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging.history_buffer import HistoryBuffer

from estimators.mmpose.checkpoints import load_checkpoint
from weights import WeightsError

STATE = OrderedDict([("module.a.weight", torch.ones(2, 3)), ("b", torch.zeros(1))])


class Command:
    """What a checkpoint from somebody else might hold."""

    def __reduce__(self):
        return os.system, ("echo run > /dev/null",)


def written(path, content):
    torch.save(content, path)
    return path


def test_weights_and_what_is_known_of_the_data_set(tmp_path):
    meta = {
        "epoch": 210,
        "best": np.float64(0.7),
        "dataset_meta": {"dataset_name": "coco", "sigmas": np.array([0.1, 0.2], np.float32)},
    }
    path = written(tmp_path / "a.pth", {"state_dict": STATE, "meta": meta, "optimizer": {"lr": 0.1}})
    tensors, noted = load_checkpoint(path)
    assert list(tensors) == ["a.weight", "b"]
    assert torch.equal(tensors["a.weight"], torch.ones(2, 3))
    assert noted["dataset_name"] == "coco"
    np.testing.assert_allclose(noted["sigmas"], [0.1, 0.2], rtol=1e-6)


def test_arrays_as_numpy_1_wrote_them(tmp_path):
    path = written(tmp_path / "a.pth", {"state_dict": STATE, "meta": {"dataset_meta": {"s": np.ones(3)}}})
    content = path.read_bytes()
    older = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert older != content or np.lib.NumpyVersion(np.__version__) < "2.0.0"
    # The zip's checksums no longer fit; the pickle inside is written anew with the old names.
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("data.pkl"):
                data = data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
            new.writestr(name, data)
    _, noted = load_checkpoint(tmp_path / "b.pth")
    np.testing.assert_allclose(noted["s"], np.ones(3))


def test_the_notes_of_training_are_read_as_nothing(tmp_path):
    notes = {"log_scalars": {"loss": HistoryBuffer([1.0, 2.0], [1, 1])}}
    path = written(tmp_path / "a.pth", {"state_dict": STATE, "message_hub": notes})
    tensors, noted = load_checkpoint(path)
    assert list(tensors) == ["a.weight", "b"]
    assert noted == {}


def test_a_state_dict_alone_will_do(tmp_path):
    tensors, noted = load_checkpoint(written(tmp_path / "a.pth", STATE))
    assert (list(tensors), noted) == (["a.weight", "b"], {})


def test_what_would_have_to_be_run_is_refused_with_the_cure(tmp_path, capfd):
    path = written(tmp_path / "a.pth", {"state_dict": STATE, "meta": Command()})
    with pytest.raises(WeightsError) as error:
        load_checkpoint(path)
    said = str(error.value)
    assert "\n" not in said
    for part in (str(path), "refused: it holds more than weights", "system", "Where you trust it"):
        assert part in said


def test_the_cure_works(tmp_path, monkeypatch):
    path = written(tmp_path / "a.pth", {"state_dict": STATE, "meta": Command()})
    with pytest.raises(WeightsError) as error:
        load_checkpoint(path)
    program = str(error.value).split('python -c "')[1].rstrip('"')
    monkeypatch.chdir(tmp_path)
    exec(program)
    assert list(load_checkpoint(tmp_path / "weights.pth")[0]) == ["a.weight", "b"]


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", pickle.dumps([1, 2], 2), b"PK\x03\x04" + bytes(99)]
)
def test_what_is_no_checkpoint_is_refused(content, tmp_path):
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(WeightsError) as error:
        load_checkpoint(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_broken_off_and_one_that_is_not_there(tmp_path):
    path = written(tmp_path / "a.pth", {"state_dict": {"a": torch.ones(999)}})
    path.write_bytes(path.read_bytes()[:-900])
    with pytest.raises(WeightsError, match=r"a\.pth"):
        load_checkpoint(path)
    with pytest.raises(WeightsError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "b.pth")


@pytest.mark.parametrize("content", [{"state_dict": {}}, {"meta": {}}, [1], torch.ones(2)])
def test_a_file_without_weights_is_refused(content, tmp_path):
    with pytest.raises(WeightsError, match="no weights in it"):
        load_checkpoint(written(tmp_path / "a.pth", content))
