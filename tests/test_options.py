"""Options mean what they say, or are refused: none is accepted and ignored."""

from __future__ import annotations

from math import exp, log1p
from typing import Annotated

import pytest
import torch
from torch.nn import functional as F

from losscli import evaluate
from losscli.errors import DataError, UsageError
from losscli.options import Choice
from losscli.registry import Option


@pytest.mark.parametrize(
    ("name", "given", "option"),
    [
        ("zero-one", {"pred": [1.0], "target": [1]}, {"threshold": 0.3}),
        ("zero-one", {"pred": [1.0], "target": [1]}, {"class_axis": 1}),
        ("zero-one", {"logits": [[1.0, 2]], "target": [1]}, {"threshold": 0.3}),
        ("zero-one", {"logits": [1.0], "target": [1]}, {"class_axis": 1}),
        ("zero-one", {"logits": [1.0], "target": [1]}, {"target_base": 1}),
        ("ce", {"logits": [[1.0, 2]], "target": [[0.0, 1]]}, {"ignore_index": 1}),
        ("ce", {"logits": [[1.0, 2]], "target": [[0.0, 1]]}, {"target_base": 1}),
        ("ce", {"logits": [[1.0, 2]], "target": ["b"], "classes": "a,b"}, {"target_base": 1}),
        ("ce", {"logits": [[1.0, 2]], "target": ["b"], "classes": "a,b"}, {"ignore_index": 1}),
        ("kl", {"probs": [1.0], "target": [1.0]}, {"class_axis": 5}),
    ],
)
def test_options_that_could_only_be_ignored(name, given, option):
    evaluate(name, **given)
    with pytest.raises(UsageError, match="has no meaning here"):
        evaluate(name, **given, **option)


def test_classes_of_the_same_name():
    with pytest.raises(DataError, match="two classes are named 'a'"):
        evaluate("ce", logits=[[1.0, 2, 3]], target=["a"], classes=("a", "a", "b"))


def test_a_batchmean_needs_weights():
    with pytest.raises(DataError, match="sum to 0"):
        evaluate("kl", probs=[[0.3, 0.7]], target=[[0.5, 0.5]], sample_weight=[0.0])


def test_an_option_at_its_default_is_as_if_it_were_not_given():
    given = {"logits": [1.0, -2], "target": [1, 0]}
    plain, typed = evaluate("bce", **given), evaluate("bce", **given, pos_weight="1", weight=1.0)
    assert (plain.signature, plain.guess) == (typed.signature, typed.guess)
    assert evaluate("ce", logits=[[1.0, 2]], target=[1], weight=1.0).options == {}


def test_one_number_weighs_in_double_precision():
    found = evaluate("bce", logits=[0.7, -0.2], target=[0.3, 1.0], weight=0.1, pos_weight=0.3)
    logits, target, weight = (torch.tensor(one).double() for one in ([7, -2], [3, 10], [3]))
    wanted = F.binary_cross_entropy_with_logits(logits / 10, target / 10, pos_weight=weight / 10)
    assert found.value == pytest.approx(0.1 * wanted.item(), rel=1e-14)
    hard = evaluate("bce", logits=[0.7, -0.2], target=[1, 0], weight=0.1, pos_weight=0.3)
    assert hard.value == pytest.approx(
        0.05 * (0.3 * log1p(exp(-0.7)) + log1p(exp(-0.2))), rel=1e-14
    )


def test_a_choice_of_words():
    """Of one word, or of several with commas between."""
    one = Option.read("ties", Annotated[str, Choice(("breslow", "efron"))], "breslow", "")
    assert one.check("efron") == "efron"
    assert one.range == "breslow|efron"
    for wrong in ("efrom", "", "efron,efron", 1, None):
        with pytest.raises(UsageError, match="--ties cannot be"):
            one.check(wrong)
    two = Option.read("box_format", Annotated[str, Choice(("xyxy", "xywh"), most=2)], "xyxy", "")
    assert two.check("xywh,xyxy") == "xywh,xyxy"
    with pytest.raises(UsageError, match="--box-format cannot be"):
        two.check("xywh,xyxy,xyxy")
    maybe = Option.read("by", Annotated[str, Choice(("a",))] | None, None, "")
    assert maybe.check(None) is None
