"""One exit status for what is missing, another for what is asked wrongly, whatever the command."""

import pytest

from app.commands.main import main

MISSING = {
    "run": ["{}/a.mp4"],
    "run, weights": ["{}/here.mp4", "--weights", "{}/a.safetensors", "--device", "cpu"],
    "run, detector": ["{}/here.mp4", "--detector", "{}/a.safetensors", "--device", "cpu"],
    "correct json": ["correct", "{}/a.json", "--device", "cpu"],
    "correct csv": ["correct", "{}/a.csv", "--fps", "30", "--device", "cpu"],
    "correct, weights": ["correct", "{}/here.csv", "--fps", "30", "--weights", "{}/a.safetensors"],
    "evaluate lsp": ["evaluate", "lsp", "{}/a", "--device", "cpu"],
    "evaluate youtube-pose": ["evaluate", "youtube-pose", "{}/a", "--device", "cpu"],
    "evaluate parse": ["evaluate", "parse", "{}/a", "--device", "cpu"],
    "evaluate detector": ["evaluate", "detector", "{}/a", "--device", "cpu"],
    "evaluate correction": ["evaluate", "correction", "{}/a", "--device", "cpu"],
    "evaluate correction, pairs": ["evaluate", "correction", "{}/a.npz", "--device", "cpu"],
    "train sfn": ["train", "sfn", "--data", "{}/a", "--device", "cpu"],
    "train detector": ["train", "detector", "--data", "{}/a", "--device", "cpu"],
    "train yr": ["train", "yr", "--data", "{}/a", "--device", "cpu"],
    "train corrector": ["train", "corrector", "--data", "{}/a", "--device", "cpu"],
    "train corrector, pairs": [
        "train",
        "corrector",
        "--data",
        "{}",
        "--pairs",
        "{}/a.npz",
        "--device",
        "cpu",
    ],
    "train corrector, init": ["train", "corrector", "--data", "{}", "--init", "{}/a.safetensors"],
}


@pytest.mark.parametrize("arguments", MISSING.values(), ids=MISSING.keys())
def test_a_missing_file_is_status_1_with_its_name(tmp_path, monkeypatch, capfd, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.mp4").write_text("")
    (tmp_path / "here.csv").write_text("frame,joint,x,y\n0,head,1,2\n")
    assert main([argument.format(tmp_path) for argument in arguments]) == 1
    said = capfd.readouterr().err
    assert f"{tmp_path}/a" in said and "Traceback" not in said
    assert not any((tmp_path / "runs").rglob("*.pt"))


COUNTS = {
    "corrector": ("--steps", "--batch-size", "--report-every", "--threads", "--learning-rate"),
    "sfn": ("--samples", "--batch-size", "--validate-every", "--input-size", "--learning-rate"),
    "detector": ("--samples", "--batch-size", "--validate-every", "--minutes", "--learning-rate"),
    "yr": ("--mixtures", "--template", "--people", "--negatives", "--threads"),
}


@pytest.mark.parametrize("value", ["0", "-1", "nan", "many"])
@pytest.mark.parametrize(
    ("model", "option"), [(model, option) for model in COUNTS for option in COUNTS[model]]
)
def test_numbers_that_mean_nothing_are_refused_before_any_work(tmp_path, capsys, model, option, value):
    with pytest.raises(SystemExit) as ended:
        main(["train", model, "--data", str(tmp_path), option, value])
    assert ended.value.code == 2
    assert f"argument {option}: Invalid number ({value}). Supported values are" in capsys.readouterr().err
