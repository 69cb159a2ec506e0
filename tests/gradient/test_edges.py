"""Where floats end, and where losses have a kink: slopes that are known by hand."""

from __future__ import annotations

from math import exp, inf, log, nan, sqrt

import numpy as np
import pytest

from losscli import evaluate

HUGE = 1e4
CASES = {  # the loss, what is asked, one input, its gradient
    "bce: saturated scores": (
        "bce",
        {"logits": [HUGE, -HUGE, HUGE, inf, -inf], "target": [1, 0, 0, 1, 0]},
        [0, 0, 1, 0, 0],
    ),
    "bce: certain probabilities": (
        "bce",
        {"probs": [0.0, 1.0, 0.0, 1.0], "target": [0, 1, 1, 0]},
        [1, -1, 0, 0],  # the last two are clamped at -100, below which nothing changes
    ),
    "bce: certain log-probabilities": (
        "bce",
        {"log_probs": [0.0, -inf, -1e-300], "target": [1, 0, 1]},
        [-1, 0, -1],
    ),
    "bce: what weighs nothing": (
        "bce",
        {"logits": [inf, 0.0], "target": [0, 1], "weight": [0.0, 1.0]},
        [0, -0.25],
    ),
    "bce: rows that weigh nothing": (
        "bce",
        {"logits": [inf, nan, 0.0], "target": [0, 1, 1], "sample_weight": [0.0, 0.0, 1.0]},
        [0, 0, -0.5],
    ),
    "focal: certain, and a root": (
        "focal",
        {"logits": [HUGE, inf, -inf], "target": [1, 1, 0], "gamma": 0.5},
        [0, 0, 0],
    ),
    "focal: certain probabilities, and a root": (
        "focal",
        {"probs": [1.0, 0.0], "target": [1, 0], "gamma": 0.5},
        [0, 0],
    ),
    "asl: certain, and roots": (
        "asl",
        {
            "logits": [[HUGE, -HUGE]],
            "target": [[1, 0]],
            "gamma_pos": 0.5,
            "gamma_neg": 0.5,
            "clip": 0.0,
        },
        [[0, 0]],
    ),
    "ce: a vocabulary that is masked": (
        "ce",
        {"logits": [[0.0, 0.0, -inf]], "target": [1]},
        [[0.5, -0.5, 0]],
    ),
    "ce: certain probabilities": (
        "ce",
        {"probs": [[1.0, 0.0]], "target": [0]},
        [[-1, 0]],
    ),
    "ce: an impossible class": ("ce", {"probs": [[1.0, 0.0]], "target": [1]}, [[0, -inf]]),
    "focal-ce: certain, and a root": (
        "focal-ce",
        {"logits": [[HUGE, 0.0]], "target": [0], "gamma": 0.5},
        [[0, 0]],
    ),
    "focal-ce: shares that are 0": (
        "focal-ce",
        {"probs": [[1.0, 0.0]], "target": [[1.0, 0.0]]},
        [[0, 0]],
    ),
    "kl: shares that are 0": (
        "kl",
        {"probs": [[1.0, 0.0]], "target": [[1.0, 0.0]]},
        [[-1, 0]],
    ),
    "kl: a class that does not count": (  # and yet the softmax feels it
        "kl",
        {"logits": [[0.0, 0.0]], "target": [[1.0, 0.0]], "mask": [[1, 0]]},
        [[-0.5, 0.5]],
    ),
    "js: certain scores": (
        "js",
        {"logits": [[HUGE, 0.0]], "target": [[1.0, 0.0]]},
        [[0, 0]],
    ),
    "zlpr: certain scores": ("zlpr", {"logits": [[inf, -inf]], "target": [[1, 0]]}, [[0, 0]]),
    "multilabel-margin: no labels": (
        "multilabel-margin",
        {"logits": [[1.0, 2.0]], "target": [[-1, -1]]},
        [[0, 0]],
    ),
    "cauchy: no error": ("cauchy", {"pred": [1.0], "target": [1.0]}, [0]),
    "geman-mcclure: no error": ("geman-mcclure", {"pred": [1.0], "target": [1.0]}, [0]),
    "smape: zeros": ("smape", {"pred": [0.0, 1.0], "target": [0.0, 3.0]}, [0, -0.375]),
    "mae: no error": ("mae", {"pred": [1.0], "target": [1.0]}, [0]),
    "rmse: no error": ("rmse", {"pred": [1.0], "target": [1.0]}, [nan]),
    "tweedie: nothing, and nothing expected": (
        "tweedie",
        {"rate": [0.0, 1.0], "target": [0.0, 0.0], "power": 1.0},
        [1, 1],
    ),
    "poisson-nll: nothing, and nothing expected": (
        "poisson-nll",
        {"rate": [0.0], "target": [0], "eps": 0.0},
        [1],
    ),
    "student-t: no error": (
        "student-t",
        {"mean": [1.0], "scale": [1.0], "target": [1.0]},
        [0],
    ),
    "crps: a point": ("crps", {"mean": [2.0], "std": [0.0], "target": [1.0]}, [1]),
    "contrastive: the same vector": (
        "contrastive",
        {"input1": [[1.0, 2.0]], "input2": [[1.0, 2.0]], "target": [1]},
        [[0, 0]],
    ),
    "ctc: a class that is impossible": (
        "ctc",
        {
            "logits": [[[0.0, 0.0, -inf]]],
            "target": [[1]],
            "target_lengths": [1],
            "batch_first": True,
        },
        [[[0.5, -0.5, 0]]],
    ),
    "dice: nothing there, and nothing predicted": (
        "dice",
        {"probs": np.zeros((1, 2, 2)), "target": np.zeros((1, 2, 2)), "smooth": 0.0},
        np.zeros((1, 2, 2)),
    ),
    "listnet: an item that is left out": (
        "listnet",
        {"logits": [[0.0, 0.0, nan]], "target": [[log(3), 0.0, 0.0]], "mask": [[1, 1, 0]]},
        [[-0.25, 0.25, 0]],
    ),
    "ranking-softmax: an item without a chance": (
        "ranking-softmax",
        {"logits": [[0.0, 0.0, -inf]], "target": [[1.0, 0.0, 0.0]]},
        [[-0.5, 0.5, 0]],
    ),
    "negative-binomial: Poisson": (
        "negative-binomial",
        {"rate": [2.0], "total_count": [inf], "target": [1]},
        [0.5],
    ),
    "js: the root of nothing": (  # a kink, of whose slopes 0 is the least
        "js",
        {"probs": [[0.5, 0.5]], "target": [[0.5, 0.5]], "sqrt": True},
        [[0, 0]],
    ),
    "dpo: rewards that are equal": (
        "dpo",
        dict.fromkeys(("chosen", "rejected", "ref_chosen", "ref_rejected"), (-1.0,)),
        [-0.05],
    ),
    "margin-ranking: scores that are equal": (
        "margin-ranking",
        {"input1": [1.0], "input2": [1.0], "target": [1], "margin": 0.5},
        [-1],
    ),
    "multi-margin: scores that are equal": (
        "multi-margin",
        {"logits": [[1.0, 1.0]], "target": [0]},
        [[-0.5, 0.5]],
    ),
    "triplet: vectors that are equal, but for eps": (
        "triplet",
        {"anchor": [[1.0]], "positive": [[1.0]], "negative": [[1.5]], "p": 1.0, "eps": 0.1},
        [[2]],
    ),
    "psnr": (
        "psnr",
        {"pred": [1.0, 0.0], "target": [0.0, 0.0]},
        [20 / log(10), 0],
    ),
    "focal-tversky: a power": (
        "focal-tversky",
        {"probs": np.full((1, 1, 1), 0.5), "target": np.ones((1, 1, 1)), "beta": 1.0, "gamma": 0.5},
        [[[-1 / (2 * sqrt(0.5))]]],
    ),
    "log-cosh: far": ("log-cosh", {"pred": [1e6, -1e6], "target": [0.0, 0.0]}, [0.5, -0.5]),
    "brier: certain": ("brier", {"logits": [HUGE, -HUGE], "target": [1, 1]}, [0, 0]),
    "soft-margin: one": ("soft-margin", {"logits": [0.0], "target": [1]}, [-0.5]),
    "gaussian-kl": (
        "gaussian-kl",
        {"mean": [[3.0]], "log_var": [[0.0]]},
        [[3.0]],
    ),
    "cox: two at risk": (
        "cox",
        {"log_hazard": [0.0, 0.0], "time": [1.0, 2.0], "event": [1, 0]},
        [-0.5, 0.5],
    ),
    "bpr": ("bpr", {"positive": [0.0], "negative": [0.0]}, [-0.5]),
    "welsch": ("welsch", {"pred": [1.0], "target": [0.0]}, [exp(-0.5)]),
}
MEANS = {
    "bce: certain log-probabilities": "sum",
    "bce: certain probabilities": "sum",
    "bce: saturated scores": "sum",
    "tweedie: nothing, and nothing expected": "sum",
}


@pytest.mark.parametrize("case", CASES)
def test_slope(case):
    name, given, wanted = CASES[case]
    more = {"nan": "propagate", "reduction": MEANS.get(case)}
    found = evaluate(name, **given, **more, grad=True)
    slope = next(iter(found.gradient.values()))
    wanted = 2 * np.array(wanted) if case.startswith("tweedie") else np.array(wanted, float)
    np.testing.assert_allclose(slope, wanted, rtol=1e-12, atol=1e-15)
    codes = {one.code for one in found.warnings}
    assert ("nan-gradient" in codes) == bool(np.isnan(wanted).any())
    assert ("infinite-gradient" in codes) == bool(np.isinf(wanted).any())


def test_what_is_no_number_is_told():
    given = {"probs": [[1.0, 0.0], [0.5, 0.5], [1.0, 0.0]], "target": [1, 1, 1]}
    found = evaluate("ce", **given, grad=True)
    told = next(one for one in found.warnings if one.code == "infinite-gradient")
    assert (told.input, told.index, told.count) == ("probs", (0, 1), 2)
    assert told.message.startswith("probs, row 1, column 2: the gradient is infinite (2 entries)")
    assert found.slopes.norm == inf
    quiet = evaluate("ce", **given, grad=True, ignore=["infinite-gradient"])
    assert "infinite-gradient" not in {one.code for one in quiet.warnings}
