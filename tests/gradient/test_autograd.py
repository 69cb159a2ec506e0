"""Gradients against those of PyTorch's own losses, or of a plain definition written in torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate

N, C = 12, 4
RNG = np.random.default_rng(21)


def drawn(*shape):
    return torch.from_numpy(RNG.normal(size=shape))


LABELS = torch.from_numpy(RNG.integers(0, C, N))
SHARES = drawn(N, C).softmax(1)
WEIGHTS = torch.tensor([1.0, 2.0, 0.5, 3.0], dtype=torch.float64)
ROW_WEIGHTS = torch.from_numpy(RNG.exponential(size=N))
SIGNS = torch.where(drawn(N) > 0, 1.0, -1.0).double()
BITS = (drawn(N) > 0).double()
HOT = (drawn(N, C) > 0).double()
ALL_BUT_ONE = [1] * (N - 1) + [0]
LISTS = torch.tensor([[0, 2, -1, 1], [3, -1, 0, 0]] * (N // 2))
STEPS, SEQUENCES = 7, torch.tensor([[1, 2], [3, 3], [2, 1]] * (N // 3))


def weighted(found):
    return (found * ROW_WEIGHTS).sum() / ROW_WEIGHTS.sum()


def soft_dice(logits, target, dims):
    probs, hot = logits.softmax(1), F.one_hot(target, 3).movedim(-1, 1).double()
    both, whole = (probs * hot).sum(dims), (probs + hot).sum(dims)
    return (1 - (2 * both + 1e-5) / (whole + 1e-5)).mean()


def infonce(one, other):
    scores = F.normalize(one) @ F.normalize(other).T / 0.07
    return F.cross_entropy(scores, torch.arange(N))


def ctc(logits):
    logs = logits.log_softmax(-1).transpose(0, 1)
    lengths = torch.full((N,), STEPS), torch.full((N,), 2)
    return F.ctc_loss(logs, SEQUENCES, *lengths)


PIXELS = torch.from_numpy(RNG.integers(0, 3, (N, 4, 5)))
CASES = {  # the loss: its predictions; all else that is asked; the same in torch
    "bce": (
        {"logits": drawn(N)},
        {"target": BITS, "pos_weight": 3.0, "sample_weight": ROW_WEIGHTS},
        lambda logits: weighted(
            F.binary_cross_entropy_with_logits(
                logits, BITS, reduction="none", pos_weight=torch.tensor(3.0)
            )
        ),
    ),
    "bce of probabilities": (
        {"probs": drawn(N).sigmoid()},
        {"target": BITS},
        lambda probs: F.binary_cross_entropy(probs, BITS),
    ),
    "ce": (
        {"logits": drawn(N, C)},
        {"target": LABELS, "weight": WEIGHTS.numpy(), "label_smoothing": 0.1, "ignore_index": 2},
        lambda logits: F.cross_entropy(
            logits, LABELS, weight=WEIGHTS, label_smoothing=0.1, ignore_index=2
        ),
    ),
    "ce of shares": (
        {"logits": drawn(N, C)},
        {"target": SHARES, "weight": WEIGHTS.numpy()},
        lambda logits: F.cross_entropy(logits, SHARES, weight=WEIGHTS),
    ),
    "ce of rows that weigh": (
        {"logits": drawn(N, C)},
        {"target": LABELS, "sample_weight": ROW_WEIGHTS},
        lambda logits: weighted(F.cross_entropy(logits, LABELS, reduction="none")),
    ),
    "nll": (
        {"log_probs": drawn(N, C).log_softmax(1)},
        {"target": LABELS, "weight": WEIGHTS.numpy()},
        lambda logs: F.nll_loss(logs, LABELS, weight=WEIGHTS),
    ),
    "kl": (
        {"log_probs": drawn(N, C).log_softmax(1)},
        {"target": SHARES},
        lambda logs: F.kl_div(logs, SHARES, reduction="batchmean"),
    ),
    "mse": ({"pred": drawn(N)}, {"target": SIGNS}, lambda pred: F.mse_loss(pred, SIGNS)),
    "mae": ({"pred": drawn(N)}, {"target": SIGNS}, lambda pred: F.l1_loss(pred, SIGNS)),
    "rmse": ({"pred": drawn(N)}, {"target": SIGNS}, lambda pred: F.mse_loss(pred, SIGNS).sqrt()),
    "wape": (
        {"pred": drawn(N)},
        {"target": 2 * SIGNS},
        lambda pred: (pred - 2 * SIGNS).abs().sum() / (2 * SIGNS).abs().sum(),
    ),
    "smooth-l1": (
        {"pred": drawn(N)},
        {"target": SIGNS, "beta": 0.7},
        lambda pred: F.smooth_l1_loss(pred, SIGNS, beta=0.7),
    ),
    "huber": (
        {"pred": drawn(N)},
        {"target": SIGNS, "delta": 0.7},
        lambda pred: F.huber_loss(pred, SIGNS, delta=0.7),
    ),
    "soft-margin": (
        {"logits": drawn(N)},
        {"target": SIGNS},
        lambda logits: F.soft_margin_loss(logits, SIGNS),
    ),
    "hinge": (
        {"logits": drawn(N)},
        {"target": SIGNS},
        lambda logits: (1 - SIGNS * logits).clamp(min=0).mean(),
    ),
    "multi-margin": (
        {"logits": drawn(N, C)},
        {"target": LABELS, "p": 2, "weight": WEIGHTS.numpy()},
        lambda logits: F.multi_margin_loss(logits, LABELS, p=2, weight=WEIGHTS),
    ),
    "multilabel-margin": (
        {"logits": drawn(N, C)},
        {"target": LISTS},
        lambda logits: F.multilabel_margin_loss(logits, LISTS),
    ),
    "multilabel-soft-margin": (
        {"logits": drawn(N, C)},
        {"target": HOT},
        lambda logits: F.multilabel_soft_margin_loss(logits, HOT),
    ),
    "poisson-nll": (
        {"log_rate": drawn(N)},
        {"target": LABELS},
        lambda logs: F.poisson_nll_loss(logs, LABELS),
    ),
    "poisson-nll of rates": (
        {"rate": drawn(N).exp()},
        {"target": LABELS, "full": True},
        lambda rate: F.poisson_nll_loss(rate, LABELS.double(), log_input=False, full=True),
    ),
    "gaussian-nll": (
        {"mean": drawn(N, 3), "var": drawn(N, 1).exp()},
        {"target": torch.zeros(N, 3).double()},
        lambda mean, var: F.gaussian_nll_loss(mean, torch.zeros(N, 3).double(), var),
    ),
    "gaussian-nll of one variance": (
        {"mean": drawn(N, 3), "var": drawn(3).exp()},
        {"target": torch.zeros(N, 3).double()},
        lambda mean, var: F.gaussian_nll_loss(mean, torch.zeros(N, 3).double(), var.expand(N, 3)),
    ),
    "triplet": (
        {"anchor": drawn(N, 3), "positive": drawn(N, 3), "negative": drawn(N, 3)},
        {"swap": True},
        lambda *three: F.triplet_margin_loss(*three, swap=True),
    ),
    "cosine": (
        {"input1": drawn(N, 3), "input2": drawn(N, 3)},
        {},
        lambda one, other: (1 - F.cosine_similarity(one, other)).mean(),
    ),
    "cosine-embedding": (
        {"input1": drawn(N, 3), "input2": drawn(N, 3)},
        {"target": SIGNS, "margin": -0.5},
        lambda one, other: F.cosine_embedding_loss(one, other, SIGNS, margin=-0.5),
    ),
    "hinge-embedding": (
        {"distance": drawn(N).exp()},
        {"target": SIGNS},
        lambda far: F.hinge_embedding_loss(far, SIGNS),
    ),
    "margin-ranking": (
        {"input1": drawn(N), "input2": drawn(N)},
        {"target": SIGNS, "margin": 0.3},
        lambda one, other: F.margin_ranking_loss(one, other, SIGNS, margin=0.3),
    ),
    "infonce": ({"input1": drawn(N, 3), "input2": drawn(N, 3)}, {}, infonce),
    "ctc": (
        {"logits": drawn(N, STEPS, C)},
        {"target": SEQUENCES, "target_lengths": [2] * N, "batch_first": True},
        ctc,
    ),
    "ctc of log-probabilities": (
        {"log_probs": drawn(N, STEPS, C).log_softmax(-1)},
        {"target": SEQUENCES, "target_lengths": [2] * N, "batch_first": True},
        lambda logs: F.ctc_loss(
            logs.transpose(0, 1), SEQUENCES, torch.full((N,), STEPS), torch.full((N,), 2)
        ),
    ),
    "dice": (
        {"logits": drawn(N, 3, 4, 5)},
        {"target": PIXELS},
        lambda logits: soft_dice(logits, PIXELS, (2, 3)),
    ),
    "dice of a batch": (
        {"logits": drawn(N, 3, 4, 5)},
        {"target": PIXELS, "reduce_over": "batch"},
        lambda logits: soft_dice(logits, PIXELS, (0, 2, 3)),
    ),
    "psnr": (
        {"pred": drawn(N)},
        {"target": SIGNS},
        lambda pred: 10 * F.mse_loss(pred, SIGNS).log10(),
    ),
}


def numpy(value):
    return value.numpy() if isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_that_of_torch(case):
    predictions, given, plain = CASES[case]
    own = [one.clone().requires_grad_() for one in predictions.values()]
    value = plain(*own)
    wanted = torch.autograd.grad(value, own)
    words = {key: numpy(one) for key, one in (predictions | given).items()}
    found = evaluate(case.partition(" ")[0], **words, grad=True)
    assert found.value == pytest.approx(value.item(), rel=1e-12)
    assert [*found.gradient] == [*predictions]
    for key, slope in zip(predictions, wanted, strict=True):
        assert found.gradient[key] == pytest.approx(slope.numpy(), rel=1e-9, abs=1e-12), key


def test_labels_and_targets_have_none():
    given = {"logits": np.eye(3), "target_logits": np.ones((3, 3))}
    assert [*evaluate("ce", **given, grad=True).gradient] == ["logits"]
    dpo = {key: [-1.0, -2.0] for key in ("chosen", "rejected", "ref_chosen", "ref_rejected")}
    assert [*evaluate("dpo", **dpo, grad=True).gradient] == ["chosen", "rejected"]
    mase = {"pred": [1.0, 2.0], "scale": [1.0, 3.0], "target": [0.0, 0.0]}
    assert [*evaluate("mase", **mase, grad=True).gradient] == ["pred"]
    typed = {"mean": [1.0, 2.0], "std": 0.5, "target": [0.0, 0.0]}
    assert [*evaluate("gaussian-nll", **typed, grad=True).gradient] == ["mean"]
    events = {"log_hazard": [1.0, 2.0], "time": [1.0, 3.0], "event": [1, 1]}
    assert [*evaluate("cox", **events, grad=True).gradient] == ["log_hazard"]
