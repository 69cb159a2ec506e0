"""``losscli explain``: of a loss all that is known, of a code what it means and what to do."""

from __future__ import annotations

import re

import pytest
import torch

from losscli import evaluate, losses
from losscli.checks.codes import CODES
from losscli.cli.explain import bare
from losscli.docstrings import Worked, worked

TITLES = (
    "Formula",
    "Inputs",
    "Shape",
    "Options",
    "Mean",
    "Accuracy",
    "Baseline",
    "Elsewhere",
    "Related",
)
TITLES += ("Reference", "Names")


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("name", losses)
def test_loss(name, losscli):
    ran = losscli(f"explain {name}")
    loss, shown = losses[name], flat(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert shown.startswith(f"{name}: {loss.summary}")
    titles = [line for line in ran.out.splitlines() if line in TITLES]
    assert titles == [title for title in TITLES if title in titles]
    assert {"Formula", "Inputs", "Shape", "Mean", "Accuracy", "Baseline", "Reference"} <= {*titles}
    assert {"Elsewhere", "Related"} & {*titles}
    for option in loss.options.values():
        words = f" {option.choice}" if option.choice else ""
        assert f"--{option.name.replace('_', '-')}{words} {option.help}" in shown
        assert f"Must be {option.range}." in shown or not option.bounds
    assert all(other in shown for other in (*loss.aliases, *loss.differs.values()))
    assert not re.search(r">>>|[ \t]$|\x1b", ran.out, re.MULTILINE)
    assert all(len(line) <= 80 or len(line.split()) < 3 for line in ran.out.splitlines())


def test_every_number_of_a_doctest_is_shown(losscli):
    for name, loss in losses.items():
        shown = flat(losscli(f"explain {name}").out)
        for one in worked(loss.doc.sections.get("Elsewhere", "")):
            if isinstance(one, Worked):
                assert flat(f"{bare(one.shown)} {one.whose}") in shown


def test_worked_numbers_are_those_of_the_command(losscli):
    shown = flat(losscli("explain bce").out)
    found = evaluate("bce", probs=[0.0], target=[1]).value
    assert f"{found} PyTorch, losscli" in shown
    assert found == torch.nn.functional.binary_cross_entropy(torch.zeros(1), torch.ones(1))


def test_a_page(losscli):
    shown = losscli("explain huber").out
    assert flat(shown[: shown.index("Elsewhere")]) == flat(
        """
        huber: Squared for small errors, straight for large ones.
        Formula
          With e = |prediction - target|: loss = e² / 2 below delta, delta · (e - delta / 2) from
          there.
        Inputs
          --pred --target
          --pred     Predictions.
          --target   True labels or values.
        Shape
          Any; the target's is the same.
        Options
          --delta    The error at which the parabola turns into its own tangent. Must be > 0.
                     Default 1.0.
        Mean
          The mean divides by the number of losses that count.
        Accuracy
          None: nothing hits or misses.
        Baseline
          Compared with the best constant. Found by trying. Of more than 65,536 targets, to 1e-4
          of the loss.
        """
    )


def test_any_name_finds_it(losscli):
    assert losscli("explain HuberLoss") == losscli("explain huber_loss") == losscli("explain huber")


def test_a_name_whose_own_default_differs_says_so(losscli):
    (other,) = losses["gce"].differs
    lines = losscli(f"explain {other}").out.split("\n\n")[0]
    assert flat(lines).endswith(f"{other}: {losses['gce'].differs[other]}.")
    assert other not in losscli("explain gce").out.split("\n\n")[0]


def test_a_name_of_several_losses_is_refused(losscli):
    ran = losscli("explain log-loss")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: log-loss could mean several losses\nhint: bce ")


@pytest.mark.parametrize("code", CODES)
def test_code(code, losscli):
    ran = losscli(f"explain {code}")
    shown = flat(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert shown.startswith(f"{code}: {CODES[code].level} ")
    for meaning, remedy in CODES[code].texts:
        assert f"{meaning} {remedy}".strip() in shown
    assert (f"--ignore {code}" in shown) is (CODES[code].level != "error")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert losscli(f"explain {code.upper().replace('-', '_')}") == ran


def test_hints_of_codes_name_losses_and_options_that_exist(losscli):
    known = set()
    for name in (*losses, "list", "run"):
        known |= {*re.findall(r"--[a-z][a-z-]*", losscli(f"{name} --help").out)}
    for code in CODES.values():
        for text in code.texts:
            assert {*re.findall(r"--[a-z][a-z-]*", " ".join(text))} <= known


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("hubr", "huber"),
        ("squeezd", "squeezed"),
        ("probs-rang", "probs-range"),
        ("probs-som", "probs-sum"),
    ],
)
def test_typo(typed, meant, losscli):
    ran = losscli(f"explain {typed}")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: no loss or code '{typed}'\nhint: did you mean {meant}")


def test_help_lists_every_code(losscli):
    words = {word.strip(",.") for word in losscli("explain --help").out.split()}
    assert {*CODES} <= words


def test_nothing_like_it(losscli):
    ran = losscli("explain zzzzzz")
    assert ran.err.startswith("error: no loss or code 'zzzzzz'\nhint: losscli list shows all ")
    assert "losscli help list" in losscli("explain list").err
    assert losscli("explain").err.startswith("error: explain wants the name of a loss, or a code\n")
