"""Files that are rows: paired by what they are called, and open only while they are read."""

from __future__ import annotations

import gc
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.formats.base import OPEN
from losscli.inputs import locate, open_fields

CASES = ("case_1", "case_2", "case_10")  # in natural order
GENERATOR = np.random.default_rng(11)
SCORES = GENERATOR.normal(size=(3, 4, 5, 6)).astype(np.float32)
LABELS = GENERATOR.integers(0, 4, (3, 5, 6))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("pred", "gt", "masks"):
        Path(name).mkdir()
    for case, scores, labels in zip(CASES, SCORES, LABELS, strict=True):
        np.savez_compressed(f"pred/{case}.npz", scores=scores, spacing=np.ones(3))
        np.save(f"gt/{case}.npy", labels)
    np.save("scores.npy", SCORES)
    np.save("labels.npy", LABELS)


def masks():
    image = pytest.importorskip("PIL.Image")
    for case, labels in zip(CASES, LABELS, strict=True):
        image.fromarray(labels.astype(np.uint8)).save(f"masks/{case}.png")


def opened(words, **options):
    return open_fields(locate(words), **options).fields


def told(error, words, **options):
    with pytest.raises(error) as caught:
        opened(words, **options)
    return str(caught.value)


def cross_entropy(scores=SCORES, labels=LABELS):
    """The mean of log Σ exp z - z of the label, pixel by pixel."""
    scores = scores.astype(float)
    losses = [
        np.log(np.exp(scores[n, :, y, x]).sum()) - scores[n, label, y, x]
        for (n, y, x), label in np.ndenumerate(labels)
    ]
    return np.mean(losses)


@pytest.mark.parametrize(
    "words",
    [
        {"logits": "scores.npy", "target": "gt/*.npy"},
        {"logits": "pred/*.npz:scores", "target": "labels.npy"},
        {"logits": "pred:scores", "target": "gt"},
    ],
)
def test_every_file_is_a_row(words):
    found = evaluate("ce", **words, stack=True)
    assert found.value == pytest.approx(cross_entropy(), rel=1e-6)
    whole = evaluate("ce", logits="scores.npy", target="labels.npy")
    assert (found.value, found.elements.tobytes()) == (whole.value, whole.elements.tobytes())


@pytest.mark.parametrize(
    "words",
    [
        {"logits": "scores.npy", "target": "masks/*.png"},
        {"logits": "scores.npy", "target": "masks"},
        {"logits": "pred/*.npz:scores", "target": "masks/*.png", "stack": True},
    ],
)
def test_images_are_rows_anyway(words):
    masks()
    assert evaluate("ce", **words).value == evaluate("ce", logits=SCORES, target=LABELS).value


def test_one_image_is_one_row():
    masks()
    field = opened({"target": "masks/case_2.png"})["target"]
    np.testing.assert_array_equal(field.rows(0, 1), LABELS[1:2])


def test_a_pattern_with_one_match_is_one_row():
    assert opened({"target": "gt/case_2*"}, stack=True)["target"].shape == (1, 5, 6)
    assert opened({"target": "gt/case_2.npy", "pred": "gt/*"}, stack=True)["target"].shape == (5, 6)


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_rows_in_pieces(step):
    field = opened({"logits": "pred/*.npz:scores"}, stack=True)["logits"]
    pieces = [field.rows(start, start + step) for start in range(0, 3, step)]
    assert np.concatenate(pieces).tobytes() == SCORES.tobytes()


def test_dtypes_are_joined():
    np.save("gt/case_3.npy", np.full((5, 6), 0.5, np.float32))
    field = opened({"target": "gt"}, stack=True)["target"]
    assert field.dtype == np.float64
    np.testing.assert_array_equal(field.rows(0, 4), [*LABELS[:2], np.full((5, 6), 0.5), LABELS[2]])


def test_numbers_and_tables_are_rows():
    Path("one").mkdir()
    for place, number in enumerate([2.5, -1.0, 3.0]):
        Path(f"one/{place}.json").write_text(json.dumps({"loss": number}), "utf-8")
        Path(f"gt/{place}.csv").write_text(f"a,b\n{number},1\n\n2,{place}\n", "utf-8")
    fields = opened({"pred": "one/*:loss", "target": "gt/*.csv"}, stack=True)
    np.testing.assert_array_equal(fields["pred"].rows(0, 3), [2.5, -1, 3])
    tables = [[[2.5, 1], [2, 0]], [[-1, 1], [2, 1]], [[3, 1], [2, 2]]]
    np.testing.assert_array_equal(fields["target"].rows(0, 3), tables)
    assert fields["target"].place((2, 1, 0)) == "gt/2.csv, row 2 (line 4), column 'a'"
    assert fields["pred"].place((2,)) == "one/2.json"


def test_places():
    masks()
    fields = opened({"logits": "pred:scores", "target": "masks"}, stack=True)
    assert fields["logits"].place((2, 0, 4, 5)) == "pred/case_10.npz, [0, 4, 5]"
    assert fields["target"].place((1, 4, 5)) == "masks/case_2.png, row 5, column 6"


# ---- pairs


def test_files_are_paired_by_name():
    for place, (name, folder) in enumerate({"c": "x", "b": "z", "a.v2": "y"}.items()):
        Path(f"pred/{name}.json").write_text(f"[{place}]", "utf-8")
        Path(f"gt/{folder}").mkdir()
        Path(f"gt/{folder}/{name}.json.gz").write_bytes(gzip.compress(f"[{place}]".encode()))
    fields = opened({"pred": "pred/*.json", "target": "gt/*/*.json.gz"}, stack=True)
    assert [field.rows(0, 3).tolist() for field in fields.values()] == [[[2], [1], [0]]] * 2


def test_names_without_a_partner():
    Path("gt/case_2.npy").rename("gt/case_3.npy")
    assert told(DataError, {"logits": "pred:scores", "target": "gt/*.npy"}, stack=True) == (
        "files are paired by what they are called, less the suffix: 1 of 3 files of logits have "
        "none (pred/case_2.npz) and 1 of 3 files of target have none (gt/case_3.npy)\n"
        "hint: rename them, or name patterns that match the same ones"
    )


def test_one_name_twice():
    Path("gt/sub").mkdir()
    np.save("gt/sub/case_1.npy", LABELS[0])
    words = {"logits": "pred:scores", "target": "gt/**/*.npy"}
    assert told(DataError, words, stack=True) == (
        "target: 2 files are called case_1, such as gt/case_1.npy and gt/sub/case_1.npy, and files "
        "are paired by what they are called"
    )
    assert opened({"target": "gt/**/*.npy"}, stack=True)["target"].shape == (4, 5, 6)


# ---- refusals


def test_sizes_that_differ():
    np.save("gt/case_2.npy", LABELS[1, :4])
    field = opened({"target": "gt"}, stack=True)["target"]
    assert (field.shape, field.uneven) == ((3, OPEN, 6), True)
    assert [field.at(row).shape for row in range(3)] == [(3, 5, 6), (3, 4, 6), (3, 5, 6)]
    for row, labels in enumerate((LABELS[0], LABELS[1, :4], LABELS[2])):
        np.testing.assert_array_equal(field.at(row).rows(row, row + 1), [labels])
    assert (
        field.at(1).place((1, 3, 5)) == field.place((1, 3, 5)) == "gt/case_2.npy, row 4, column 6"
    )
    np.save("gt/case_2.npy", LABELS[1, :3])
    with pytest.raises(DataError, match=r"gt/case_2.npy was changed while it was read"):
        field.at(1).rows(1, 2)


def test_axes_that_differ():
    np.save("gt/case_2.npy", LABELS[1, None])
    assert told(DataError, {"target": "gt"}, stack=True) == (
        "gt/case_2.npy has shape (1, 5, 6), and gt/case_1.npy has (5, 6): rows have as many axes"
    )


def test_nothing_to_stack():
    assert told(UsageError, {"logits": "scores.npy", "target": "labels.npy"}, stack=True) == (
        "--stack makes a row of every file of a pattern or a directory, and no input is one"
    )


def test_files_that_should_be_stacked():
    with pytest.raises(DataError) as caught:
        evaluate("ce", logits="pred/*.npz:scores", target="labels.npy")
    assert caught.value.hint == "--stack makes a row of each of the 3 files of pred/*.npz"


def test_a_file_that_changes():
    field = opened({"target": "gt"}, stack=True)["target"]
    np.save("gt/case_2.npy", LABELS[1, :4])
    np.testing.assert_array_equal(field.rows(0, 1), LABELS[:1])
    with pytest.raises(DataError, match=r"gt/case_2.npy was changed while it was read"):
        field.rows(0, 3)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files")  # noqa: PTH112
def test_no_file_stays_open():
    masks()
    gc.collect()
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        for field in opened({"logits": "pred:scores", "target": "masks"}, stack=True).values():
            field.rows(0, 3)
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    finally:
        gc.enable()
