"""Gradients of every loss against finite differences of the reduced loss, in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from asked import EXAMPLES, FORMS
from asked.base import has_rows
from cases import CASES, data
from slopes import asked, compare

from losscli import evaluate
from losscli.errors import LosscliError
from losscli.losses import losses

ROWS = 9


def question(case):
    """A loss, and inputs that suit it."""
    if case in CASES:
        return CASES[case][0], data(case, ROWS, np.float64)
    name, make = FORMS[case]
    return name, make(np.random.default_rng(5), ROWS)


SMOOTH = [case for case in [*CASES, *FORMS] if not question(case)[0].startswith("zero-one")]
"""The cases of losses that have a gradient."""


def test_every_loss_is_here():
    known = {question(case)[0] for case in SMOOTH}
    assert known == {name for name, one in losses.items() if not one.target.decides}


@pytest.mark.parametrize("reduction", ["mean", "sum", "batchmean"])
@pytest.mark.parametrize("case", SMOOTH)
def test_gradient_foretells_small_steps(case, reduction):
    name, given = question(case)
    compare(name, given | {"reduction": reduction})


def markings(case):
    """Weights and masks of rows and of elements, as far as the losses of a case have them."""
    name, given = question(case)
    rng = np.random.default_rng(8)
    shape = evaluate(name, **asked(given), reduction="none").elements.shape
    for key in ("sample_weight", "mask"):
        for of in dict.fromkeys([(ROWS,), shape]):
            made = rng.random(of) < 0.7 if key == "mask" else rng.exponential(size=of)
            made.reshape(-1)[0] = 1
            try:
                evaluate(name, **asked(given | {key: made}))
            except LosscliError:
                continue
            yield key, made


@pytest.mark.parametrize("case", SMOOTH)
def test_weights_and_masks(case):
    name, given = question(case)
    marked = [*markings(case)]
    assert marked or not EXAMPLES[name].rows
    for key, made in marked:
        for reduction in ("mean", "batchmean"):
            compare(name, given | {key: made, "reduction": reduction}, directions=1)


@pytest.mark.parametrize("case", SMOOTH)
def test_what_does_not_count_has_no_gradient(case):
    """Neither a masked row nor one that weighs nothing: exactly 0, whatever it holds."""
    name, given = question(case)
    alone = name not in EXAMPLES or EXAMPLES[name].alone
    for key in ("mask", "sample_weight") if alone else ("mask",):
        counts = np.ones(ROWS)
        counts[[2, 5]] = 0
        odd = {}
        for side, value in given.items():
            if not has_rows(value) or value.dtype.kind != "f" or side == "target":
                continue
            if len(value) == ROWS and key == "mask":
                odd[side] = value.copy()
                odd[side][2] = np.nan
        more = {"nan": "propagate"} if odd else {}
        try:
            found = evaluate(name, **asked(given | odd | {key: counts} | more), grad=True).gradient
        except LosscliError:
            assert name in EXAMPLES  # these losses have no rows to leave out
            continue
        for side, slope in found.items():
            if len(slope) == ROWS and slope.shape == np.shape(given[side]):
                assert not slope[[2, 5]].any(), side
                assert np.isfinite(slope).all()
                assert slope[[0, 1, 3, 4]].any()


VARIED = [
    ("bce --logits", {"pos_weight": 3.0, "label_smoothing": 0.1, "weight": 0.5}),
    ("bce --logits", {"class_weight": "balanced"}),
    ("bce --logits", {"ignore_index": 1}),
    ("bce --logits soft", {"pos_weight": [1.0, 2.0, 3.0]}),
    ("bce --logits", {"weight": np.arange(9.0)}),
    ("bce --logits", {"denominator": "positives"}),
    ("bce --logits", {"denominator": "rows"}),
    ("mse", {"denominator": 7}),
    ("rmse", {"denominator": 7}),
    ("ce --logits", {"weight": np.arange(1.0, 8.0), "label_smoothing": 0.2}),
    ("ce --logits", {"weight": "balanced", "ignore_index": 3}),
    ("ce --logits", {"ignore_index": 3, "temperature": 3.0}),
    ("ce --logits images", {"weight": [1.0, 2.0, 3.0]}),
    ("ce --logits tokens", {"weight": [1.0, 2.0, 3.0], "class_axis": -1}),
    ("ce --logits soft", {"weight": np.arange(1.0, 8.0), "label_smoothing": 0.2}),
    ("ce --probs", {"weight": np.arange(1.0, 8.0), "label_smoothing": 0.2}),
    ("nll", {"weight": np.arange(1.0, 8.0)}),
    ("focal --logits", {"gamma": 0.5, "alpha": 0.25}),
    ("focal --probs", {"gamma": 0.5, "class_weight": "balanced"}),
    ("focal-ce --logits", {"gamma": 0.5, "alpha": np.arange(1.0, 8.0), "ignore_index": 3}),
    ("asl", {"gamma_neg": 0.5, "gamma_pos": 0.5, "clip": 0.0}),
    ("hinge", {"margin": 2.0}),
    ("kl --logits", {"temperature": 2.0}),
    ("js --probs", {"sqrt": True, "base": 2.0}),
    ("quantile", {"q": 0.9}),
    ("huber", {"delta": 0.3}),
    ("tweedie --rate", {"power": 1.0}),
    ("tweedie --rate", {"power": 3.0}),
    ("poisson-nll --log-rate", {"full": True}),
    ("multi-margin", {"p": 2, "weight": np.arange(1.0, 8.0)}),
    ("dice classes", {"reduce_over": "batch"}),
    ("dice lacking", {"reduce_over": "batch", "absent": "skip"}),
    ("dice lacking", {"absent": "skip", "ignore_index": 1}),
    ("jaccard binary", {"reduce_over": "batch", "smooth": 0.0}),
    ("tversky classes last", {"reduce_over": "batch", "reduction": "sum", "alpha": 0.3}),
    ("focal-tversky classes", {"gamma": 2.0, "reduction": "batchmean"}),
    ("focal-tversky lacking", {"absent": "skip"}),
    ("lovasz classes", {"classes": "all"}),
    ("gaussian-nll --var", {"full": True, "eps": 0.3}),
    ("crps --std", {}),
    ("triplet ", {"p": 1.0, "swap": True}),
    ("triplet ", {"p": 3.0}),
    ("infonce ", {"symmetric": True, "normalize": False, "temperature": 2.0}),
    ("cox --log-hazard", {"ties": "efron"}),
    ("ctc --logits", {"blank": 1}),
    ("dpo ", {"label_smoothing": 0.1}),
    ("psnr --pred", {"data_range": 3.0}),
    ("si-sdr signals", {"zero_mean": True}),
    ("ciou sizes", {"eps": 0.1}),
]


@pytest.mark.parametrize(("case", "options"), VARIED, ids=[f"{a} {[*b]}" for a, b in VARIED])
def test_options(case, options):
    name, given = question(case)
    compare(name, given | options)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize(
    "case", ["bce --logits", "ce --logits", "gaussian-nll --std", "dice classes"]
)
def test_other_dtypes(case, dtype):
    name, given = question(case)
    wide = evaluate(name, **asked(given), grad=True).gradient
    found = evaluate(name, **asked(given), grad=True, dtype=dtype).gradient
    for key, slope in wide.items():
        own = {"bfloat16": "float32"}.get(dtype, dtype)
        assert found[key].dtype == own
        close = 1e-5 if dtype == "float32" else 5e-2
        assert np.abs(found[key] - slope).max() <= close * np.abs(slope).max()


def test_integers_are_computed_as_floats():
    found = evaluate("mse", pred=np.array([1, 4]), target=np.array([0, 2]), grad=True)
    assert found.gradient["pred"].tolist() == [1.0, 2.0]
