"""Connectionist temporal classification: against all paths, torch, and hand-made cases."""

from __future__ import annotations

import json
from itertools import groupby, product
from math import exp, log

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate, plan
from losscli.cli import main
from losscli.errors import DataError, UsageError

RNG = np.random.default_rng(6)
T, N, C = 5, 7, 4
LOGITS = RNG.normal(0, 2, (T, N, C))
LOGS = LOGITS - np.log(np.exp(LOGITS).sum(-1, keepdims=True))
OWN = [2, 1, 3, 2, 0, 3, 2]
ROWS = [[1, 2], [3], [1, 1, 2], [2, 2], [], [3, 1, 3], [2, 3]]
PADDED = np.array([row + [-1] * (3 - len(row)) for row in ROWS])
STEPS = [5, 4, 4, 3, 2, 5, 2]


def said(path, blank):
    """What a path says: without repeats, and then without blanks."""
    return [one for one, _ in groupby(path) if one != blank]


def by_paths(logs, labels, steps, blank=0):
    """The loss by its definition: the sum over all paths that say the labels."""
    paths = product(range(logs.shape[-1]), repeat=steps)
    found = [exp(sum(logs[t, c] for t, c in enumerate(path)))
             for path in paths if said(path, blank) == labels]  # fmt: skip
    return -log(sum(found)) if found else np.inf


def edits(one, other):
    """Levenshtein's distance, by its recursion."""
    if not one or not other:
        return len(one) + len(other)
    if one[0] == other[0]:
        return edits(one[1:], other[1:])
    return 1 + min(edits(one[1:], other), edits(one, other[1:]), edits(one[1:], other[1:]))


WANTED = np.array([by_paths(LOGS[:, n], ROWS[n], T) for n in range(N)])
SHORT = np.array([by_paths(LOGS[:, n], ROWS[n], STEPS[n]) for n in range(N)])


@pytest.mark.parametrize("kind", ["logits", "log_probs"])
def test_definition(kind):
    given = {kind: LOGITS if kind == "logits" else LOGS}
    found = evaluate("ctc", **given, target=PADDED)
    np.testing.assert_allclose(found.elements, WANTED, rtol=1e-12)
    each = WANTED / np.maximum(OWN, 1)
    assert found.value == pytest.approx(each.mean(), rel=1e-12)
    assert found.metrics["plain_mean"] == pytest.approx(WANTED.mean(), rel=1e-12)
    assert evaluate("ctc", **given, target=PADDED, reduction="sum").value == pytest.approx(
        WANTED.sum(), rel=1e-12
    )
    assert evaluate("ctc", **given, target=PADDED, reduction="none").value is None


@pytest.mark.parametrize("zero", [False, True])
def test_lengths(zero):
    """Rows end before the last step: the last one but one needs more steps than it has."""
    given = {"logits": LOGITS, "input_lengths": STEPS, "zero_infinity": zero}
    found = evaluate("ctc", **given, target=PADDED)
    assert np.isfinite(SHORT).all()
    np.testing.assert_allclose(found.elements, SHORT, rtol=1e-12)
    wrong = np.where(PADDED < 0, 9, PADDED)
    same = evaluate("ctc", **given, target=wrong, target_lengths=OWN)
    np.testing.assert_array_equal(same.elements, found.elements)
    chained = evaluate("ctc", **given, target=np.concatenate(ROWS).astype(int), target_lengths=OWN)
    np.testing.assert_array_equal(chained.elements, found.elements)
    assert chained.metrics == found.metrics
    theirs = F.ctc_loss(
        torch.tensor(LOGS), torch.tensor(PADDED).clamp(min=0), torch.tensor(STEPS),
        torch.tensor(OWN), zero_infinity=zero,
    )  # fmt: skip
    assert found.value == pytest.approx(theirs.item(), rel=1e-12)


def test_impossible():
    given = {"logits": LOGITS, "target": PADDED, "input_lengths": 3}
    found = evaluate("ctc", **given)
    assert np.isinf(found.elements).tolist() == [False, False, True, *[False] * 4]
    (warning,) = found.warnings
    assert (warning.code, warning.index, warning.count) == ("impossible", (2,), 1)
    assert "row 3" in warning.message
    assert "need 4 time steps" in warning.message
    zero = evaluate("ctc", **given, zero_infinity=True)
    assert zero.elements[2] == 0
    assert zero.value == pytest.approx(np.delete(zero.elements / np.maximum(OWN, 1), 2).sum() / N)
    assert [one.code for one in zero.warnings] == ["impossible"]


def test_blank():
    order = [1, 2, 0, 3]  # the blank is class 2, and what were 1 and 2 are 0 and 1
    logits = LOGITS[..., order]
    target = np.array([[-1, 0, 1, 3][one] if one > 0 else -1 for one in PADDED.ravel()])
    found = evaluate("ctc", logits=logits, target=target.reshape(PADDED.shape), blank=2)
    np.testing.assert_allclose(found.elements, WANTED, rtol=1e-12)
    padded = np.where(PADDED < 0, 0, PADDED)  # Keras's padding is the blank
    found = evaluate("ctc", logits=LOGITS, target=padded)
    np.testing.assert_allclose(found.elements, WANTED, rtol=1e-12)
    with pytest.raises(UsageError, match="--blank 4 is no class"):
        evaluate("ctc", logits=LOGITS, target=PADDED, blank=4)
    (warning,) = evaluate("ctc", logits=LOGITS, target=np.array([[1, 0, 2]] * N)).warnings
    assert (warning.code, warning.count) == ("blank-label", N)


def test_batch_first():
    wanted = evaluate("ctc", logits=LOGITS, target=PADDED)
    turned = np.ascontiguousarray(LOGITS.swapaxes(0, 1))
    found = evaluate("ctc", logits=turned, target=PADDED, batch_first=True)
    np.testing.assert_array_equal(found.elements, wanted.elements)
    with pytest.raises(DataError, match="5 sequences") as error:
        evaluate("ctc", logits=LOGITS[:, :5], target=PADDED)
    assert error.value.code == "row-count"
    with pytest.raises(DataError, match="sequences") as error:
        evaluate("ctc", logits=LOGITS, target=np.int64(1))
    assert error.value.code == "row-count"


def test_text(tmp_path):
    text = ["".join("_abc"[one] for one in row) for row in ROWS]
    found = evaluate("ctc", logits=LOGITS, target=text, classes="a,b,c")
    np.testing.assert_allclose(found.elements, WANTED, rtol=1e-12)
    assert found.first[0].cells[1] == "ab"
    (tmp_path / "chars.txt").write_text("a\nb\n<space>\n")
    spaced = [one.replace("c", " ") for one in text]
    found = evaluate("ctc", logits=LOGITS, target=spaced, classes=str(tmp_path / "chars.txt"))
    np.testing.assert_allclose(found.elements, WANTED, rtol=1e-12)
    with pytest.raises(DataError, match="row 3, character 3: --classes has no such"):
        evaluate("ctc", logits=LOGITS, target=[*text[:2], "aaz", *text[3:]], classes="a,b,c")
    with pytest.raises(DataError, match="nothing says which class"):
        evaluate("ctc", logits=LOGITS, target=text)
    with pytest.raises(UsageError, match="list the others"):
        evaluate("ctc", logits=LOGITS, target=text, classes="_,a,b,c")


@pytest.mark.parametrize("steps", [None, STEPS])
def test_error_rate(steps):
    found = evaluate("ctc", logits=3 * LOGITS, target=PADDED, input_lengths=steps)
    ends = steps or [T] * N
    guessed = [said(LOGITS[: ends[n], n].argmax(-1).tolist(), 0) for n in range(N)]
    wrong = [edits(one, other) for one, other in zip(guessed, ROWS, strict=True)]
    assert found.metrics["cer"] == pytest.approx(sum(wrong) / sum(OWN))
    assert found.accuracy == pytest.approx(np.mean([one == 0 for one in wrong]))
    weight = np.arange(1.0, N + 1)
    found = evaluate(
        "ctc", logits=3 * LOGITS, target=PADDED, input_lengths=steps, sample_weight=weight
    )
    assert found.metrics["cer"] == pytest.approx((weight * wrong).sum() / (weight * OWN).sum())


def test_what_counts():
    mask = np.array([1, 0, 1, 1, 0, 1, 1])
    found = evaluate("ctc", logits=LOGITS, target=PADDED, mask=mask)
    each = WANTED / np.maximum(OWN, 1)
    assert found.value == pytest.approx(each[mask > 0].mean())
    found = evaluate("ctc", logits=LOGITS, target=PADDED, sample_weight=mask)
    assert found.value == pytest.approx(each[mask > 0].mean())
    broken = LOGITS.copy()
    broken[3, mask == 0] = np.nan
    found = evaluate("ctc", logits=broken, target=PADDED, nan="omit")
    assert found.value == pytest.approx(each[mask > 0].mean())
    with pytest.raises(DataError, match=r"row 4, \[1, 0\]: NaN"):
        evaluate("ctc", logits=broken, target=PADDED)


def test_scores_given_as_log_probs():
    with pytest.raises(DataError, match="above 0"):
        evaluate("ctc", log_probs=LOGITS, target=PADDED)
    (warning,) = evaluate("ctc", log_probs=LOGITS - 20, target=PADDED).warnings
    assert (warning.code, warning.count) == ("log-probs-sum", T * N)
    assert "--logits" in warning.hint


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"logits": LOGITS[0], "target": PADDED}, "time first"),
        ({"target": PADDED + 2}, "is no label"),
        ({"target": PADDED + 0.5}, "is no label"),
        ({"input_lengths": 6}, "a length of 6"),
        ({"input_lengths": [5.5] * N}, "a length of 5.5"),
        ({"target_lengths": [4] * N}, "a length of 4"),
        ({"target_lengths": [1, 2]}, "shapes differ"),
        ({"target": [1, 2, 3]}, "end to end"),
        ({"target": [1, 2, 3], "target_lengths": [1] * N}, "sum to 7"),
        ({"target": np.where(PADDED < 0, -100, PADDED)}, "-100 is no label"),
    ],
)
def test_refused(given, text):
    with pytest.raises(DataError) as error:
        evaluate("ctc", **{"logits": LOGITS, "target": PADDED, **given})
    assert text in str(error.value)


def test_through_the_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(plan, "LEAF", 2 * T * C)
    np.save(tmp_path / "z.npy", LOGS)
    (tmp_path / "y.csv").write_text("text\n" + "\n".join("ab" for _ in range(N)) + "\n")
    words = f"ctc --log-probs {tmp_path}/z.npy --target {tmp_path}/y.csv:text --classes a,b,c"
    words += " --input-lengths 5,5,5,5,5,5,4 --json --reduction none"
    with pytest.raises(SystemExit):
        main(words.split())
    found = json.loads(capsys.readouterr().out)
    wanted = [by_paths(LOGS[:, n], [1, 2], 5 - (n == 6)) for n in range(N)]
    np.testing.assert_allclose(found["elements"], wanted, rtol=1e-12)


def test_batches_are_not_joined_along_time(tmp_path):
    """Of as many targets as each has sequences, it would be a number."""
    scores = np.log(np.full((2, 4, 2, 3), 1 / 3))
    torch.save([{"z": torch.from_numpy(one)} for one in scores], tmp_path / "a.pt")
    lines = [json.dumps({"z": one}) for one in scores.tolist()]
    (tmp_path / "a.json").write_text(f"[{','.join(lines)}]")
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    for name in ("a.pt", "a.json", "a.jsonl"):
        with pytest.raises(DataError, match=r"is a list of batches, .* that is time"):
            evaluate("ctc", log_probs=f"{tmp_path / name}:*.z", target=[[1], [2]])
        first = evaluate(
            "ctc", log_probs=f"{tmp_path / name}:*.z", target=[[1, 2]] * 8, batch_first=True
        )
        assert first.stats["count"] == 8


def test_shards_are_not_joined_along_time(tmp_path):
    scores = np.log(np.full((4, 2, 3), 1 / 3))
    for at in range(2):
        np.save(tmp_path / f"part-{at}.npy", scores)
    with pytest.raises(DataError, match="that is time"):
        evaluate("ctc", log_probs=str(tmp_path / "part-*.npy"), target=[[1], [2]])
    turned = evaluate(
        "ctc", log_probs=str(tmp_path / "part-*.npy"), target=[[1, 2]] * 8, batch_first=True
    )
    assert turned.stats["count"] == 8
