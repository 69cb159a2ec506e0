"""The sample inputs of PyTorch's own tests: through the command line, its losses are torch's."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate
from losscli.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTED = "2.13."
"""The version of torch whose samples are counted below: others have some more or less."""

AGREE = "agree"

LAYER = "linear_cross_entropy"
"""A layer with weights before the loss, which is ce: nothing that a file holds."""

LOSSES = {
    "binary_cross_entropy": ("bce", {"input": "probs"}),
    "binary_cross_entropy_with_logits": ("bce", {"input": "logits"}),
    "cosine_embedding_loss": ("cosine-embedding", {}),
    "cross_entropy": ("ce", {"input": "logits"}),
    "ctc_loss": ("ctc", {"targets": "target"}),
    "gaussian_nll_loss": ("gaussian-nll", {"input": "mean"}),
    "hinge_embedding_loss": ("hinge-embedding", {"input": "distance"}),
    "huber_loss": ("huber", {"input": "pred"}),
    "kl_div": ("kl", {"input": "log-probs"}),
    "l1_loss": ("mae", {"input": "pred"}),
    "margin_ranking_loss": ("margin-ranking", {}),
    "mse_loss": ("mse", {"input": "pred"}),
    "multi_margin_loss": ("multi-margin", {"input": "logits"}),
    "multilabel_margin_loss": ("multilabel-margin", {"input": "logits"}),
    "multilabel_soft_margin_loss": ("multilabel-soft-margin", {"input": "logits"}),
    "nll_loss": ("nll", {"input": "log-probs"}),
    "poisson_nll_loss": ("poisson-nll", {"input": "log-rate"}),
    "smooth_l1_loss": ("smooth-l1", {"input": "pred"}),
    "soft_margin_loss": ("soft-margin", {"input": "logits"}),
    "triplet_margin_loss": ("triplet", {}),
    "triplet_margin_with_distance_loss": ("triplet", {}),
}
"""The command of each function, and the flags that are not named as its arguments."""

OUTCOMES = {
    "binary_cross_entropy": {AGREE: 17},
    "binary_cross_entropy_with_logits": {AGREE: 32},
    "cosine_embedding_loss": {AGREE: 11},
    "cross_entropy": {AGREE: 126},
    "ctc_loss": {AGREE: 52},
    "gaussian_nll_loss": {AGREE: 113, "target of another shape": 216},
    "hinge_embedding_loss": {
        AGREE: 22,
        "NaN": 3,
        "target of another shape": 3,
        "target is not -1 or 1": 1,
    },
    "huber_loss": {AGREE: 13},
    "kl_div": {AGREE: 16, "NaN": 6, "log-probability above 0": 4},
    "l1_loss": {AGREE: 11},
    "margin_ranking_loss": {"target is not -1 or 1": 32, "NaN": 3, "target of another shape": 3},
    "mse_loss": {AGREE: 14},
    "multi_margin_loss": {AGREE: 111, "scores without rows": 98},
    "multilabel_margin_loss": {AGREE: 16, "labels without rows": 22},
    "multilabel_soft_margin_loss": {
        AGREE: 5,
        "labels without rows": 2,
        "target is no probability": 2,
    },
    "nll_loss": {AGREE: 62, "all ignored": 6, "log-probability above 0": 21},
    "poisson_nll_loss": {AGREE: 61, "eps without a logarithm": 18},
    "smooth_l1_loss": {AGREE: 16},
    "soft_margin_loss": {AGREE: 4, "target is not -1 or 1": 6},
    "triplet_margin_loss": {AGREE: 7},
    "triplet_margin_with_distance_loss": {AGREE: 7},
}
"""How many samples of each function agree with torch, and how many are refused for which reason."""


@dataclass(frozen=True)
class Refusal:
    """What torch computes and losscli refuses.

    Attributes:
        told: A pattern of the message.
        mend: Turns such a sample into a question; None where there is none in it.
        code: The exit code.
    """

    told: str
    mend: Callable[[dict], dict] | None
    code: int = 3


def changed(name, change):
    """Mends a sample by changing one of its arguments."""
    return lambda given: {**given, name: change(given[name])}


def stretched(given):
    """All inputs in the shape that torch would stretch them to."""
    names = [name for name in given if name.startswith("input") or name == "target"]
    shape = torch.broadcast_shapes(*(given[name].shape for name in names))
    return {**given, **{name: given[name].expand(shape).contiguous() for name in names}}


def one_row(given, target):
    """Scores of one row as a matrix, and a target of that shape."""
    return {
        **given,
        "input": given["input"].reshape(1, -1),
        "target": given["target"].reshape(target),
    }


REFUSALS = {
    "scores without rows": Refusal(
        r"is a single number, with no axis of classes|: one row of",
        lambda given: one_row(given, [1]),
    ),
    "labels without rows": Refusal(
        r"wants rows of labels, \(N, C\)", lambda given: one_row(given, [1, -1])
    ),
    "target of another shape": Refusal(
        r"shapes differ: input1?\.npy|predictions but 1 targets|has no partner", stretched
    ),
    "all ignored": Refusal(r"no element counts \(every target is .*ignore-index", None),
    "NaN": Refusal(
        r"(input\d?|target)\.npy.*: NaN ",
        lambda given: {
            **given,
            **{name: given[name].nan_to_num(-1.0) for name in given if name.startswith("input")},
            "target": given["target"].nan_to_num(0.5),
        },
    ),
    "log-probability above 0": Refusal(
        r"input\.npy.* is no log-probability", changed("input", lambda x: x - x.max())
    ),
    "target is no probability": Refusal(
        r"target\.npy.* (is no probability|must be in \[0, 1\])",
        changed("target", lambda y: y.clamp(0, 1)),
    ),
    "target is no log-probability": Refusal(
        r"target\.npy.* is no log-probability", changed("target", lambda y: y - y.max())
    ),
    "target is not -1 or 1": Refusal(
        r"target\.npy.* (wants labels of -1 and \+1|labels are -1 and .* are 0)",
        changed("target", lambda y: torch.where(y > 0, 1.0, -1.0).to(y.dtype)),
    ),
    "eps without a logarithm": Refusal(
        r"--eps has no meaning here",
        lambda given: {key: value for key, value in given.items() if key != "eps"},
        code=2,
    ),
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Of each function of torch, the arguments of its samples."""
    pytest.importorskip("expecttest", reason="PyTorch's own tests import it")
    path = tmp_path_factory.mktemp("samples") / "samples.pt"
    script = Path(__file__).with_name("samples_of_torch.py")
    subprocess.run([sys.executable, "-W", "ignore", str(script), str(path)], check=True)
    return torch.load(path, weights_only=True)


def asked(function, given, reduction):
    """The words of a command line; arrays are written into the folder."""
    name, flags = LOSSES[function]
    given = dict(given)
    if not given.pop("log_input", True):
        flags = {"input": "rate"}
    yield from (name, "--json", "--reduction", reduction)
    for key, value in given.items():
        flag = flags.get(key, key.replace("_", "-"))
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
            continue
        yield f"--{flag}"
        if isinstance(value, torch.Tensor):
            np.save(f"{key}.npy", value.numpy())
            yield f"{key}.npy"
        else:
            yield ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def told(words):
    """Exit code, standard output and standard error of a command line."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([*words])
    return ended.value.code, out.getvalue(), err.getvalue()


def outcome(function, given, reduction):
    """Whether losscli agrees with torch, or why it refuses."""
    code, out, err = told(asked(function, given, reduction))
    if code:
        reasons = [reason for reason, one in REFUSALS.items() if re.search(one.told, err)]
        assert len(reasons) == 1, err
        assert code == REFUSALS[reasons[0]].code
        return reasons[0]
    found = json.loads(out)["elements" if reduction == "none" else "value"]
    wanted = getattr(F, function)(**given, reduction=reduction)
    found = np.asarray(found, np.float64)  # of numbers, and of words such as "Infinity"
    torch.testing.assert_close(torch.from_numpy(found), wanted, rtol=1e-12, atol=1e-13)
    return AGREE


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")  # of kl_div
@pytest.mark.parametrize("function", LOSSES)
def test_samples(function, samples, tmp_path, monkeypatch):
    """Each with its own reduction, or with all; the refused once more, when they are mended."""
    monkeypatch.chdir(tmp_path)
    every = ["mean", "sum", "none"] + ["batchmean"] * (function == "kl_div")
    outcomes, compared = Counter(), set()
    for sample in samples[function]:
        given = dict(sample)
        own = given.pop("reduction", None)
        reductions = [own] if own else every
        [found] = {outcome(function, given, reduction) for reduction in reductions}
        outcomes[found] += 1
        mends = 0
        while found != AGREE and (mend := REFUSALS[found].mend):
            given, mends = mend(given), mends + 1
            assert mends < 5
            [found] = {outcome(function, given, reduction) for reduction in reductions}
        compared.update(reductions if found == AGREE else [])
    assert compared == set(every)
    assert outcomes.total() == len(samples[function])
    if torch.__version__.startswith(COUNTED):
        assert outcomes == OUTCOMES[function]


def test_every_loss_of_torch_is_here(samples):
    assert {LAYER, *LOSSES} == set(samples)
    assert not samples[LAYER]


@pytest.mark.parametrize(
    "shape", [(2, 3, 4), (2, 3, 1), (2, 1, 1), (1, 3, 4), (1, 1, 4), (2, 3), (3, 4), (4,), (1,), ()]
)
def test_variances_are_stretched_as_in_torch(shape):
    """One for each row of the last axis first, where a shape could mean that or a broadcast."""
    rng = np.random.default_rng(3)
    mean, target = rng.normal(size=(2, 2, 3, 4))[:, :, :3]
    var = rng.uniform(0.5, 2, shape)
    wide = var[..., None] if shape == mean.shape[:-1] else var
    wanted = 0.5 * (np.log(wide) + (target - mean) ** 2 / wide)
    found = evaluate("gaussian-nll", mean=mean, var=var, target=target).elements
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
