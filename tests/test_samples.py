"""The samples are what their README says: files, shapes, and the losses PyTorch gives for them."""

from __future__ import annotations

import csv
import fnmatch
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

SAMPLES = Path(__file__).parents[1] / "samples"
README = (SAMPLES / "README.md").read_text("utf-8")
FILES = dict(re.findall(r"^\| `(\S+)` \| (.+?) \|", README, re.MULTILINE))
COMMANDS = re.findall(r"^\| `losscli (.+?)` \| (\S+) \|$", README, re.MULTILINE)

LOSSES = {
    ("bce", "logits"): F.binary_cross_entropy_with_logits,
    ("bce", "probs"): F.binary_cross_entropy,
    ("ce", "logits"): F.cross_entropy,
    ("huber", "pred"): F.huber_loss,
    ("kl", "log_probs"): F.kl_div,
    ("mae", "pred"): F.l1_loss,
    ("mse", "pred"): F.mse_loss,
    ("multilabel-soft-margin", "logits"): F.multilabel_soft_margin_loss,
    ("nll", "log_probs"): F.nll_loss,
    ("smooth-l1", "pred"): F.smooth_l1_loss,
    ("soft-margin", "logits"): F.soft_margin_loss,
}


def read(name):
    """The array of NPY, the content of JSON, or the columns of a table as arrays of text."""
    path = SAMPLES / name
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    if path.suffix == ".json":
        return json.loads(path.read_text("utf-8"))
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ",")
    return dict(zip(header, np.array(rows).T, strict=True))


def load(place):
    """FILE, FILE:KEY, FILE:A,B or FILE:GLOB in double precision."""
    name, _, key = place.partition(":")
    content = read(name)
    if isinstance(content, list):
        content = [record[key] for record in content]
    elif "," in key or "*" in key:
        keys = key.split(",") if "," in key else fnmatch.filter(content, key)
        content = np.stack([content[one] for one in keys], 1)
    elif key:
        content = content[key]
    return torch.from_numpy(np.asarray(content).astype(np.float64))


def numbers(text):
    """An option's value: numbers, or a file of them."""
    return load(text) if text.endswith(".npy") else torch.tensor([*map(float, text.split(","))])


def pytorch(command):
    """The loss of a command of the README, by PyTorch alone."""
    name, *words = shlex.split(command)
    options = dict(zip(words[::2], words[1::2], strict=True))
    kind = next(one for one in options if one in ("--logits", "--probs", "--log-probs", "--pred"))
    prediction, target = load(options[kind]), load(options["--target"])
    if name in ("ce", "nll"):
        target = target.long()
        axis = int(options.get("--class-axis", 1))
        prediction = prediction.movedim(axis, -1).flatten(0, -2)
        target = target.flatten()
    keywords = {}
    for option in ("--weight", "--pos-weight"):
        if option in options:
            keywords[option[2:].replace("-", "_")] = numbers(options[option]).double()
    for option in ("--label-smoothing", "--delta", "--beta"):
        if option in options:
            keywords[option[2:].replace("-", "_")] = float(options[option])
    if "--ignore-index" in options:
        keywords["ignore_index"] = int(options["--ignore-index"])
    loss = LOSSES[name, kind[2:].replace("-", "_")]
    weights = options.get("--sample-weight", options.get("--mask"))
    if weights:
        weights = load(weights).flatten()
        each = loss(prediction, target, reduction="none", **keywords)
        return (each * weights).sum() / weights.sum()
    return loss(prediction, target, reduction=options.get("--reduction", "mean"), **keywords)


def describe(content):
    """The size of a file's content, in the words of the README."""
    if isinstance(content, np.ndarray):
        return f"{content.shape} {content.dtype}"
    if isinstance(content, list):
        return f"list of {len(content)}"
    return ", ".join(f"{key} {np.shape(value) or 'text'}" for key, value in content.items())


def arrays(content):
    """All that a file holds, as arrays."""
    if isinstance(content, dict):
        return [np.asarray(value) for value in content.values()]
    if isinstance(content, list) and isinstance(content[0], dict):
        return [np.array([list(record.values()) for record in content])]
    return [np.asarray(content)]


def test_readme_names_every_file_and_no_other():
    files = {path.relative_to(SAMPLES).as_posix() for path in SAMPLES.glob("[a-z]*/*")}
    assert files == set(FILES)


def test_samples_are_small():
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 1_000_000


@pytest.mark.parametrize("name", FILES)
def test_file_is_as_described(name):
    content = read(name)
    if name.endswith(("csv", "tsv")):
        rows = len(next(iter(content.values())))
        assert FILES[name] == f"{rows} rows, {len(content)} columns"
    else:
        assert FILES[name] == describe(content)
    for array in arrays(content):
        text = array.dtype.kind == "U" and str(array.flat[0]).strip("-.0123456789e")
        assert text or np.isfinite(array.astype(np.float64)).all()


@pytest.mark.parametrize(("command", "number"), COMMANDS)
def test_number_beside_command_is_pytorchs(command, number):
    assert f"{pytorch(command):.6g}" == number


def test_every_set_comes_in_two_formats_and_with_commands():
    for folder in {name.partition("/")[0] for name in FILES}:
        assert len({Path(name).suffix for name in FILES if name.startswith(folder)}) >= 2
        assert 2 <= sum(f" {folder}/" in command for command, _ in COMMANDS) <= 4


def test_formats_agree():
    for one, other in [
        ("binary/logits.npy", "binary/predictions.csv:logit"),
        ("binary/logits.npy", "binary/predictions.json:logits"),
        ("binary/probs.npy", "binary/predictions.csv:prob"),
        ("digits/logits.npy", "digits/predictions.csv:logit_*"),
        ("digits/target.npy", "digits/predictions.csv:label"),
        ("diabetes/pred.npy", "diabetes/predictions.tsv:prediction"),
        ("diabetes/truth.npy", "diabetes/predictions.json:truth"),
        ("multilabel/logits.npy", "multilabel/predictions.csv:logit_*"),
        ("tokens/mask.npy", "tokens/target.json:mask"),
        ("tokens/target.npy", "tokens/target.json:target"),
    ]:
        # A number as short as reads back as the same float32 is not the same double.
        assert torch.equal(load(one).float(), load(other).float()), other


def test_named_classes_are_the_numbered_ones():
    named = read("digits/by_name.csv")
    label = np.array([[*named].index(name) for name in named.pop("label")])
    probs = torch.from_numpy(np.stack([*named.values()], 1).astype(np.float64))
    assert np.array_equal(label, read("digits/target.npy"))
    torch.testing.assert_close(probs.log(), load("digits/log_probs.npy"), rtol=1e-5, atol=1e-5)


def test_shares_of_right_answers():
    digits = load("digits/logits.npy").argmax(1) == load("digits/target.npy")
    binary = (load("binary/logits.npy") > 0) == load("binary/target.npy")
    assert f"{digits.double().mean():.1%}" == "97.2%"
    assert f"{binary.double().mean():.1%}" == "97.9%"
    target = load("segmentation/target.npy")
    right = load("segmentation/logits.npy").argmax(1) == target
    shares = [r[t != 255].double().mean() for r, t in zip(right, target, strict=True)]
    assert [f"{share:.0%}" for share in shares] == ["97%", "67%"]


def test_padding_is_where_the_mask_says():
    target, mask = read("tokens/target.npy"), read("tokens/mask.npy")
    assert np.array_equal(target == -100, mask == 0)
    assert len({*mask.sum(1)}) > 3
    first = read("tokens/first.json")
    vocabulary = read("tokens/vocabulary.json")
    assert "".join(vocabulary[i] for i in first["target"]) == first["line"][1:]
