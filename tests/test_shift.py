"""Sequences scored against later positions: next-token losses of what a model was given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate, plan
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(29)
LOGITS = torch.from_numpy(RNG.normal(size=(9, 7, 5)))
LABELS = torch.from_numpy(RNG.integers(0, 5, (9, 7)))
PADDED = torch.where(torch.arange(7) < torch.arange(9)[:, None] % 5 + 3, LABELS, -100)


def usual(logits, labels, shift, **more):
    """As training code of causal language models writes it."""
    kept = logits[:, :-shift].reshape(-1, logits.shape[-1])
    return F.cross_entropy(kept, labels[:, shift:].reshape(-1), **more)


@pytest.mark.parametrize("shift", [1, 2, 6])
@pytest.mark.parametrize("labels", [LABELS, PADDED])
def test_as_training_code_does(shift, labels):
    if shift == 6:
        labels = LABELS
    wanted = usual(LOGITS, labels, shift).item()
    found = evaluate("ce", logits=LOGITS, target=labels, shift=shift)
    assert found.value == pytest.approx(wanted, rel=1e-12)
    assert found.denominator == int((labels[:, shift:] != -100).sum())
    assert f"|shift={shift}|" in found.signature
    assert found.shape == (9, 7 - shift)
    pairs = usual(LOGITS, labels, shift, reduction="none").reshape(found.shape)
    assert found.elements == pytest.approx(pairs.numpy(), rel=1e-9)
    logs = LOGITS.log_softmax(2)
    assert evaluate("nll", log_probs=logs, target=labels, shift=shift).value == pytest.approx(
        wanted, rel=1e-12
    )
    hits = (LOGITS[:, :-shift].argmax(2) == labels[:, shift:])[labels[:, shift:] != -100]
    assert found.accuracy == hits.double().mean().item()


def test_classes_before_positions():
    first = evaluate("ce", logits=LOGITS.transpose(1, 2), target=LABELS, shift=2)
    assert first.value == pytest.approx(usual(LOGITS, LABELS, 2).item(), rel=1e-12)
    square, labels = torch.from_numpy(RNG.normal(size=(9, 7, 7))), LABELS
    with pytest.raises(DataError, match="ambiguous"):
        evaluate("ce", logits=square, target=labels, shift=1)
    found = evaluate("ce", logits=square, target=labels, shift=1, class_axis=-1)
    assert found.value == pytest.approx(usual(square, labels, 1).item(), rel=1e-12)


def test_soft_targets():
    shares = LOGITS.flip(0).softmax(2)
    found = evaluate("ce", logits=LOGITS, target=shares, shift=1, class_axis=-1)
    pairs = LOGITS[:, :-1].reshape(-1, 5), shares[:, 1:].reshape(-1, 5)
    assert found.value == pytest.approx(F.cross_entropy(*pairs).item(), rel=1e-12)


def test_masks_and_weights_go_with_the_targets():
    mask, weight = RNG.random((9, 7)) < 0.6, RNG.random((9, 7))
    losses = usual(LOGITS, LABELS, 1, reduction="none").reshape(9, 6).numpy()
    found = evaluate("ce", logits=LOGITS, target=LABELS, shift=1, mask=mask)
    assert found.value == pytest.approx(losses[mask[:, 1:]].mean(), rel=1e-12)
    found = evaluate("ce", logits=LOGITS, target=LABELS, shift=1, sample_weight=weight)
    wanted = (losses * weight[:, 1:]).sum() / weight[:, 1:].sum()
    assert found.value == pytest.approx(wanted, rel=1e-12)
    found = evaluate("ce", logits=LOGITS, target=LABELS, shift=1, mask=mask[:, 1:])
    assert found.value == pytest.approx(losses[mask[:, 1:]].mean(), rel=1e-12)
    found = evaluate("ce", logits=LOGITS, target=LABELS, shift=1, sample_weight=weight[:, 0])
    wanted = (losses.mean(1) * weight[:, 0]).sum() / weight[:, 0].sum()
    assert found.value == pytest.approx(wanted, rel=1e-12)


def test_weights_of_classes_are_those_of_the_targets_that_are_left():
    labels = LABELS.clone()
    labels[:, 0] = 0
    found = evaluate("ce", logits=LOGITS, target=labels, shift=1, class_weight="balanced")
    counts = [int((labels[:, 1:] == one).sum()) for one in range(5)]
    wanted = [54 / (5 * one) for one in counts]
    assert found.options["weight"] == pytest.approx(wanted, rel=1e-12)


def test_mistakes_have_their_place_in_the_whole(tmp_path):
    labels = LABELS.numpy().copy()
    labels[3, 4] = 9
    np.save(tmp_path / "y.npy", labels)
    with pytest.raises(DataError, match=r"y\.npy, row 4, column 5: class 9"):
        evaluate("ce", logits=LOGITS, target=str(tmp_path / "y.npy"), shift=1)
    labels[3, 4] = 0
    labels[:, 0] = 9  # which is never scored
    assert evaluate("ce", logits=LOGITS, target=labels, shift=1).stats["count"] == 54
    logits = LOGITS.numpy().copy()
    logits[2, 3, 1] = np.nan
    np.save(tmp_path / "z.npy", logits)
    with pytest.raises(DataError, match=r"z\.npy, row 3, \[3, 1\]: NaN"):
        evaluate("ce", logits=str(tmp_path / "z.npy"), target=LABELS, shift=1)
    logits[2, 3, 1] = 0
    logits[:, -1] = np.nan
    assert evaluate("ce", logits=logits, target=LABELS, shift=1).value > 0


@pytest.mark.parametrize(
    ("logits", "target"),
    [
        (LOGITS[0], LABELS[0]),  # one sequence: its rows are positions
        (LOGITS[:, :, None].expand(9, 7, 3, 5), LABELS[:, :, None].expand(9, 7, 3)),
        (LOGITS, LABELS[:, :, None]),
    ],
)
def test_rows_are_not_shifted_into_each_other(logits, target):
    evaluate("ce", logits=logits, target=target, class_axis=-1)
    with pytest.raises(UsageError, match=r"--shift has no meaning here: .*\(1, T\)"):
        evaluate("ce", logits=logits, target=target, class_axis=-1, shift=1)
    if logits.ndim == 2:
        found = evaluate("ce", logits=logits[None], target=target[None], shift=1)
        assert found.value == pytest.approx(usual(logits[None], target[None], 1).item(), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "shift", "error", "told"),
    [
        ("ce", 7, DataError, "--shift 7 leaves nothing of target: its sequences have 7 positions"),
        ("ce", -1, UsageError, "--shift must be >= 0, not -1"),
        ("ce", 0.5, UsageError, "--shift must be a whole number"),
        ("focal-ce", 1, UsageError, "no option --shift"),
    ],
)
def test_refused(name, shift, error, told):
    with pytest.raises(error, match=told):
        evaluate(name, logits=LOGITS, target=LABELS, shift=shift)


def test_same_bits(monkeypatch, tmp_path):
    given = {"logits": LOGITS.float(), "target": PADDED, "shift": 1, "head": 9}
    whole = evaluate("ce", **given)
    np.save(tmp_path / "z.npy", given["logits"].numpy())
    (tmp_path / "y").mkdir()
    for at, (start, stop) in enumerate([(0, 1), (1, 5), (5, 9)]):
        np.save(tmp_path / "y" / f"part-{at}.npy", PADDED[start:stop].numpy())
    files = {"logits": str(tmp_path / "z.npy"), "target": str(tmp_path / "y")}
    monkeypatch.setattr(plan, "LEAF", 70)
    for more in ({"threads": 1}, {"threads": 3}, files):
        found = evaluate("ce", **{**given, **more})
        assert found.elements.tobytes() == whole.elements.tobytes()
        assert [one.index for one in found.first] == [one.index for one in whole.first]
