"""Weights from elsewhere: fetched once, checked, and what is said when they cannot be had."""

import hashlib
import http.server
import threading

import pytest

from estimators.downloads import cache_folder, fetched
from weights import WeightsError

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    """Serves /model.task on this machine; gives its address and the list of what was asked for."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            found = self.path == "/a/model.task"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(CONTENT) if found else 0))
            self.end_headers()
            self.wfile.write(CONTENT if found else b"")

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("POSEFIX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_file_is_fetched_once_and_kept(server, folder):
    address, asked = server
    path = fetched(f"{address}/a/model.task", sha256_prefix=SHA256)
    assert path == folder / "model.task"
    assert path.read_bytes() == CONTENT
    assert fetched(f"{address}/a/model.task", sha256_prefix=SHA256[:8]) == path
    assert asked == ["/a/model.task"]
    assert [entry.name for entry in folder.iterdir()] == ["model.task"]


def test_another_file_than_was_published_is_not_kept(server, folder):
    address, _ = server
    with pytest.raises(WeightsError, match=r"model\.task: not to be downloaded"):
        fetched(f"{address}/a/model.task", sha256_prefix="0" * 64)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("url", ["{}/b/model.task", "http://127.0.0.1:1/model.task"])
def test_offline_one_line_says_where_to_get_it(url, server, folder):
    url = url.format(server[0])
    with pytest.raises(WeightsError) as error:
        fetched(url, sha256_prefix=SHA256)
    said = str(error.value)
    assert "\n" not in said
    for part in (url, "--weights", str(folder)):
        assert part in said


def test_a_damaged_file_in_the_cache_is_told(server, folder):
    folder.mkdir()
    (folder / "model.task").write_bytes(CONTENT[:-1])
    with pytest.raises(WeightsError, match=r"model\.task: damaged: its SHA-256 is not .* Delete it"):
        fetched(f"{server[0]}/a/model.task", sha256_prefix=SHA256)


def test_without_the_variable_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("POSEFIX_CACHE")
    assert cache_folder().name == "posefix"
    assert cache_folder().is_absolute()
