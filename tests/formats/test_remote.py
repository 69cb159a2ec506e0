"""URLs that fsspec reaches: here those of its memory, which need no network."""

from __future__ import annotations

import gzip
import io
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError, FileError
from losscli.formats import files, open_source, remote, suffix_of
from losscli.inputs import locate, open_fields, read_names

ARRAY = np.array([[0.5, -2, 3], [4, 5, -6.25]])
CSV = "id,a,b:c\n1,0.5,7\n2,-2,8\n"


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.fixture(autouse=True)
def put(tmp_path, monkeypatch):
    """Writes to the memory of fsspec."""
    monkeypatch.chdir(tmp_path)
    system = pytest.importorskip("fsspec").filesystem("memory")
    system.store.clear()

    def put(path, content):
        system.pipe_file(f"/{path}", content)

    yield put
    system.store.clear()


@pytest.mark.parametrize(
    ("word", "paths", "key"),
    [
        ("s3://b/a.npy", ("s3://b/a.npy",), None),
        ("s3://b/a.csv:k", ("s3://b/a.csv",), "k"),
        ("http://h:8000/a.npy", ("http://h:8000/a.npy",), None),
        ("http://h:8000/a.csv:x,y", ("http://h:8000/a.csv",), "x,y"),
        ("http://h/a.csv:b:c", ("http://h/a.csv:b",), "c"),
        ("https://h/a.csv?v=1&w=2:k", ("https://h/a.csv?v=1&w=2",), "k"),
        ("simplecache::s3://b/a.npy:k", ("simplecache::s3://b/a.npy",), "k"),
    ],
)
def test_words(word, paths, key):
    ref = locate({"pred": word})["pred"]
    assert (ref.paths, ref.key, ref.many) == (paths, key, False)


def test_suffixes():
    assert suffix_of("https://h/a.csv.gz?v=1.npy#x.json") == ".csv"
    assert suffix_of("s3://b/a?.npy") == ".npy"


def test_formats_and_keys(put):
    put("d/x.npy", npy(ARRAY))
    put("d/x.csv.gz", gzip.compress(CSV.encode()))
    words = {"a": "memory://d/x.npy", "b": "memory://d/x.csv.gz:a", "c": "memory://d/x.npy:2"}
    fields = open_fields(locate(words)).fields
    np.testing.assert_array_equal(fields["a"].rows(0, 2), ARRAY[:, :2])  # without c's
    np.testing.assert_array_equal(fields["b"].rows(0, 2), [0.5, -2])
    np.testing.assert_array_equal(fields["c"].rows(0, 2), ARRAY[:, 2])
    assert fields["b"].label == "memory://d/x.csv.gz:a"


def test_shards_in_natural_order(put):
    for name, value in (("p-10", 3), ("p-2", 2), ("p-1", 1), ("_SUCCESS", 9)):
        put(f"d/{name}.npy", npy(np.array([value])))
    for word in ("memory://d/*.npy", "memory://d/", "memory://d/p-?*.npy"):
        field = open_fields(locate({"pred": word})).fields["pred"]
        np.testing.assert_array_equal(field.rows(0, 3), [1, 2, 3])
    stacked = open_fields(locate({"pred": "memory://d/*.npy"}), stack=True).fields["pred"]
    np.testing.assert_array_equal(stacked.rows(0, 3), [[1], [2], [3]])


def test_a_file_is_fetched_once(put, monkeypatch):
    put("x.csv", CSV.encode())
    fetched = []
    opened = remote.opened
    monkeypatch.setattr(remote, "opened", lambda url: fetched.append(url) or opened(url))
    value = evaluate("mse", pred="memory://x.csv:a", target="memory://x.csv:id").value
    assert (value, fetched) == ((0.5**2 + 4**2) / 2, ["memory://x.csv"])


def test_much_goes_to_a_temporary_file(put, monkeypatch):
    monkeypatch.setattr(remote, "MEMORY", 64)
    put("x.npy", npy(ARRAY))
    content = files.read("memory://x.npy")
    assert content.kept is not None
    np.testing.assert_array_equal(open_source("memory://x.npy").select(None).rows(0, 2), ARRAY)


def test_streams_that_give_little_at_once(put, monkeypatch):
    class Slow:
        def __init__(self, data):
            self.file = io.BytesIO(data)

        def read(self, size):
            return self.file.read(min(size, 3))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("fsspec.open", lambda *_: Slow(npy(ARRAY)))
    np.testing.assert_array_equal(open_source("memory://x.npy").select(None).rows(0, 2), ARRAY)


def test_names_of_classes(put):
    put("names.txt", b"cat\ndog\n")
    assert read_names("memory://names.txt") == ("cat", "dog")


def told(word):
    with pytest.raises(FileError) as caught:
        open_fields(locate({"pred": word}))
    return str(caught.value)


def test_what_cannot_be_read(monkeypatch):
    assert told("memory://no.csv:k") == "cannot read memory://no.csv: there is no such file"
    assert told("memory://no/*.csv:k") == "pred: no file matches memory://no/*.csv (with the key k)"
    assert told("foo://x/y.npy") == "cannot read foo://x/y.npy: protocol not known: foo"

    def broken(*_):
        raise RuntimeError("The token has expired\nand more")

    monkeypatch.setattr("fsspec.open", broken)
    assert told("s3://b/x.npy") == "cannot read s3://b/x.npy: the token has expired"


def test_without_fsspec(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    message = (
        "http://h:80/x.npy is a URL, which takes the package fsspec to read, and that is not "
        "installed\nhint: pip install fsspec"
    )
    assert told("http://h:80/x.npy:k") == message
    assert told("http://h:80/x.npy").startswith("http://h:80/x.npy is a URL")
    assert told("s3://h/*.npy").startswith("s3://h/*.npy is a URL")


def test_a_file_here_comes_first(tmp_path):
    (tmp_path / "memory:").mkdir()
    np.save(tmp_path / "memory:" / "x.npy", ARRAY)
    field = open_fields(locate({"pred": "memory://x.npy"})).fields["pred"]
    np.testing.assert_array_equal(field.rows(0, 2), ARRAY)


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing of what it is asked for, and gives no more than a number for some of it."""

    def send_head(self):
        name = self.path.strip("/")
        if name.isdigit():
            self.send_error(int(name))
            return None
        return super().send_head()

    def log_message(self, *_):
        pass


@pytest.fixture
def web(tmp_path):
    """A web server of this machine, that gives the files of a folder."""
    pytest.importorskip("aiohttp")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_web(web, tmp_path):
    np.save(tmp_path / "a.npy", ARRAY)
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    assert evaluate("mse", pred=f"{web}/a.npy", target=ARRAY).value == 0
    assert evaluate("mse", pred=f"{web}/b.csv.gz:a", target=[0.5, -2.0]).value == 0
    assert evaluate("mse", pred=f"{web}/*.npy", target=ARRAY).value == 0


def test_what_the_web_has_not(web):
    with pytest.raises(FileError, match=r"/c\.npy: there is no such file"):
        evaluate("mse", pred=f"{web}/c.npy", target=[0.0])


@pytest.mark.parametrize(
    ("status", "message"),
    [(403, "answers 403 Forbidden"), (500, "answers 500 Internal"), (410, "is no such file")],
)
def test_what_a_server_does_not_give(web, status, message):
    """It may well be there: a login that ran out is not looked for in the path."""
    with pytest.raises(FileError, match=message):
        evaluate("mse", pred=f"{web}/{status}", target=[0.0])


def test_a_page_in_place_of_a_file(web, tmp_path):
    (tmp_path / "a.csv").write_text("<!DOCTYPE html>\n<html><p>Sign in, please</p></html>\n")
    for word in (f"{web}/a.csv", str(tmp_path / "a.csv")):
        with pytest.raises(DataError, match=r"a\.csv is a web page\nhint: servers give one for"):
            evaluate("mse", pred=word, target=[0.0])


def test_what_ends_too_soon(web, monkeypatch):
    """Of a table that is cut between two lines nobody could tell from the rows."""

    def half(self):
        self.send_response(200)
        self.send_header("Content-Length", str(2 * len(CSV)))
        self.end_headers()
        self.close_connection = True
        if self.command == "GET":
            self.wfile.write(CSV.encode())

    monkeypatch.setattr(Quiet, "do_GET", half)
    monkeypatch.setattr(Quiet, "do_HEAD", half)
    with pytest.raises(FileError, match=r"cannot read .*not completed"):
        evaluate("mse", pred=f"{web}/a.csv:a", target=[0.5, -2.0])


def test_nobody_answers(web):
    closed = ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    closed.server_close()
    with pytest.raises(FileError, match="annot connect"):
        evaluate("mse", pred=f"http://127.0.0.1:{closed.server_port}/c.npy", target=[0.0])
