"""One question, however it is put to the engine: leaves, threads, files, formats, shards.

The referee is the plain call on arrays in memory; the numbers themselves have referees elsewhere.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losscli import evaluate, plan
from losscli.errors import DataError

LEAF = 64
"""Values of a leaf: as few as there may be, so that boundaries are many."""

KINDS = {"bce": "logits", "ce": "logits", "mse": "pred", "kl": "log_probs", "hinge": "logits"}
SIZES = sorted({0 * LEAF + 1, *(k * LEAF + d for k in (1, 2, 3, 7) for d in (-1, 0, 1)), 37, 500})
FORMATS = ["npy", "csv", "tsv", "json", "jsonl"] + ["parquet"] * bool(find_spec("pyarrow"))


def question(loss, rows, seed):
    """Float64, since that is what text counts as."""
    rng = np.random.default_rng(seed)
    shape = (rows, 3) if loss in ("ce", "kl") else (rows,)
    scores = rng.normal(0, 3, shape)
    target = {
        "bce": lambda: rng.integers(0, 2, rows),
        "hinge": lambda: rng.choice([-1, 1], rows),
        "ce": lambda: rng.integers(0, 3, rows),
        "mse": lambda: scores + rng.normal(size=rows),
        "kl": lambda: rng.dirichlet([1, 2, 3], rows),
    }[loss]()
    if loss == "kl":
        scores -= np.log(np.exp(scores).sum(1, keepdims=True))
    return {KINDS[loss]: scores, "target": target, "sample_weight": rng.random(rows)}


def write(array, path, form):
    """As other programs would, not as losscli does."""
    if form == "npy":
        np.save(path, array)
    elif form in ("csv", "tsv"):
        cells = [row if isinstance(row, list) else [row] for row in array.tolist()]
        sep = "," if form == "csv" else "\t"
        path.write_text("".join(sep.join(map(repr, row)) + "\n" for row in cells))
    elif form == "json":
        path.write_text(json.dumps(array.tolist()))
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in array.tolist()))
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        arrow = pytest.importorskip("pyarrow")
        columns = array.T if array.ndim > 1 else [array]
        table = arrow.table({f"c{i}": arrow.array(column) for i, column in enumerate(columns)})
        parquet.write_table(table, path, row_group_size=29)


def laid(folder, name, array, form, cuts):
    """The words for an array in files: one, or shards cut at some rows."""
    edges = [0, *sorted({min(cut, len(array)) for cut in cuts} - {0, len(array)}), len(array)]
    pairs = list(pairwise(edges))
    for i, (start, stop) in enumerate(pairs):
        write(array[start:stop], folder / f"{name}-{i}.{form}", form)
    return str(folder / (f"{name}-*.{form}" if len(pairs) > 1 else f"{name}-0.{form}"))


def told(loss, given, **more):
    found = evaluate(loss, **given, worst=4, head=2, **more).to_dict()
    del found["inputs"]
    for element in (*found["first"], *found["worst"]):
        element.pop("place", "")  # where the file has its row
    for level in ("notes", "warnings"):  # those that speak of the files alone
        found[level] = [
            one for one in found[level] if one["code"] not in ("whole-floats", "shard-rows")
        ]
    return json.dumps(found)


@settings(max_examples=60, deadline=None)
@given(
    loss=st.sampled_from(sorted(KINDS)),
    rows=st.sampled_from(SIZES),
    seed=st.integers(0, 99),
    threads=st.integers(1, 4),
    group=st.integers(1, 5),
    together=st.integers(1, 9),
    forms=st.tuples(*[st.sampled_from(FORMATS)] * 3),
    cuts=st.tuples(*[st.lists(st.integers(1, 500), max_size=3)] * 3),
)
def test_everything_that_may_not_matter(loss, rows, seed, threads, group, together, forms, cuts):
    arrays = question(loss, rows, seed)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as name:
        patch.setattr(plan, "LEAF", LEAF)
        wanted = told(loss, arrays, threads=1)
        patch.setattr(plan, "GROUP", group)
        patch.setattr(plan, "TOGETHER", together)
        words = {
            key: laid(Path(name), key, array, form, own)
            for (key, array), form, own in zip(arrays.items(), forms, cuts, strict=True)
        }
        assert told(loss, words, threads=threads, header=False) == wanted


@pytest.mark.parametrize("step", [1, 2, -1])
@pytest.mark.parametrize("loss", KINDS)
def test_strides_and_tails(loss, step):
    """The first rows of longer data, laid out anyhow, have the losses that they have there."""
    whole = question(loss, 400, 5)
    del whole["sample_weight"]
    elements = evaluate(loss, **whole).elements
    for rows in (1, 2, 7, 63, 64, 65, 129):
        some = {
            key: np.repeat(array[:rows][::step], abs(step), axis=0)[:: abs(step)]
            for key, array in whole.items()
        }
        found = evaluate(loss, **some).elements
        wanted = elements[:rows][::step]
        count = len(found)
        assert found.tobytes() == np.ascontiguousarray(wanted[:count]).tobytes()


def shards(folder, name, *rows):
    (folder / name).mkdir()
    for i, count in enumerate(rows):
        np.save(folder / name / f"part-{i}.npy", np.full(count, 0.5))
    return str(folder / name)


def test_targets_in_one_file_or_in_pairs_of_shards(tmp_path):
    logits, labels = shards(tmp_path, "x", 3, 4, 2), shards(tmp_path, "y", 3, 4, 2)
    np.save(tmp_path / "all.npy", np.full(9, 0.5))
    pairs, stream = (
        evaluate("bce", logits=logits, target=target)
        for target in (labels, str(tmp_path / "all.npy"))
    )
    assert pairs.value == stream.value
    assert not pairs.warnings
    assert not stream.warnings


def test_shards_that_look_like_pairs_and_are_not(tmp_path):
    logits, labels = shards(tmp_path, "x", 3, 4, 2), shards(tmp_path, "y", 3, 5, 1)
    (warning,) = evaluate("bce", logits=logits, target=labels).warnings
    assert warning.code == "shard-rows"
    assert "part-1.npy has 4 rows, and " in warning.message
    with pytest.raises(DataError, match="9 predictions but 10 targets") as caught:
        evaluate("bce", logits=logits, target=shards(tmp_path, "z", 3, 5, 2))
    assert "part-1.npy has 4 rows, and " in caught.value.hint
    assert not evaluate("bce", logits=logits, target=shards(tmp_path, "w", 4, 5)).warnings


def test_shards_whose_names_look_like_pairs_and_are_not(tmp_path):
    """As many rows in every file, but of other parts: nothing else would show it."""
    logits, labels = shards(tmp_path, "x", 3, 3, 3), shards(tmp_path, "y", 3, 3, 3)
    (tmp_path / "y" / "part-1.npy").rename(tmp_path / "y" / "part-3.npy")
    (warning,) = evaluate("bce", logits=logits, target=labels).warnings
    assert warning.code == "shard-rows"
    assert warning.message.endswith(f"{logits}/part-1.npy is beside {labels}/part-2.npy")
    for i in (0, 2, 3):  # names that have nothing in common are other names
        (tmp_path / "y" / f"part-{i}.npy").rename(tmp_path / "y" / f"label-{i}.npy")
    assert not evaluate("bce", logits=logits, target=labels).warnings


@pytest.mark.parametrize("name", ["sample_weight", "mask"])
def test_shards_of_weights_that_look_like_pairs_and_are_not(tmp_path, name):
    logits, labels = shards(tmp_path, "x", 3, 4, 2), shards(tmp_path, "y", 3, 4, 2)
    (tmp_path / "w").mkdir()
    for i, count in enumerate((3, 5, 1)):
        np.save(tmp_path / "w" / f"part-{i}.npy", np.ones(count, bool))
    given = {"logits": logits, "target": labels, name: str(tmp_path / "w")}
    (warning,) = evaluate("bce", **given).warnings
    assert (warning.code, warning.input) == ("shard-rows", name)
    assert warning.message.endswith(f"has 4 rows, and {tmp_path / 'w' / 'part-1.npy'} has 5")


@pytest.mark.parametrize("missing", ["x", "y"])
def test_a_shard_that_is_missing(tmp_path, missing):
    shards(tmp_path, "x", 3, 4, 2), shards(tmp_path, "y", 3, 4, 2)
    (tmp_path / missing / "part-1.npy").unlink()
    given = {"logits": str(tmp_path / "x"), "target": str(tmp_path / "y")}
    with pytest.raises(DataError, match=r"predictions but [59] targets") as caught:
        evaluate("bce", **given)
    other = {"x": "y", "y": "x"}[missing]
    found = f"{tmp_path / other / 'part-1.npy'} has no partner in {tmp_path / missing}"
    assert caught.value.hint == found


def test_signature_does_not_tell_the_leaf(monkeypatch):
    """Leaves are larger on a device: the same question must have the same signature there."""
    rng = np.random.default_rng(0)
    given = {"pred": rng.normal(size=(500, 3)), "target": rng.normal(size=(500, 3))}
    given |= {"sample_weight": rng.random(500), "mask": rng.integers(0, 2, (500, 3))}
    one = evaluate("mse", **given).signature
    monkeypatch.setattr(plan, "LEAF", LEAF)
    assert evaluate("mse", **given).signature == one
    for name in ("sample_weight", "mask"):
        other = given[name].copy()
        other[[3, 4]] = 1 - other[[4, 3]]
        assert evaluate("mse", **(given | {name: other})).signature != one
        assert evaluate("mse", **(given | {name: given[name][::-1]})).signature != one


def test_empty_shards_of_lists(tmp_path):
    arrow, parquet = (pytest.importorskip(name) for name in ("pyarrow", "pyarrow.parquet"))
    table = arrow.table({"x": [[1.0, 2.0], [3.0, 4.0]]})
    for order in ((0, 2), (2, 0)):
        for i, rows in enumerate(order):
            parquet.write_table(table[:rows], tmp_path / f"part-{i}.parquet")
        target = [[1.0, 2.0], [3.0, 4.5]]
        found = evaluate("mae", pred=str(tmp_path / "part-*.parquet"), target=target)
        assert found.elements.tolist() == [[0, 0], [0, 0.5]]
