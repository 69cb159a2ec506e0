"""Where floats end, each loss is its limit, or what torch documents: in double, single and half."""

from __future__ import annotations

from math import cosh, exp, inf, log, log1p, sin, sqrt

import numpy as np
import pytest
from asked import EXAMPLES

from losscli import evaluate
from losscli.losses import losses

big = 1e4
AT_ONE = [log(cosh(1 + 1e-12)), log(cosh(1 - 1e-12))]
FAR = 4 * (exp(40) + exp(-40) - 2)
FARTHER = 1 - 2 * exp(80) + exp(160)
H = 3 * 2.0**-11
NEAR = sum((H**2 / m + H**4 / m**3 / 6) / 4 for m in (1 + H, 1 - H))
"""The Jensen-Shannon divergence of 1/2 ± H from one half, by its series."""
E = 2.0**-25
ROOTS = [log1p(2.0**-11) ** 2, log1p(-(2.0**-7) / 11) ** 2]
ERRORS = [
    name for name, one in losses.items() if one.family == "regression" and name not in EXAMPLES
]
SAME = {
    "pred": [0.0, 2.0**-24, 1.0, 6e4, 1e30, 1e-300],
    "target": [0.0, 2.0**-24, 1.0, 6e4, 1e30, 1e-300],
}

RIGHT = np.array([[[[big]], [[-big]]], [[[-big]], [[big]]]])
"""Two images of one pixel and two classes, of which the first is of class 0."""
RATIOS = ("dice", "jaccard", "tversky")
BATCHED = ("focal-tversky", "generalized-dice")
SIDE = 29984.0
CORNERS = {"box-iou": 1, "giou": 1.5, "diou": 1.25, "ciou": 1.25}
"""The losses of two squares that touch at a corner."""

EXTREMES = [  # what the definition says in the limit
    ("bce", {"logits": [big, -big, big, -big], "target": [1, 1, 0, 0]}, [0, big, big, 0]),
    ("bce", {"logits": [inf, -inf, inf, -inf], "target": [1, 1, 0, 0]}, [0, inf, inf, 0]),
    ("bce", {"logits": [inf, -inf, 0.0], "target": [0.5, 0.5, 0.5]}, [inf, inf, log(2)]),
    ("bce", {"probs": [0.0, 1.0, 0.0, 1.0], "target": [1, 0, 0, 1]}, [100, 100, 0, 0]),
    ("bce", {"probs": [1e-300, 1e-30], "target": [1, 1]}, [100, 30 * log(10)]),
    ("bce", {"log_probs": [-inf, -inf, 0.0, 0.0], "target": [1, 0, 0, 1]}, [inf, 0, inf, 0]),
    ("bce", {"log_probs": [-1e-20, -80.0, -big], "target": [0, 0, 1]},
     [20 * log(10), exp(-80), big]),
    ("focal", {"logits": [big, -big, inf, -inf], "target": [1, 1, 0, 1]}, [0, big, inf, inf]),
    ("focal", {"probs": [0.0, 1.0], "target": [1, 1]}, [100, 0]),
    ("soft-margin", {"logits": [big, -big, -inf, inf], "target": [1, 1, 1, 1]}, [0, big, inf, 0]),
    ("hinge", {"logits": [-inf, inf, big], "target": [1, 1, -1]}, [inf, 0, big + 1]),
    ("squared-hinge", {"logits": [-inf, inf, -99.0], "target": [1, 1, 1]}, [inf, 0, 1e4]),
    ("zero-one", {"logits": [0.0, 5e-324, -inf], "target": [1, 1, 1]}, [1, 0, 1]),
    ("mse", {"pred": [inf, -inf, 1e200], "target": [0.0, 0.0, 0.0]}, [inf, inf, inf]),
    ("mae", {"pred": [inf, 1e308, 5e-324], "target": [0.0, 0.0, 0.0]}, [inf, 1e308, 5e-324]),
    ("huber", {"pred": [inf, 1e308], "target": [0.0, 0.0]}, [inf, 1e308]),
    ("smooth-l1", {"pred": [-inf, 1e308], "target": [0.0, 0.0]}, [inf, 1e308]),
    ("ce", {"logits": [[big, -big], [-big, big]], "target": [0, 0]}, [0, 2 * big]),
    ("ce", {"logits": [[inf, 0], [inf, 0], [-inf, 0]], "target": [0, 1, 0]}, [0, inf, inf]),
    ("ce", {"logits": [[inf, inf], [-inf, -inf]], "target": [0, 1]}, [log(2), log(2)]),
    ("ce", {"logits": [[-inf, 0], [inf, 0]], "target": [[0.0, 1.0], [1.0, 0.0]]}, [0, 0]),
    ("ce", {"probs": [[0, 1], [0, 1], [0.5, 0.5]], "target": [0, 1, 1]}, [inf, 0, log(2)]),
    ("ce", {"probs": [[0, 1], [0, 1]], "target": [[0.0, 1.0], [0.5, 0.5]]}, [0, inf]),
    ("ce", {"log_probs": [[-inf, 0.0], [-inf, 0.0]], "target": [0, 1]}, [inf, 0]),
    ("nll", {"log_probs": [[-inf, 0.0], [-inf, 0.0]], "target": [0, 1]}, [inf, 0]),
    ("kl", {"probs": [[0, 1]], "target": [[0.0, 1.0]]}, [[0, 0]]),
    ("kl", {"probs": [[0, 1]], "target": [[0.5, 0.5]]}, [[inf, -0.5 * log(2)]]),
    ("kl", {"logits": [[-inf, 0.0]], "target": [[0.0, 1.0]]}, [[0, 0]]),
    ("multilabel-soft-margin", {"logits": [[inf, -inf], [big, big]], "target": [[1, 0], [0, 1]]},
     [0, big / 2]),
    ("perceptron", {"logits": [inf, -inf, big], "target": [1, 1, -1]}, [0, inf, big]),
    ("brier", {"logits": [inf, -inf, inf, -inf], "target": [1, 1, 0, 0]}, [0, 1, 1, 0]),
    ("brier", {"probs": [0.0, 1.0, 1.0], "target": [1, 1, 0.5]}, [1, 0, 0.25]),
    ("brier", {"logits": [[inf, 0], [-inf, 0], [-inf, -inf]], "target": [0, 0, 0]}, [0, 1, 0.25]),
    ("brier", {"probs": [[0, 1], [0, 1]], "target": [0, 1]}, [1, 0]),
    ("asl", {"logits": [inf, -inf, big], "target": [1, 0, 1]}, [0, 0, 0]),
    ("asl", {"logits": [-inf, -big], "target": [1, 1]}, [-log(1e-8)] * 2),
    ("asl", {"logits": [inf, big], "target": [0, 0]}, [-(0.95**4) * log(0.05)] * 2),
    ("asl", {"probs": [0.0, 1.0], "target": [0, 1], "eps": 0.0, "clip": 0.0}, [0, 0]),
    ("asl", {"probs": [0.0, 1.0], "target": [1, 0], "eps": 0.0, "clip": 0.0}, [inf, inf]),
    ("multilabel-margin", {"logits": [[inf, inf, 0]], "target": [[0, -1, -1]]}, [1 / 3]),
    ("multilabel-margin", {"logits": [[-inf, 0, 0]], "target": [[0, -1, -1]]}, [inf]),
    ("multilabel-margin", {"logits": [[-inf, inf]], "target": [[1, -1]]}, [0]),
    ("zlpr", {"logits": [[inf, -inf], [inf, -inf]], "target": [[1, 0], [0, 1]]}, [0, inf]),
    ("zlpr", {"logits": [[inf, 0], [big, -big]], "target": [[1, 1], [0, 1]]}, [log(2), 2 * big]),
    ("multi-margin", {"logits": [[inf, 0], [-inf, 0], [inf, inf]], "target": [0] * 3},
     [0, inf, 0.5]),
    ("multiclass-hinge", {"logits": [[inf, 0], [-inf, 0], [inf, inf]], "target": [0] * 3},
     [0, inf, 1]),
    ("categorical-hinge", {"logits": [[inf, 0], [-inf, 0], [inf, inf]], "target": [0] * 3},
     [0, inf, 1]),
    ("categorical-hinge", {"logits": [[inf, 2], [-inf, 2]], "target": [[0.0, 1], [0.0, 1]]},
     [inf, 0]),
    ("focal-ce", {"logits": [[inf, 0], [inf, 0], [big, 0]], "target": [0, 1, 1]}, [0, inf, big]),
    ("focal-ce", {"probs": [[0, 1], [0, 1]], "target": [0, 1]}, [inf, 0]),
    ("focal-ce", {"probs": [[0, 1]], "target": [[0.0, 1.0]]}, [0]),
    ("focal-ce", {"probs": [[0, 1]], "target": [0], "alpha": [0, 1]}, [0]),
    ("focal-ce", {"probs": [[0, 1]], "target": [1], "gamma": 0.0}, [0]),
    ("poly1", {"logits": [[inf, 0], [inf, 0], [big, 0]], "target": [0, 1, 1]}, [0, inf, big + 2]),
    ("poly1", {"probs": [[0, 1]], "target": [[0.0, 1.0]]}, [0]),
    ("gce", {"logits": [[inf, 0], [inf, 0], [-inf, -inf]], "target": [0, 1, 1]},
     [0, 1 / 0.7, (1 - 0.5**0.7) / 0.7]),
    ("gce", {"probs": [[0, 1], [0, 1]], "target": [0, 1]}, [1 / 0.7, 0]),
    ("js", {"probs": [[1.0, 0], [0, 1]], "target": [[0.0, 1], [0.0, 1]]}, [log(2), 0]),
    ("js", {"logits": [[inf, -inf], [-big, big]], "target": [[1.0, 0], [1.0, 0]]}, [0, log(2)]),
    ("log-cosh", {"pred": [inf, 1e300, 1e-9, 1e-200], "target": [0.0] * 4}, [inf, 1e300, 5e-19, 0]),
    ("log-cosh", {"pred": [1 + 1e-12, 1 - 1e-12], "target": [0.0] * 2}, AT_ONE),
    ("charbonnier", {"pred": [-inf, 1e300, 1e-9, 0.0], "target": [0.0] * 4},
     [inf, 1e300, 5e-19, 0]),
    ("charbonnier", {"pred": [1e30, 3.0], "target": [0.0] * 2, "delta": 1e-10},
     [1e20, 3e-10 - 1e-20]),
    ("cauchy", {"pred": [inf, 1e300], "target": [0.0] * 2}, [inf, 600 * log(10) - log(2)]),
    ("cauchy", {"pred": [1e30, 0.0], "target": [0.0] * 2}, [60 * log(10) - log(2), 0]),
    ("cauchy", {"pred": [1e9, 9e8, 1e-9], "target": [0.0] * 3}, [log(5e17), log(4.05e17), 5e-19]),
    ("welsch", {"pred": [inf, 1e300, 1e-9], "target": [0.0] * 3}, [1, 1, 5e-19]),
    ("geman-mcclure", {"pred": [-inf, 1e300, 1e-9], "target": [0.0] * 3}, [2, 2, 5e-19]),
    ("wing", {"pred": [inf, 1e300, 5.0], "target": [0.0] * 3}, [inf, 1e300, 5 * log(11)]),
    ("rmse", {"pred": [inf, 3.0], "target": [0.0, 0.0]}, [inf, 9]),
    ("quantile", {"pred": [inf, -inf], "target": [0.0, 0.0]}, [inf, inf]),
    ("quantile", {"pred": [inf, -inf], "target": [0.0, 0.0], "q": 0.0}, [inf, 0]),
    ("quantile", {"pred": [inf, -inf], "target": [0.0, 0.0], "q": 1.0}, [0, inf]),
    ("expectile", {"pred": [inf, -inf, 2.0], "target": [0.0] * 3, "alpha": 1.0}, [0, inf, 0]),
    ("mape", {"pred": [1.0, 1.0, inf], "target": [inf, -inf, 2.0]}, [1, 1, inf]),
    ("smape", {"pred": [inf, 1.0, inf, 0.0], "target": [1.0, -inf, -inf, 0.0]}, [2, 2, 2, 0]),
    ("smape", {"pred": [1.7e308, 5e-324, 3e38], "target": [1e308, 0.0, 1e38]}, [1.4 / 2.7, 2, 1]),
    ("wape", {"pred": [inf, 1.0], "target": [1.0, 1.0]}, [inf, 0]),
    ("msle", {"pred": [inf, 1e300], "target": [0.0, 1e300]}, [inf, 0]),
    ("rmsle", {"pred": [inf, 0.0], "target": [0.0, 0.0]}, [inf, 0]),
    ("poisson-nll", {"rate": [inf, inf, 0.0], "target": [0, 3, 0]}, [inf, inf, 0]),
    ("poisson-nll", {"rate": [0.5, 2.0], "target": [inf, inf]}, [inf, -inf]),
    ("poisson-nll", {"log_rate": [inf, inf, -inf, -inf], "target": [0, 3, 0, 3]},
     [inf, inf, 0, inf]),
    ("poisson-nll", {"log_rate": [1.0, -1.0], "target": [inf, inf], "full": True}, [inf, inf]),
    ("tweedie", {"rate": [0.0, inf, 2.0, inf], "target": [0.0, 1.0, inf, 0.0]}, [0, inf, inf, inf]),
    ("tweedie", {"rate": [inf, 2.0], "target": [1.0, inf], "power": 1.0}, [inf, inf]),
    ("tweedie", {"rate": [inf, 2.0], "target": [1.0, inf], "power": 2.0}, [inf, inf]),
    ("tweedie", {"rate": [inf, 2.0], "target": [4.0, inf], "power": 3.0}, [0.25, inf]),
    ("tweedie", {"log_rate": [-inf, inf, 0.0, inf], "target": [0.0, 1.0, inf, 0.0]},
     [0, inf, inf, inf]),
    ("tweedie", {"log_rate": [-inf, -inf], "target": [0.0, 3.0], "power": 1.0}, [0, inf]),
    ("tweedie", {"log_rate": [-80.0, 80.0], "target": [1.0, 1.0]}, [FAR] * 2),
    ("tweedie", {"log_rate": [inf, -80.0], "target": [4.0, 1.0], "power": 3.0}, [0.25, FARTHER]),
    ("gamma", {"rate": [inf, 1e300], "target": [1.0, 1e300]}, [inf, 0]),
    ("gamma", {"log_rate": [inf, -inf, 200.0], "target": [1.0, 1.0, 1.0]}, [inf, inf, 398]),
    *((name, SAME, [0] * 6) for name in ERRORS if name != "wape"),
    ("wape", SAME, [0] * 6),
    ("gaussian-nll", {"mean": [inf, -inf, 0.0], "var": [1.0, 1.0, inf], "target": [0.0] * 3},
     [inf] * 3),
    ("gaussian-nll", {"mean": [0.0, big], "var": [0.0, 0.0], "target": [0.0, 0.0]},
     [-3 * log(10), 5e13 - 3 * log(10)]),
    ("gaussian-nll", {"mean": [0.0, 1.0], "std": [0.0, inf], "target": [0.0, 0.0]},
     [-3 * log(10), inf]),
    ("gaussian-nll", {"mean": [0.0, 0.0], "log_var": [-inf, inf], "target": [0.0, 0.0]},
     [-3 * log(10), inf]),
    ("asl", {"logits": [40.0, 80.0], "target": [1, 1]}, [exp(-80), exp(-160)]),
    ("asl", {"probs": [0.0625], "target": [0]}, [-(0.0125**4) * log(0.9875)]),
    ("zlpr", {"logits": [[40.0, 40.0], [80.0, -80.0]], "target": [[1, 1], [1, 0]]},
     [2 * exp(-40), 2 * exp(-80)]),
    ("js", {"probs": [[0.0, 1.0]], "target": [[2 * E, 1 - 2 * E]]}, [E * log(2) + E**2 / 2]),
    ("js", {"probs": [[0.5, 0.5]], "target": [[0.5 + H, 0.5 - H]]}, [NEAR]),
    ("msle", {"pred": [3 + 2.0**-9, 10 - 2.0**-7], "target": [3.0, 10.0]}, ROOTS),
    ("rmsle", {"pred": [3 + 2.0**-9, 10 - 2.0**-7], "target": [3.0, 10.0]}, ROOTS),
    ("tweedie", {"rate": [1e-42, 5e-324], "target": [1.0, 1.0], "power": 1.0},
     [2 * (42 * log(10) - 1), 2 * (-log(5e-324) - 1)]),
    *((name, {"logits": size * RIGHT, "target": [[[0]], [[1]]]}, [[0, 0]] * 2)
      for name in RATIOS for size in (1, inf)),
    *((name, {"logits": -size * RIGHT, "target": [[[0]], [[1]]], "smooth": 0.0}, [[1, 1]] * 2)
      for name in RATIOS for size in (1, inf)),
    *((name, {"logits": size * RIGHT, "target": [[[0]], [[1]]]}, [0, 0])
      for name in (*BATCHED, "lovasz", "dice-ce") for size in (1, inf)),
    *((name, {"logits": -size * RIGHT, "target": [[[0]], [[1]]], "smooth": 0.0}, [1, 1])
      for name in BATCHED for size in (1, inf)),
    ("lovasz", {"logits": -RIGHT, "target": [[[0]], [[1]]]}, [1, 1]),
    ("dice-ce", {"logits": -RIGHT, "target": [[[0]], [[1]]], "smooth": 0.0}, [1 + 2 * big] * 2),
    ("dice-ce", {"logits": -inf * RIGHT, "target": [[[0]], [[1]]]}, [inf, inf]),
    ("ctc", {"log_probs": [[[-inf, 0.0]], [[-inf, 0.0]]], "target": [[1], [0]],
             "batch_first": True, "target_lengths": [1, 0]}, [0, inf]),
    ("ctc", {"logits": [[[big, -big]], [[-big, big]]], "target": [[1], [1]], "batch_first": True},
     [2 * big, 0]),
    *((name, {"pred": [[0, 0, 2 * SIDE, 2 * SIDE], [0, 0, SIDE, SIDE]],
              "target": [[0, 0, 2 * SIDE, 2 * SIDE], [SIDE, SIDE, 2 * SIDE, 2 * SIDE]]},
       [1e-7 / (2 * SIDE) ** 2, far])  # of the same box, eps is left
      for name, far in CORNERS.items()),
    ("triplet", {"anchor": [[inf, 0.0], [0.0, 0.0], [0.0, 0.0]],
                 "positive": [[inf, 0.0], [inf, 0.0], [0.0, 0.0]],
                 "negative": [[1.0, 0.0], [1.0, 0.0], [inf, 0.0]]}, [0, inf, 0]),
    ("cosine", {"input1": [[3e30, 4e30], [inf, 1.0], [-inf, inf], [-big, 0.0]],
                "input2": [[big, 0.0]] * 4}, [0.4, 0, 1 + sqrt(0.5), 2]),
    ("cosine-embedding", {"input1": [[3e30, 4e30], [inf, 1.0], [-inf, inf], [big, 0.0]],
                          "input2": [[big, 0.0]] * 4, "target": [1, 1, 1, -1]},
     [0.4, 0, 1 + sqrt(0.5), 1]),
    ("hinge-embedding", {"distance": [inf, inf, big, 0.0], "target": [1, -1, 1, -1]},
     [inf, 0, big, 1]),
    ("contrastive", {"distance": [inf, inf, 3.0], "target": [1, 0, 1]}, [inf, 0, 4.5]),
    ("infonce", {"input1": [[big, 0.0], [0.0, big]], "input2": [[big, 0.0], [big, 0.0]],
                 "temperature": 0.001}, [log(2)] * 2),
    ("supcon", {"embeddings": [[big, 0.0], [big, 0.0], [0.0, big], [0.0, big]],
                "target": [0, 0, 1, 1], "temperature": 0.001}, [0] * 4),
    ("siglip", {"input1": [[big, 0.0], [0.0, big]], "input2": [[big, 0.0], [0.0, big]],
                "temperature": 0.001, "bias": 0.0}, [log(2)] * 2),
    ("arcface", {"logits": [[1.0, -1.0], [-1.0, 1.0]], "target": [0, 0]},
     [0, 64 * (2 + 0.5 * sin(0.5))]),
    ("cosface", {"logits": [[1.0, -1.0], [-1.0, 1.0]], "target": [0, 0]}, [0, 64 * 2.35]),
    ("circle", {"logits": [[1.0, -1.0], [-1.0, 1.0]], "target": [0, 0], "gamma": 4.0},
     [log1p(exp(-0.64)), log1p(exp(18.72))]),
    ("margin-ranking", {"input1": [inf, -inf, inf], "input2": [inf, 0.0, 0.0], "target": [1] * 3},
     [0, inf, 0]),
    ("bpr", {"positive": [inf, -inf, big, -big], "negative": [inf, 0.0, -big, big]},
     [log(2), inf, 0, 2 * big]),
    ("dpo", {"chosen": [-inf, -1.0, -1.0, -big], "rejected": [-1.0, -inf, -1.0, 0.0],
             "ref_chosen": [-1.0, -1.0, -inf, 0.0], "ref_rejected": [-1.0, -1.0, -1.0, 0.0],
             "beta": 1.0}, [inf, 0, 0, big]),
    ("listnet", {"logits": [[inf, 0.0], [inf, 0.0], [big, 0.0]],
                 "target": [[1.0, 1.0], [inf, 0.0], [0.0, 0.0]]}, [inf, 0, big / 2]),
    ("ranking-softmax", {"logits": [[inf, 0.0], [inf, 0.0], [big, 0.0]],
                         "target": [[1, 0], [0, 1], [0, 2]]}, [0, inf, 2 * big]),
]  # fmt: skip
DTYPES = {"float64": 1e-12, "float32": 5e-7, "float16": 5e-7}
"""What is near enough; halves are widened to single precision."""

REAL = ("regression", "probabilistic")


def held(values, dtype):
    """Which numbers, or rows of them, are what they should be in a dtype."""
    with np.errstate(over="ignore", under="ignore"):
        near = np.isclose(np.asarray(values, dtype), values, rtol=1e-7, atol=0)
    return near.reshape(len(values), -1).all(1)


def posed(case, dtype):
    """What is asked in a dtype, and what the answer is: of what it can hold."""
    name, given, wanted = case
    inputs = {key for form in losses[name].forms for key in form} & set(given)
    if losses[name].family not in REAL:
        inputs -= {"target"}
    arrays = {key: given[key] for key in inputs}
    told = held(wanted, np.float64 if dtype == "float64" else np.float32)
    kept = np.logical_and.reduce([told, *(held(array, dtype) for array in arrays.values())])
    cut = {key: np.asarray(array)[kept].astype(dtype) for key, array in arrays.items()}
    rest = {"target": np.asarray(given["target"])[kept]} if "target" in given else {}
    rest |= cut
    return {**given, **rest}, np.asarray(wanted, float)[kept]


POSED = [(case, dtype, *posed(case, dtype)) for case in EXTREMES for dtype in DTYPES]
POSED = [one for one in POSED if len(one[-1])]


@pytest.mark.parametrize(
    ("case", "dtype", "given", "wanted"),
    POSED,
    ids=lambda one: one[0] if isinstance(one, tuple) else None,
)
def test_extremes(case, dtype, given, wanted):
    name = case[0]
    result = evaluate(name, **given)
    np.testing.assert_allclose(result.elements, wanted, rtol=DTYPES[dtype])
    assert not np.signbit(result.elements[result.elements == 0]).any()
    clamped = ("probs" in given and 100 in wanted) or np.min(given.get("var", 1)) < 1e-6
    impossible = "probs" in given and "alpha" in given
    endless = any(np.isinf(given[key]).any() for key in given) or np.isinf(wanted).any()
    assert bool(result.warnings) == bool(clamped or impossible or endless), result.warnings


def fits(given, dtype):
    """Whether a dtype holds all floats of some inputs as they are."""
    arrays = [one for one in given.values() if not isinstance(one, dict)]
    floats = [np.asarray(one, float) for one in arrays if np.asarray(one).dtype == float]
    with np.errstate(over="ignore"):
        return all(np.array_equal(one, one.astype(dtype), equal_nan=True) for one in floats)


LIMITS = [
    (name, given, wanted, dtype)
    for name, example in EXAMPLES.items()
    for given, wanted in example.limits
    for dtype in DTYPES
    if fits(given, dtype)
]


@pytest.mark.parametrize(("name", "given", "wanted", "dtype"), LIMITS)
def test_limits_of_examples(name, given, wanted, dtype):
    arrays = {
        key: np.asarray(one, dtype) if np.asarray(one).dtype == float and np.ndim(one) else one
        for key, one in given.items()
    }
    found = evaluate(name, **arrays)
    np.testing.assert_allclose(found.elements, wanted, rtol=DTYPES[dtype], atol=1e-30)
    assert not np.signbit(found.elements[found.elements == 0]).any()


def test_every_loss_has_extremes():
    for dtype in DTYPES:
        here = {case[0] for case, asked, *_ in POSED if asked == dtype}
        here |= {name for name, _, _, asked in LIMITS if asked == dtype}
        assert here == set(losses), dtype
