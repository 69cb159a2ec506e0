"""Folders whose images, maps or sequences differ in size: each file is a row of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

SIZES = {"cat": (40, 30), "dog": (31, 57), "eel": (24, 24), "fox": (60, 13)}
CLASSES = 3


def blobs(rng, height, width):
    """Labels of a picture: a disk of one class in another, on a ground of class 0."""
    y, x = np.mgrid[:height, :width]
    at, radius = rng.uniform(0.3, 0.7, 2) * (height, width), min(height, width) / 3
    far = np.hypot(y - at[0], x - at[1])
    return ((far < radius).astype(np.uint8) + (far < radius / 2)).astype(np.uint8)


@pytest.fixture(autouse=True)
def data(folder):
    """Files as people have them, and the same as arrays."""
    rng = np.random.default_rng(5)
    found = {name: [] for name in ("labels", "logits", "depth", "truth", "near", "weight")}
    for one in (*found, "png", "probs", "pt", "keep"):
        Path(one).mkdir()
    for name, size in SIZES.items():
        labels = blobs(rng, *size)
        scores = rng.normal(0, 1, (CLASSES, *size)) + 2 * np.moveaxis(
            np.eye(CLASSES)[labels], -1, 0
        )
        truth = rng.gamma(2, 1, size)
        arrays = {
            "labels": labels,
            "logits": scores.astype(np.float32),
            "depth": (truth + rng.normal(0, 1, size)).astype(np.float32),
            "truth": truth,
            "near": (labels > 0).astype(np.uint8),
            "weight": rng.uniform(0.5, 2, size),
        }
        for one, array in arrays.items():
            found[one].append(array)
            np.save(f"{one}/{name}.npy", array)
        np.save(f"probs/{name}.npy", torch.tensor(arrays["logits"][1]).sigmoid().numpy())
        np.save(f"keep/{name}.npy", arrays["weight"] > 1)
        torch.save(torch.tensor(arrays["logits"]), f"pt/{name}.pt")
    np.save("rows.npy", [1.0, 2.0, 3.0, 4.0])
    return found


@pytest.fixture
def png(data):
    image = pytest.importorskip("PIL.Image")
    for name, labels in zip(SIZES, data["labels"], strict=True):
        image.fromarray(labels).save(f"png/{name}.png")


def flat(arrays):
    return torch.cat([torch.tensor(one).reshape(-1) for one in arrays]).double()


def mean_of(losses):
    return pytest.approx(float(np.mean(losses)), rel=1e-6)


# ---- what a loop over the files gives


def test_a_loss_of_each_element_is_the_mean_over_all_of_them(value, data):
    pred, target = flat(data["depth"]), flat(data["truth"])
    words = "--pred depth --target truth --stack"
    assert value(f"mse {words}") == pytest.approx(F.mse_loss(pred, target).item(), rel=1e-9)
    assert value(f"mae {words}") == pytest.approx(F.l1_loss(pred, target).item(), rel=1e-9)
    assert value(f"rmse {words}") == pytest.approx(F.mse_loss(pred, target).sqrt().item(), rel=1e-9)
    assert value(f"mse {words} --reduction batchmean") == pytest.approx(
        F.mse_loss(pred, target, reduction="sum").item() / 4, rel=1e-9
    )
    logits, near = flat(one[1] for one in data["logits"]), flat(data["near"])
    expected = F.binary_cross_entropy(logits.sigmoid(), near).item()
    assert value("bce --probs probs --target near --stack") == pytest.approx(expected, rel=1e-6)
    p = torch.where(near == 1, logits.sigmoid(), 1 - logits.sigmoid())
    alpha = torch.where(near == 1, 0.25, 0.75)
    expected = (-alpha * (1 - p) ** 2 * p.log()).mean().item()
    found = value("focal --probs probs --target near --stack --alpha 0.25")
    assert found == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_of_pictures(value, png, data):
    losses = [
        F.cross_entropy(torch.tensor(one)[None], torch.tensor(labels).long()[None], reduction="sum")
        for one, labels in zip(data["logits"], data["labels"], strict=True)
    ]
    expected = pytest.approx(sum(losses).item() / flat(data["labels"]).numel(), rel=1e-6)
    found = value("ce --logits 'pt/*.pt' --target 'png/*.png' --stack")
    assert found == value("ce --logits logits --target labels --stack") == expected


def dice(inter, total):
    return 1 - (2 * inter + 1) / (total + 1)


def overlaps(data):
    """Of each picture, the sums over pixels that overlap losses are made of, by hand."""
    for one, near in zip(data["logits"], data["near"], strict=True):
        p = 1 / (1 + np.exp(-one[1].astype(float)))
        yield (p * near).sum(), p.sum() + near.sum()


def test_overlap_of_each_picture_and_of_all(value, data):
    words = "--probs probs --target near --stack --smooth 1"
    sums = [*overlaps(data)]
    assert value(f"dice {words}") == mean_of([dice(*one) for one in sums])
    batch = value(f"dice {words} --reduce-over batch")
    assert batch == pytest.approx(dice(*np.sum(sums, 0)), rel=1e-6)
    ratios = [1 - (2 * inter + 1) / (2 * (total - inter) + 1) for inter, total in sums]
    assert value(f"jaccard {words}") == mean_of(ratios)


def test_structural_similarity_of_each_picture(value, data):
    alone = []
    for pred, target in zip(data["depth"], data["truth"], strict=True):
        np.save("p.npy", pred[None])
        np.save("t.npy", target[None])
        alone.append(value("ssim --pred p.npy --target t.npy --data-range 20"))
    found = value("ssim --pred depth --target truth --data-range 20 --stack")
    assert found == mean_of(alone)


# ---- weights, masks, rows that are left out


def test_weights_and_masks(value, data):
    squares = [
        (one.astype(float) - other) ** 2
        for one, other in zip(data["depth"], data["truth"], strict=True)
    ]
    words = "mse --pred depth --target truth --stack"
    every, sums = [np.full(one.shape, w) for w, one in zip((1, 2, 3, 4), squares, strict=True)], 0
    for option, weights in (
        ("--sample-weight rows.npy", every),
        ("--sample-weight weight", data["weight"]),
        ("--mask keep", [one > 1 for one in data["weight"]]),
    ):
        sums = sum((w * one).sum() for w, one in zip(weights, squares, strict=True))
        expected = sums / sum(one.sum() for one in weights)
        assert value(f"{words} {option}") == pytest.approx(expected, rel=1e-9), option
    kept = [one > 1 for one in data["weight"]]
    images = [
        dice((p * near)[keep].sum(), (p + near)[keep].sum())
        for p, near, keep in zip(
            (1 / (1 + np.exp(-one[1].astype(float))) for one in data["logits"]),
            data["near"],
            kept,
            strict=True,
        )
    ]
    found = value("dice --probs probs --target near --stack --smooth 1 --mask keep")
    assert found == mean_of(images)


def test_balanced_weights_count_all_files(losscli, data):
    near = flat(data["near"])
    ran = losscli("bce --logits depth --target near --stack --pos-weight balanced --json")
    (weight,) = ran.json["options"]["pos_weight"]
    assert weight == pytest.approx(((1 - near).sum() / near.sum()).item())
    counts = np.bincount(flat(data["labels"]).long(), minlength=3)
    ran = losscli("ce --logits logits --target labels --stack --class-weight balanced --json")
    assert ran.json["options"]["weight"] == pytest.approx(counts.sum() / counts / 3)


def test_the_first_rows_and_those_of_a_table(losscli, value, data):
    first = flat(data["depth"][:2]) - flat(data["truth"][:2])
    words = "mse --pred depth --target truth --stack"
    assert value(f"{words} --limit 2") == pytest.approx(first.square().mean().item(), rel=1e-9)
    Path("rows.csv").write_text("w,split\n1,a\n1,b\n1,a\n1,b\n")
    some = flat(data["depth"][1::2]) - flat(data["truth"][1::2])
    ran = losscli(f"{words} --sample-weight rows.csv:w --where split=b --json")
    assert ran.json["value"] == pytest.approx(some.square().mean().item(), rel=1e-9)
    assert ran.json["worst"][0]["file"] in ("depth/dog.npy", "depth/fox.npy")
    kept = torch.cat([torch.tensor(one > 1).reshape(-1) for one in data["weight"][1::2]])
    ran = losscli(f"{words} --sample-weight rows.csv:w --mask keep --where split=b --json")
    assert ran.json["value"] == pytest.approx(some[kept].square().mean().item(), rel=1e-9)


# ---- what is shown and written


def test_places_name_the_file(losscli, data):
    ran = losscli("mse --pred depth --target truth --stack --json")
    assert ran.json["inputs"]["pred"]["shape"] == [4, None, None]
    assert losscli("ce --logits logits --target labels --stack --json").json["inputs"]["logits"][
        "shape"
    ] == [4, 3, None, None]
    errors = [(p - t) ** 2 for p, t in zip(data["depth"], data["truth"], strict=True)]
    row = int(np.argmax([one.max() for one in errors]))
    place = np.unravel_index(errors[row].argmax(), errors[row].shape)
    assert ran.json["stats"]["argmax"] == [row, *place]
    assert ran.json["worst"][0]["index"] == [row, *place]
    assert ran.json["worst"][0]["file"] == f"depth/{[*SIZES][row]}.npy"
    table = losscli("mse --pred depth --target truth --stack").out
    assert f"{[*SIZES][row]}.npy [{place[0]}, {place[1]}]" in table
    assert "(4,?,?)" in table
    np.save("depth/eel.npy", np.where(np.arange(24) == 7, np.nan, data["depth"][2]))
    ran = losscli("mse --pred depth --target truth --stack")
    assert ran.code == 3
    assert "depth/eel.npy, row 1, column 8: NaN (24 such values)" in ran.err


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "jsonl", "json", "npz"])
def test_every_loss_is_written(suffix, losscli, data):
    ran = losscli(f"mse --pred depth --target truth --stack -q --output out.{suffix}")
    assert (ran.code, ran.err) == (0, "")
    expected = {
        name: (p - t) ** 2 for name, p, t in zip(SIZES, data["depth"], data["truth"], strict=True)
    }
    if suffix == "npz":
        found = dict(np.load("out.npz"))
        assert [*found] == [*SIZES]
    elif suffix == "json":
        found = dict(
            zip(SIZES, map(np.array, json.loads(Path("out.json").read_text())), strict=True)
        )
    else:
        found = {name: np.full(size, np.nan) for name, size in SIZES.items()}
        for *index, loss in lines(suffix):
            row, *place = map(int, index)
            found[[*SIZES][row]][tuple(place)] = loss
    for name, losses in expected.items():
        np.testing.assert_allclose(found[name], losses, rtol=1e-12)


def lines(suffix):
    if suffix == "jsonl":
        for line in Path("out.jsonl").read_text().splitlines():
            one = json.loads(line)
            yield *one["index"], one["loss"]
    else:
        delimiter = "\t" if suffix == "tsv" else ","
        yield from np.loadtxt(f"out.{suffix}", delimiter=delimiter, skiprows=1)


def test_tables_and_tensors_are_written(losscli, data):
    tensors = pytest.importorskip("safetensors.numpy")
    parquet = pytest.importorskip("pyarrow.parquet")
    words = "mse --pred depth --target truth --stack -q --output"
    for suffix in ("safetensors", "parquet", "npz"):
        assert losscli(f"{words} out.{suffix}").code == 0
    plain = dict(np.load("out.npz"))
    for name, array in tensors.load_file("out.safetensors").items():
        assert array.tobytes() == plain[name].tobytes()
    table = parquet.read_table("out.parquet")
    assert table["loss"].to_numpy().tobytes() == b"".join(one.tobytes() for one in plain.values())
    assert table.slice(len(table) - 1).to_pylist()[0] | {"loss": 0} == {
        "i0": 3, "i1": 59, "i2": 12, "loss": 0
    }  # fmt: skip


def test_every_loss_is_printed(losscli):
    words = "mse --pred depth --target truth --stack --reduction none"
    ran = losscli(f"{words} --json")
    assert [np.shape(one) for one in ran.json["elements"]] == [*SIZES.values()]
    plain = [loss for one in ran.json["elements"] for loss in np.ravel(one).tolist()]
    printed = [float(line.split(",")[-1]) for line in losscli(f"{words} --format csv").out.split()]
    assert printed == plain


def test_an_array_of_rows_that_differ_is_refused(losscli):
    ran = losscli("mse --pred depth --target truth --stack --output out.npy")
    assert (ran.code, ran.out) == (2, "")
    assert "hint: .npz has an array for each file" in ran.err
    assert not Path("out.npy").exists()
    ran = losscli("dice --probs probs --target near --stack --output out.npy -q")
    assert np.load("out.npy").shape == (4,)  # a loss for each image is an array


# ---- what is refused


@pytest.mark.parametrize(
    ("shape", "words", "message"),
    [
        ((24, 25), "mse --pred depth --target truth", "depth/eel.npy has shape (24, 25), truth/"),
        ((0, 24), "mse --pred depth --target truth", "(0, 24), which holds nothing"),
        ((24, 24, 1), "mse --pred depth --target truth", "rows have as many axes"),
        ((5, 24, 24), "ce --logits logits --target labels", "logits/eel.npy has shape (5, 24, 24)"),
        ((3, 24, 25), "ce --logits logits --target labels", "labels/eel.npy has shape (24, 24)"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit(shape, words, message, losscli):
    np.save(f"{words.split()[2]}/eel.npy", np.zeros(shape))
    ran = losscli(f"{words} --stack")
    assert (ran.code, ran.out) == (3, "")
    assert message in ran.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("lovasz --probs probs --target near", "as lovasz takes all rows at once"),
        ("infonce --input1 depth --input2 truth", "as infonce compares each row with all"),
        ("cosine --input1 depth --input2 truth", "as vectors are compared by their length"),
        ("multilabel-soft-margin --logits depth --target near", "as every row has the same labels"),
        ("ctc --logits depth --target labels", "as --input-lengths and --target-lengths say"),
        ("mse --pred depth --target truth --mask rows.npy", "a mask is 0 or 1, not 2"),
        ("bce --probs probs --target near --weight weight", "hint: --sample-weight takes a weight"),
        ("bce --probs probs --target near --weight 1,2", "--weight has shape (2,)"),
    ],
)
def test_losses_of_rows_of_one_size(words, message, losscli):
    ran = losscli(f"{words} --stack")
    assert (ran.code, ran.out) == (3, "")
    assert message in ran.err


def test_a_mask_of_another_size(losscli):
    np.save("keep/eel.npy", np.ones((24, 23), bool))
    ran = losscli("mse --pred depth --target truth --stack --mask keep")
    assert ran.code == 3
    assert ran.err.startswith("error: depth/eel.npy: --mask keep has shape (4, 24, 23), but")
    np.save("even.npy", np.zeros((4, 2, 2)))
    ran = losscli("mse --pred even.npy --target even.npy --stack --mask keep")
    assert (ran.code, ran.out) == (3, "")
    assert "its rows differ in size, and those of even.npy do not" in ran.err


def test_inspect_looks_at_rows_of_several_sizes(losscli, data, png):
    """All values of all rows, places by file, and the commands of the losses that take them."""
    broken = data["logits"][2].copy()
    broken[1, 3, 4] = np.nan
    np.save("logits/eel.npy", broken)
    report = losscli("inspect logits labels --stack --json").json
    logits, labels = report["arrays"]
    kept = np.concatenate([*map(np.ravel, data["logits"]), broken.ravel()[:0]])
    assert logits["shape"] == [4, CLASSES, None, None]
    assert (logits["nan"], logits["min"], logits["count"]) == (1, kept.min(), kept.size)
    assert labels["mean"] == pytest.approx(np.concatenate([*map(np.ravel, data["labels"])]).mean())
    (nan,) = [one for one in logits["cannot"] if one["code"] == "nan"]
    assert nan["index"] == [2, 1, 3, 4]
    assert "logits/eel.npy, [1, 3, 4]: NaN (1 such value)" in nan["message"]
    words = report["commands"][0]["words"]
    assert words[1:2] + words[-3:] == ["ce", "--nan", "omit", "--stack"]
    assert losscli(words[1:]).code == 0
    screen = losscli("inspect 'png/*.png'").out
    assert "(4,?,?)" in screen
    assert "class indices 0..2" in screen


def test_inspect_finds_the_first_row_that_does_not_sum_to_one(losscli, folder):
    Path("shares").mkdir()
    rng = np.random.default_rng(2)
    for row, size in enumerate((3, 5, 4)):
        shares = rng.dirichlet(np.ones(4), size)
        shares[2] *= 0.5 if row else 1
        np.save(f"shares/{row}.npy", shares)
    (one,) = losscli("inspect shares --stack --json").json["arrays"]
    (sums,) = [line for line in one["cannot"] if line["code"] == "probs-sum"]
    assert (sums["index"], sums["count"]) == ([1, 2], 2)
    assert "sum to 0.5, not 1 (2 such rows)" in sums["message"]


def test_inspect_pairs_files_by_what_they_are_called(losscli):
    Path("labels/fox.npy").rename("labels/hen.npy")
    ran = losscli("inspect logits labels --stack")
    assert ran.code == 0
    assert "no loss fits: files are paired by what they are called" in ran.out
    assert "losscli ce" not in ran.out
