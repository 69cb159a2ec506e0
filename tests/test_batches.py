"""What a loop over batches would have logged, beside loops that log it."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from itertools import pairwise
from math import fsum, isnan, nan, sqrt

import numpy as np
import pytest
import torch
from asked import FORMS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from losscli import evaluate
from losscli.errors import DataError, LosscliError, UsageError
from losscli.reductions import Reduced
from losscli.reductions.batches import Batches, Cut, exact, rounded
from losscli.reductions.rows import RowMeans
from losscli.stats import Sum

N = 23
RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(2, N))
LABELS = RNG.integers(0, 2, N)
SCORES, CLASSES = RNG.normal(size=(N, 5)), RNG.integers(0, 5, N)
SOFT = RNG.dirichlet(np.ones(5), N)
TOKENS, WORDS = RNG.normal(size=(N, 5, 6)), RNG.integers(0, 5, (N, 6))
PADDED = np.where(np.arange(6) < RNG.integers(1, 7, N)[:, None], WORDS, -100)
WEIGHT = np.array([0.5, 1, 2, 0.1, 3])
W = torch.from_numpy(WEIGHT)


def logged(function, size, *arrays):
    """What a loop over a DataLoader has in its list of losses."""
    data = TensorDataset(*map(torch.from_numpy, arrays))
    return [function(*batch).item() for batch in DataLoader(data, batch_size=size)]


CASES = {
    "bce": (
        {"logits": X, "target": LABELS},
        lambda x, y: F.binary_cross_entropy_with_logits(x, y.double()),
    ),
    "bce pos-weight": (
        {"logits": X, "target": LABELS, "pos_weight": 3.0},
        lambda x, y: F.binary_cross_entropy_with_logits(
            x, y.double(), pos_weight=torch.tensor(3.0)
        ),
    ),
    "mse": ({"pred": X, "target": Y}, F.mse_loss),
    "rmse": ({"pred": X, "target": Y}, lambda x, y: F.mse_loss(x, y).sqrt()),
    "huber": ({"pred": X, "target": Y, "delta": 0.5}, lambda x, y: F.huber_loss(x, y, delta=0.5)),
    "ce": ({"logits": SCORES, "target": CLASSES}, F.cross_entropy),
    "ce weight": (
        {"logits": SCORES, "target": CLASSES, "weight": WEIGHT},
        lambda x, y: F.cross_entropy(x, y, W),
    ),
    "ce smoothed": (
        {"logits": SCORES, "target": CLASSES, "weight": WEIGHT, "label_smoothing": 0.1},
        lambda x, y: F.cross_entropy(x, y, W, label_smoothing=0.1),
    ),
    "ce soft": ({"logits": SCORES, "target": SOFT}, F.cross_entropy),
    "ce ignored": (
        {"logits": SCORES, "target": CLASSES, "ignore_index": 2, "weight": WEIGHT},
        lambda x, y: F.cross_entropy(x, y, W, ignore_index=2),
    ),
    "ce tokens": ({"logits": TOKENS, "target": PADDED, "class_axis": 1}, F.cross_entropy),
    "nll": (
        {"log_probs": np.log(SOFT), "target": CLASSES, "weight": WEIGHT},
        lambda x, y: F.nll_loss(x, y, W),
    ),
    "kl": (
        {"log_probs": np.log(SOFT), "target": SOFT[::-1].copy()},
        lambda x, y: F.kl_div(x, y, reduction="batchmean"),
    ),
    "mse columns": ({"pred": TOKENS, "target": TOKENS[::-1].copy()}, F.mse_loss),
}


def arrays(given):
    return [one for name, one in given.items() if name in ("pred", "logits", "log_probs", "target")]


def same(one, other):
    return one == pytest.approx(other, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("size", [1, 2, 7, N - 1, N, N + 5])
@pytest.mark.parametrize("name", CASES)
def test_a_loop_over_a_dataloader_logs_it(name, size):
    given, function = CASES[name]
    wanted = logged(function, size, *arrays(given))
    result = evaluate(name.split()[0], **given, batch_size=size)
    found = result.batches
    filled = [one for one in wanted if not isnan(one)]
    assert found["count"] == len(wanted)
    assert found["empty"] == len(wanted) - len(filled)
    assert found["size"] == size
    assert found["last"] == (N % size or size if size <= N else N)
    assert same(found["mean"], np.mean(wanted))
    assert same(found["mean_of_others"], np.mean(filled))
    assert same((found["min"], found["max"]), (min(filled), max(filled)))
    assert (found["argmin"], found["argmax"]) == (np.nanargmin(wanted), np.nanargmax(wanted))
    assert same(found["difference"], np.mean(wanted) - result.value)


def test_some_of_those_batches_have_nothing_to_divide_by():
    """So that the test above has seen one."""
    wanted = logged(CASES["ce ignored"][1], 1, SCORES, CLASSES)
    assert 0 < sum(map(isnan, wanted)) < N


def test_one_batch_is_the_loss():
    for name, (data, _) in CASES.items():
        result = evaluate(name.split()[0], **data, batch_size=10**6)
        assert result.batches["mean"] == pytest.approx(result.value, rel=1e-15)


@pytest.mark.parametrize("size", [1, 4, 23])
def test_weights_masks_and_what_is_omitted(size):
    """Each batch is the sum of what counts over the sum of weights."""
    weight, mask = RNG.random(N) + 0.1, np.arange(N) % 3 != 1
    holes = np.where(np.arange(N) % 5 == 2, nan, X)
    losses = (holes - Y) ** 2
    counts = mask & ~np.isnan(losses)
    with np.errstate(invalid="ignore"):
        wanted = [
            np.sum((weight * losses)[at : at + size][counts[at : at + size]])
            / np.sum(weight[at : at + size][counts[at : at + size]])
            for at in range(0, N, size)
        ]
    beside = {"sample_weight": weight, "mask": mask, "nan": "omit"}
    found = evaluate("mse", pred=holes, target=Y, **beside, batch_size=size)
    assert same(found.batches["mean_of_others"], np.nanmean(wanted))
    assert found.batches["empty"] == np.isnan(wanted).sum()
    assert isnan(found.batches["mean"]) is bool(np.isnan(wanted).any())
    codes = [one.code for one in found.warnings]
    assert ("empty-batches" in codes) is bool(np.isnan(wanted).any())


def test_a_batchmean_divides_by_rows_of_which_anything_counts():
    weight, mask = np.arange(1.0, 7), np.array([1, 1, 0, 1, 0, 0])
    losses = F.kl_div(
        torch.from_numpy(np.log(SOFT[:6])), torch.from_numpy(SOFT[6:12]), reduction="none"
    )
    rows = losses.sum(1).numpy() * weight * mask
    wanted = [
        rows[at : at + 2].sum() / (weight * mask)[at : at + 2].sum()
        if mask[at : at + 2].any()
        else nan
        for at in (0, 2, 4)
    ]
    given = {"log_probs": np.log(SOFT[:6]), "target": SOFT[6:12]}
    found = evaluate("kl", **given, sample_weight=weight, mask=mask, batch_size=2)
    assert (found.reduction, found.batches["empty"]) == ("batchmean", 1)
    assert same(found.batches["mean_of_others"], np.nanmean(wanted))


def test_rows_that_differ_in_size(tmp_path):
    """A batch of files is the mean of all that it holds, as a loop that pads and masks finds."""
    rows = [(RNG.normal(size=size), RNG.normal(size=size)) for size in (2, 5, 1, 3, 4)]
    for side in (0, 1):
        (tmp_path / f"side{side}").mkdir()
        for at, row in enumerate(rows):
            np.save(tmp_path / f"side{side}" / f"{at}.npy", row[side])
    files = {name: str(tmp_path / f"side{at}") for at, name in enumerate(("pred", "target"))}
    found = evaluate("mse", **files, stack=True, batch_size=2)
    squares = [(one - other) ** 2 for one, other in rows]
    wanted = [np.concatenate(squares[at : at + 2]).mean() for at in (0, 2, 4)]
    assert same(found.batches["mean"], np.mean(wanted))
    assert same(found.batches["max"], max(wanted))
    own = np.mean([row.mean() for row in squares])
    assert same(found.reductions["row_mean"], {"value": own, "denominator": 5})


def test_nan_is_not_hidden():
    found = evaluate("mse", pred=[1.0, nan, 3.0], target=[0, 0, 0], nan="propagate", batch_size=1)
    assert isnan(found.batches["mean"])
    assert (found.batches["empty"], found.batches["min"], found.batches["max"]) == (0, 1.0, 9.0)


# ---- the same bits, however the rows are read


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("size", [1, 3, 50, 64, 200, 700])
def test_leaves_and_threads_cannot_be_seen(name, size, monkeypatch):
    """Leaves of whole vectors, as those of losscli are; the true mean is that of their sums."""
    rows = RNG.integers(0, N, 700)
    data = dict(CASES[name][0])
    data |= {key: one[rows] for key, one in data.items() if np.shape(one)[:1] == (N,)}
    per_row = next(iter(data.values()))[0].size
    wanted = None
    for leaf, threads in ((10**6, 1), (64, 1), (64, 3), (192, 2)):
        monkeypatch.setattr("losscli.plan.LEAF", leaf * per_row)
        found = dict(evaluate(name.split()[0], **data, batch_size=size, threads=threads).batches)
        del found["difference"]
        wanted = wanted or repr(found)
        assert repr(found) == wanted


values = st.lists(st.floats(-1e290, 1e290), min_size=1, max_size=12)


def naive(cut, values, weights):
    """Each batch in exact fractions, rounded where losscli says that it rounds."""
    found = []
    for at in range(0, len(values), cut.size):
        above, below = (
            float(sum(map(Fraction, one[at : at + cut.size]))) for one in (values, weights)
        )
        found.append(cut.ended(above / below) if below else nan)
    return found


def leaves(cut, values, weights, ends):
    """The same rows in pieces."""
    edges = sorted({0, len(values), *(end % len(values) for end in ends)})
    return [
        Batches.of(cut, low, high - low, np.array(values[low:high]), np.array(weights[low:high]))
        for low, high in pairwise(edges)
    ]


@settings(max_examples=200, deadline=None)
@given(values, st.data())
def test_any_cut_into_leaves_gives_the_same(values, data):
    weights = data.draw(st.lists(st.sampled_from([0.0, 0.3, 1.0, 1e-9]), min_size=len(values)))
    weights = weights[: len(values)]
    cut = Cut(data.draw(st.integers(1, 14)), len(values), ended=abs)
    parts = leaves(cut, values, weights, data.draw(st.lists(st.integers(0, 20), max_size=4)))
    order = data.draw(st.permutations(parts))
    wanted = naive(cut, values, weights)
    filled = [one for one in wanted if not isnan(one)]
    for found in (
        Batches.joined(order),
        reduce(lambda a, b: a + b, order, Batches()),
        reduce(lambda a, b: b + a, order, Batches()),
    ):
        assert found.open == {}
        assert (found.count, found.empty) == (len(filled), len(wanted) - len(filled))
        assert isnan(found.mean) is (found.empty > 0 or not filled)
        if filled:
            mean = float(sum(map(Fraction, filled)) / len(filled))
            assert found.filled == mean
            assert (found.extremes.low, found.extremes.high) == (min(filled), max(filled))
            assert found.extremes.low_at == wanted.index(min(filled))
            assert found.extremes.high_at == wanted.index(max(filled))


@settings(max_examples=100, deadline=None)
@given(values, st.integers(1, 14), st.lists(st.integers(0, 20), min_size=2, max_size=2))
@example([1.0, float("inf"), -1.0], 2, [1, 2])
@example([1.0, nan, -1.0], 2, [1, 2])
@example([1e308, 1e308, -1e308], 3, [1, 2])
def test_zero_and_grouping(values, size, ends):
    cut = Cut(size, len(values))
    parts = leaves(cut, values, [1.0] * len(values), ends)
    parts += [Batches()] * (3 - len(parts))
    a, b, c = parts[:3]
    assert repr(a + Batches()) == repr(a) == repr(Batches() + a)
    assert repr((a + b) + c) == repr(a + (b + c))
    assert repr(a + b) == repr(b + a)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20))
@example([1e308, 1e308, -1e308])
@example([5e-324, 1.0, -1.0])
def test_exact_sums(values):
    wanted = sum(map(Fraction, values))
    assert Fraction(exact(values).units, 1 << 1074) == wanted
    assert exact(values) == Sum.joined(map(Sum.of, values))
    assert rounded(values) == exact(values).value


@pytest.mark.parametrize("values", [[nan], [1.0, nan], [np.inf, 1.0], [np.inf, -np.inf]])
def test_exact_sums_of_what_is_not_finite(values):
    with np.errstate(all="ignore"):
        wanted = float(np.sum(values))
    assert repr(exact(values).value) == repr(rounded(values)) == repr(wanted)


# ---- rows, and reductions side by side


def test_the_mean_of_samples_is_beside_that_of_tokens():
    result = evaluate("ce", logits=TOKENS, target=PADDED, class_axis=1)
    losses = F.cross_entropy(torch.from_numpy(TOKENS), torch.from_numpy(PADDED), reduction="none")
    own = [row[PADDED[at] != -100].mean().item() for at, row in enumerate(losses)]
    tokens = (PADDED != -100).sum()
    total = losses.sum().item()
    assert same(result.reductions["row_mean"], {"value": fsum(own) / N, "denominator": N})
    assert same(result.reductions["mean"], {"value": total / tokens, "denominator": tokens})
    assert same(result.reductions["batchmean"], {"value": total / N, "denominator": N})
    assert same(result.reductions["sum"]["value"], total)
    assert result.reductions["sum"]["denominator"] is None
    assert result.reductions["row_mean"]["value"] != pytest.approx(result.value, rel=1e-3)


def test_rows_of_which_nothing_counts_have_no_mean():
    target = PADDED.copy()
    target[[3, 7]] = -100
    found = evaluate("ce", logits=TOKENS, target=target, class_axis=1).reductions["row_mean"]
    losses = F.cross_entropy(torch.from_numpy(TOKENS), torch.from_numpy(target), reduction="none")
    own = [
        row[kept].mean().item()
        for row, kept in zip(losses, target != -100, strict=True)
        if kept.any()
    ]
    assert same(found, {"value": fsum(own) / (N - 2), "denominator": N - 2})


def test_weights_count_inside_a_row():
    """Those of classes do; a row's own sample weight cancels."""
    weight = RNG.random(N) + 0.1
    given = {"logits": TOKENS, "target": PADDED, "class_axis": 1, "weight": WEIGHT}
    found = evaluate("ce", **given, sample_weight=weight).reductions["row_mean"]
    own = [
        F.cross_entropy(torch.from_numpy(row).T, torch.from_numpy(words), W).item()
        for row, words in zip(TOKENS, PADDED, strict=True)
    ]
    assert same(found, {"value": fsum(own) / N, "denominator": N})


def test_rows_that_are_all_alike_have_the_mean_of_all(monkeypatch):
    for name in ("mse columns", "kl"):
        given, _ = CASES[name]
        result = evaluate(name.split()[0], **given, reduction="mean")
        monkeypatch.setattr("losscli.plan.LEAF", 40)
        again = evaluate(name.split()[0], **given, reduction="mean")
        for one in (result, again):
            assert one.reductions["row_mean"]["value"] == pytest.approx(result.value, rel=1e-14)


def test_single_losses_have_no_row_mean():
    for name in ("bce", "rmse", "ce"):
        assert "row_mean" not in evaluate(name, **CASES[name][0]).reductions


def test_roots_are_taken_of_each():
    given, _ = CASES["rmse"]
    found = evaluate("rmse", **given, reduction="sum").reductions
    squares = (X - Y) ** 2
    assert found["mean"].pop("finish") == "root"
    assert same(found["mean"], {"value": sqrt(squares.mean()), "denominator": N})
    assert same(found["sum"]["value"], squares.sum())


@given(st.tuples(*[st.lists(st.tuples(st.floats(-9, 9), st.floats(0.1, 2)), min_size=2)] * 3))
@settings(max_examples=50, deadline=None)
def test_row_means_add_up(parts):
    made = []
    for at, part in enumerate(parts):
        rows = part[: len(part) // 2 * 2]
        above, below = np.array(rows).T
        weights = below if at else None
        made.append(RowMeans.of(above, weights, len(rows) // 2, alike=True))
    a, b, c = made
    assert a + RowMeans() == a == RowMeans() + a
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert Reduced(rows=a) + Reduced(rows=b) == Reduced(rows=a + b)


# ---- refusals


@pytest.mark.parametrize("form", FORMS)
def test_every_loss_answers_or_says_why_not(form):
    name, make = FORMS[form]
    given = make(np.random.default_rng(5), 9)
    try:
        found = evaluate(name, **given, batch_size=4)
    except UsageError as error:
        if "--batch-size has no meaning here: " not in str(error):
            raise
        return
    assert found.batches["count"] == 3
    assert found.batches["last"] == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"reduction": "sum"}, "and the reduction is sum"),
        ({"reduction": "none"}, "and the reduction is none"),
        ({"denominator": 7}, "not with --denominator"),
        ({"batch_size": 0}, "--batch-size must be at least 1"),
        ({"batch_size": 2.5}, "--batch-size must be a whole number"),
    ],
)
def test_refused(more, told):
    with pytest.raises(UsageError, match=told):
        evaluate("bce", logits=X, target=LABELS, **{"batch_size": 4, **more})


def test_tokens_are_no_rows_of_a_batch():
    with pytest.raises(UsageError, match="those of --token-log-probs are tokens"):
        evaluate("nll", token_log_probs=[[-1.0, -2], [-0.5]], batch_size=1)


def test_rows_that_see_each_other_are_refused_before_files_are_looked_for():
    with pytest.raises(UsageError, match="compares each row with all others"):
        evaluate("infonce", input1="none.npy", input2="none.npy", batch_size=4)


def test_strict_refuses_empty_batches():
    with pytest.raises(DataError, match="4 batches of 1 have nothing that counts"):
        evaluate("mse", pred=X[:4], target=Y[:4], mask=[1, 1, 0, 1], batch_size=1, strict=True)
    assert issubclass(DataError, LosscliError)
