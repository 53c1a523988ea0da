"""Weights of another version, with settings or tensors that this one does not know: one line for each."""

import json

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from app.commands.main import main
from weights import WeightsError, find

READERS = {
    "sfn-small": "estimators.sfn.builder.restore",
    "detector-small": "estimators.detectors.small.modeling.restore",
    "yr": "estimators.yr.store.load_model",
    "corrector-default": "corrector.api.load_network",
}


def changed(name, folder, *, setting=None, without=None):
    """A copy of shipped weights with a setting more or a tensor less."""
    with safe_open(find(name), framework="pt") as file:
        metadata = dict(file.metadata())
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a dict
    if setting:
        metadata["config"] = json.dumps({**json.loads(metadata["config"]), setting: 1})
    if without:
        tensors = {key: value for key, value in tensors.items() if without not in key}
    path = folder / f"{name}.safetensors"
    save_file(tensors, path, metadata=metadata)
    return path


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("change", [{"setting": "invented"}, {"without": "bias"}])
def test_what_does_not_fit_is_told_in_one_line(tmp_path, name, change):
    path = changed(name, tmp_path, **change)
    module, _, function = READERS[name].rpartition(".")
    read = getattr(__import__(module, fromlist=[function]), function)
    with pytest.raises(WeightsError, match=r"of another version \(.*\). Fetch or train it again.") as told:
        read(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value) and len(str(told.value)) < len(str(path)) + 300
    assert "setting" not in change or "invented" in str(told.value)


@pytest.mark.parametrize(
    "arguments", [("--weights", "sfn-small"), ("--detector", "detector-small")], ids=lambda a: a[0]
)
def test_the_command_says_so_too(tmp_path, capsys, arguments):
    option, name = arguments
    (tmp_path / "clip.mp4").write_bytes(b"")
    path = changed(name, tmp_path, setting="invented")
    assert main(["--device", "cpu", option, str(path), str(tmp_path / "clip.mp4")]) == 1
    assert "of another version" in capsys.readouterr().err.splitlines()[-1]
