"""Fetches BlazePose's networks for the tests: ``python -m tests.fetch_blazepose``; needs npm and a registry.

The vendor's npm package ``@mediapipe/pose`` (Apache-2.0) holds the same networks as the ``.task`` files that
users get. They are put together as such files in ``.cache/blazepose`` of the checkout. Tests that need them
skip without.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from estimators.blazepose.task_file import DETECTOR, LANDMARKS

PACKAGE = "@mediapipe/pose@0.5.1675469404"
SHA256 = "8bb349a7b3a3ba699df23be804ddd3b3eab810b50b15406894be257859388a84"
FOLDER = Path(__file__).parent.parent / ".cache" / "blazepose"
KINDS = ("lite", "full", "heavy")


def task_file(kind: str) -> Path:
    """Where the file of a kind lies, or would lie."""
    return FOLDER / f"pose_landmarker_{kind}.task"


def main() -> int:
    """Fetches what is not there; returns the exit status."""
    if all(task_file(kind).is_file() for kind in KINDS):
        return 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        command = ["npm", "pack", "--silent", PACKAGE, "--pack-destination", temporary]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (packed,) = Path(temporary).glob("*.tgz")
        if hashlib.sha256(packed.read_bytes()).hexdigest() != SHA256:
            print(f"{PACKAGE}: not the package that the tests were written with.", file=sys.stderr)  # noqa: T201
            return 1
        with tarfile.open(packed) as archive:
            # All that this one holds is the detector's model.
            detector = _member(archive, "pose_solution_packed_assets.data")
            for kind in KINDS:
                _write(task_file(kind), detector, _member(archive, f"pose_landmark_{kind}.tflite"))
    return 0


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"package/{name}")
    assert file is not None
    return file.read()


def _write(path: Path, detector: bytes, landmarks: bytes) -> None:
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        # A fixed date: the same file, and the same SHA-256, every time.
        archive.writestr(zipfile.ZipInfo(DETECTOR), detector)
        archive.writestr(zipfile.ZipInfo(LANDMARKS), landmarks)
    partial.replace(path)


if __name__ == "__main__":
    sys.exit(main())
