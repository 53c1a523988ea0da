"""Files that are complete or not there."""

import errno
import os
import stat

import pytest

from weights import WeightsError
from weights.files import FileError, PosefixError, written_whole


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "new" / "a.json"
    with written_whole(path) as partial:
        partial.write_text("first")
        assert not path.exists() and partial.parent == path.parent and partial.suffix == ".json"
    assert path.read_text() == "first" and names(path.parent) == ["a.json"]
    with written_whole(path) as partial:
        partial.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_breaks_off_leaves_what_was_there(tmp_path, error):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(error), written_whole(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "old" and names(tmp_path) == ["a.json"]


def test_two_at_once_do_not_meet_and_long_names_fit(tmp_path):
    path = tmp_path / ("n" * 250 + ".json")
    with written_whole(path) as one, written_whole(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"
    assert names(tmp_path) == [path.name]


def test_a_place_that_takes_nothing_is_named_with_the_cure(tmp_path):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    cure = r"cannot be written \(No space left on device\). Free some space or choose another folder."
    with pytest.raises(FileError, match=f"a.json: {cure}"), written_whole(tmp_path / "a.json"):
        raise full
    (tmp_path / "file").write_text("")
    cure = r"cannot be written \(File exists\). Choose another folder."
    with pytest.raises(FileError, match=f"b.json: {cure}"), written_whole(tmp_path / "file" / "b.json"):
        pass
    assert names(tmp_path) == ["file"]


def test_others_may_read_it(tmp_path):
    mask = os.umask(0o022)
    try:
        with written_whole(tmp_path / "a.json") as partial:
            partial.write_text("")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o644


def test_all_that_users_can_cure_is_one_kind():
    assert issubclass(WeightsError, FileError) and issubclass(FileError, PosefixError)
    assert issubclass(FileError, ValueError)
