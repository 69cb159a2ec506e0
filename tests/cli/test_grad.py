"""--grad: the gradient in files, on standard output, in the result."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

from losscli import evaluate
from losscli.formats import writing

MSE = "mse --pred p.npy --target t.npy"
GAUSS = "gaussian-nll --mean p.npy --var v.npy --target t.npy"
NARROW = "gaussian-nll --mean p.npy --var w.npy --target t.npy"


@pytest.fixture(autouse=True)
def files(folder):
    rng = np.random.default_rng(7)
    for name, values in (("p", rng.normal(size=(40, 3))), ("t", rng.normal(size=(40, 3)))):
        np.save(f"{name}.npy", values)
    np.save("v.npy", rng.exponential(size=(40, 3)))
    np.save("w.npy", rng.exponential(size=(40, 1)))
    return folder


@pytest.fixture
def wanted():
    return {
        "mse": (np.load("p.npy") - np.load("t.npy")) / 60,
        **evaluate("gaussian-nll", mean="p.npy", var="v.npy", target="t.npy", grad=True).gradient,
    }


def read(path):
    """An array of a file, by its own library; of a table (columns of values)."""
    suffix = path.suffix
    if suffix == ".npy":
        return np.load(path)
    if suffix == ".npz":
        with np.load(path) as held:
            return dict(held)
    if suffix == ".safetensors":
        from safetensors.numpy import load_file

        return load_file(path)
    if suffix == ".parquet":
        import pyarrow.parquet as pq

        return {key: np.array(one) for key, one in pq.read_table(path).to_pydict().items()}
    if suffix == ".json":
        return json.loads(path.read_text())
    if suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return {key: np.array([row[key] for row in rows]) for key in rows[0]}
    delimiter = "\t" if suffix == ".tsv" else ","
    names, *lines = (line.split(delimiter) for line in path.read_text().splitlines())
    return dict(zip(names, np.array(lines, float).T, strict=True))


@pytest.mark.parametrize("suffix", writing.SUFFIXES)
def test_one_input(suffix, losscli, files, wanted):
    ran = losscli(f"{MSE} --grad g{suffix}")
    assert ran.code == 0
    found = read(files / f"g{suffix}")
    slope = found if suffix in (".npy", ".json") else found["pred"]
    assert np.reshape(slope, (40, 3)) == pytest.approx(wanted["mse"], rel=1e-15)
    if suffix in (".csv", ".tsv", ".txt", ".parquet"):
        assert [*found] == ["i0", "i1", "pred"]
        assert [*zip(found["i0"], found["i1"], strict=True)] == [*np.ndindex(40, 3)]
    if suffix == ".jsonl":
        assert found["index"].tolist() == [list(one) for one in np.ndindex(40, 3)]


@pytest.mark.parametrize("suffix", [one for one in writing.SUFFIXES if one != ".npy"])
def test_two_inputs(suffix, losscli, files, wanted):
    assert losscli(f"{GAUSS} --grad g{suffix}").code == 0
    found = read(files / f"g{suffix}")
    for key in ("mean", "var"):
        assert np.reshape(found[key], (40, 3)).tolist() == wanted[key].tolist()


def test_arrays_of_two_shapes(losscli, files):
    for suffix in (".npz", ".safetensors", ".json"):
        assert losscli(f"{NARROW} --grad g{suffix}").code == 0
        found = read(files / f"g{suffix}")
        assert [*map(np.shape, (found["mean"], found["var"]))] == [(40, 3), (40, 1)]
    for suffix in (".csv", ".jsonl", ".parquet"):
        ran = losscli(f"{NARROW} --grad none{suffix}")
        assert (ran.code, ran.out) == (2, "")
        assert "they have not one shape: mean (40, 3), var (40, 1)" in ran.err
        assert "hint: end the name in .npz or .safetensors or .json" in ran.err
        assert not (files / f"none{suffix}").exists()
    ran = losscli(f"{NARROW} --grad -")
    assert (ran.code, ran.out) == (2, "")
    assert "--format json" in ran.err


def test_one_array_cannot_hold_two(losscli, files):
    ran = losscli(f"{GAUSS} --grad g.npy")
    told = "error: g.npy: .npy holds one array, and there are 2: mean and var\n"
    told += "hint: end the name in .npz or .safetensors or .json\n"
    assert ran == (2, "", told)
    assert losscli("gaussian-nll --mean p.npy --var 0.5 --target t.npy --grad g.npy").code == 0
    assert np.load("g.npy").shape == (40, 3)


def test_compressed_text(losscli, files):
    assert losscli(f"{MSE} --grad g.csv --quiet").code == 0
    assert losscli(f"{MSE} --grad g.csv.gz --quiet").code == 0
    packed = gzip.decompress((files / "g.csv.gz").read_bytes())
    assert packed == (files / "g.csv").read_bytes()
    assert losscli(f"{MSE} --grad g.npy.gz").code == 2


@pytest.mark.parametrize("style", ["csv", "tsv", "jsonl", "json"])
def test_standard_output(style, losscli, files):
    for command in (MSE, GAUSS):
        assert losscli(f"{command} --grad g.{style} --quiet").code == 0
        ran = losscli(f"{command} --grad - --format {style}")
        assert (ran.code, ran.out) == (0, (files / f"g.{style}").read_text())
    assert losscli(f"{MSE} --grad -").out == losscli(f"{MSE} --grad - --format csv").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (f"{MSE} --grad - --value", 2, "--grad - and --value both print: choose one"),
        (f"{MSE} --grad - --output -", 2, "--output - and --grad - both print: choose one"),
        (f"{MSE} --grad o.npy --output o.npy", 2, "--output and --grad both write o.npy"),
        (f"{MSE} --grad s.json --save ./s.json", 2, "--grad and --save both write s.json"),
        (f"{MSE} --grad p.npy", 4, "--grad p.npy would overwrite the file of --pred"),
        (f"{MSE} --grad g.what", 2, "cannot tell the format of g.what by its suffix"),
        (f"{MSE} --grad no/g.npy", 4, "there is no directory no"),
        (f"{MSE} --grad g.npy --reduction none", 2, "--reduction none gives many"),
        ("zero-one --pred p.npy --target t.npy --grad g.npy", 2, "it is of decisions"),
        ("zero-one --logits gone.npy --target t.npy --grad g.npy", 2, "it is of decisions"),
        (f"{MSE} --grad a.npy --grad b.npy", 2, "--grad"),
    ],
)
def test_refused_before_anything_is_read(words, code, told, losscli, files):
    before = {path.name: path.read_bytes() for path in files.iterdir()}
    ran = losscli(words)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert {path.name: path.read_bytes() for path in files.iterdir()} == before


def test_result(losscli, wanted):
    told = losscli(f"{MSE} --grad g.npy --json --worst 2").json["gradient"]
    slope = wanted["mse"]
    assert told["norm"] == pytest.approx(np.linalg.norm(slope), rel=1e-14)
    assert told["inputs"] == {"pred": {"shape": [40, 3], "norm": told["norm"]}}
    top = np.unravel_index(np.abs(slope).argmax(), slope.shape)
    assert told["largest"][0] == {
        "input": "pred",
        "index": [*map(int, top)],
        "value": pytest.approx(slope[top]),
    }
    assert len(told["largest"]) == 2
    assert "gradient" not in losscli(f"{MSE} --json").json


def test_screen(losscli):
    (line,) = (one for one in losscli(f"{MSE} --grad g.npy").out.splitlines() if "gradient" in one)
    assert line.split()[:6] == ["gradient", line.split()[1], "norm", "of", "that", "by"]
    assert "by pred, largest " in line
    (line,) = (
        one for one in losscli(f"{GAUSS} --grad g.npz").out.splitlines() if "gradient" in one
    )
    assert "by mean and var, largest " in line
    assert " at var [" in line or " at mean [" in line
    assert "gradient" not in losscli(MSE).out


def test_warnings(losscli, files):
    np.save("t.npy", np.load("p.npy"))
    ran = losscli("rmse --pred p.npy --target t.npy --grad g.npy")
    assert "the gradient is NaN (120 entries)" in ran.err
    assert np.isnan(np.load("g.npy")).all()
    (files / "g.npy").unlink()
    ran = losscli("rmse --pred p.npy --target t.npy --grad g.npy --strict")
    assert (ran.code, ran.out) == (3, "")
    assert not (files / "g.npy").exists()
    ran = losscli("rmse --pred p.npy --target t.npy --grad g.npy --ignore nan-gradient")
    assert "gradient" not in ran.err


def test_nothing_is_left_of_what_fails(losscli, files, monkeypatch):
    before = {path.name for path in files.iterdir()}

    def broken(file, *_):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(writing.PACKED, ".npy", broken)
    assert losscli(f"{MSE} --grad g.npy").code == 4
    monkeypatch.setattr(
        "losscli.gradient.leaf.Pass.part", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
    )
    assert losscli(f"{MSE} --grad g.npz").code == 130
    assert {path.name for path in files.iterdir()} == before


def test_a_pipe_is_read_once_and_computed_twice(losscli, files):
    table = "p,t\n" + "".join(f"{at},{at % 3}\n" for at in range(50))
    ran = losscli("mse --data - --pred p --target t --grad g.npy --value", stdin=table)
    assert ran.code == 0
    at = np.arange(50)
    assert np.load("g.npy") == pytest.approx((at - at % 3) / 25, rel=1e-15)


def test_gates_and_output_beside(losscli, files):
    ran = losscli(f"{MSE} --grad g.npy --output o.npy --save s.json --max-loss 0.001 --quiet")
    assert (ran.code, ran.out) == (1, "")
    assert {"g.npy", "o.npy", "s.json"} <= {path.name for path in files.iterdir()}
    assert "gradient" in json.loads((files / "s.json").read_text())


def test_progress_tells_of_the_second_pass(monkeypatch, losscli):
    begun = []
    from losscli.cli import progress

    plain = progress.Bar.begin
    monkeypatch.setattr(
        progress.Bar, "begin", lambda self, *what: (begun.append(what), plain(self, *what))
    )
    assert losscli(f"{MSE} --grad g.npy --progress").code == 0
    assert ("computing mse", 40, "rows") in begun
    assert ("gradient of mse", 40, "rows") in begun
    assert ("writing g.npy", 120, "elements") in begun
