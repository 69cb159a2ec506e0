"""The docstring of every loss says all that ``explain`` is to tell, in the form that it reads."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from losscli import losses
from losscli.checks.codes import CODES
from losscli.docstrings import Worked, entries, parsed, worked

PACKAGE = Path(__file__).parents[1] / "losscli"
NEEDED = ["Shape", "Reference", "Example"]
ORDER = ["Args", "Shape", "Mean", "Elsewhere", "Related", *NEEDED[1:]]


def faults(loss, names=losses):
    """What the docstring of a loss lacks, or says in another form."""
    doc = loss.doc
    found = [f"no {one}:" for one in NEEDED if not doc.sections.get(one)]
    if [*doc.sections] != [one for one in ORDER if one in doc.sections]:
        found.append(f"its sections are not {ORDER}, in this order")
    if not re.fullmatch(r"[A-Z0-9].*\.", doc.summary):
        found.append("no first line, from a capital to a full stop")
    if not doc.formula:
        found.append('no sentence with "loss = "')
    if not {"Elsewhere", "Related"} & {*doc.sections}:
        found.append("neither Elsewhere: nor Related:")
    if not (loss.alike or "Mean" in doc.sections):
        found.append("no Mean:, although its function does not return a plain Tensor")
    helps = entries(doc.sections.get("Args", ""))
    found += [f"no line for {name} under Args:" for name in loss.options.keys() - helps.keys()]
    found += [f"{name} under Args: is no option" for name in helps.keys() - loss.options.keys()]
    related = entries(doc.sections.get("Related", ""))
    found += [f"{name} under Related: is no other loss" for name in related if name not in names]
    found += [f"{loss.name} is related to itself"] * (loss.name in related)
    if "Related" in doc.sections and not related:
        found.append("no 'name: how' under Related:")
    elsewhere = doc.sections.get("Elsewhere", "")
    if elsewhere and not any(isinstance(one, Worked) for one in worked(elsewhere)):
        found.append("no doctest under Elsewhere:")
    found += [
        f"no '  # whose' behind {line}"
        for line, after in re.findall(r"^>>> (.*)\n(.*)", elsewhere, re.MULTILINE)
        if "  # " not in line and after and not after.startswith(">>> ")
    ]
    return found


@pytest.mark.parametrize("name", losses)
def test_docstring(name):
    assert faults(losses[name]) == []


BAD = {
    "no Shape:": ("Any; the target's is the same.", ""),
    "no Reference:": ("Reference:", "Source:"),
    'no sentence with "loss = "': ("loss = ", "it is "),
    "no line for delta under Args:": ("delta: The", "gamma: The"),
    "is no other loss": ("smooth-l1: huber", "smoothed: huber"),
    "related to itself": ("smooth-l1: huber", "huber: huber"),
    "no '  # whose'": ("  # PyTorch's SmoothL1Loss", ""),
    "in this order": ("Shape:", "Shapes:"),
    "no first line": ("large ones.\n", "large ones\n"),
}


@pytest.mark.parametrize("fault", BAD)
def test_faults_are_seen(fault):
    loss, (old, new) = losses["huber"], BAD[fault]
    text = inspect.cleandoc(loss.function.__doc__)
    assert old in text
    other = type(loss)(loss.function, loss.target)
    other.__dict__["doc"] = parsed(text.replace(old, new))
    assert any(fault in one for one in faults(other))


def test_mean_is_told_where_it_cannot_be_derived():
    assert not losses["wape"].alike
    loss = type(losses["wape"])(losses["wape"].function, losses["wape"].target)
    sections = {name: text for name, text in loss.doc.sections.items() if name != "Mean"}
    loss.__dict__["doc"] = loss.doc._replace(sections=sections)
    assert any(one.startswith("no Mean:") for one in faults(loss))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mse", "The mean divides by the number of losses that count."),
        ("bce", "whatever --weight and --class-weight and --pos-weight."),
        ("multi-margin", "whatever --weight."),
        ("focal-ce", "whatever --alpha."),
        ("quantile", "of losses that count."),
        ("rmse", "The loss is the root of that mean."),
        ("kl", "The batchmean, its default, divides their sum by the number of rows."),
        ("ce", "by the sum of the --weight of the true classes"),
    ],
)
def test_mean(name, text):
    assert text in losses[name].mean


# ---- codes


def codes():
    """Every code that the source gives to a finding or an error."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            named = [one.value for one in node.keywords if one.arg == "code"]
            first = node.args[:1] if getattr(node.func, "id", "") == "Finding" else []
            for one in (*named, *first):
                if isinstance(one, ast.Constant):
                    yield one.value


def test_every_code_of_the_source_is_explained():
    found = {*codes()}
    assert {"squeezed", "shape-mismatch", "overflow"} <= found
    assert found - {""} <= {*CODES}


@pytest.mark.parametrize("code", CODES)
def test_code_says_what_it_means_and_what_to_do(code):
    assert code == code.lower()
    for meaning, remedy in CODES[code].texts:
        assert re.fullmatch(r"\S.*\.", meaning)
        assert re.fullmatch(r"\S.*[.?]|", remedy)
    assert any(remedy for _, remedy in CODES[code].texts), "below the first line, say what to do"


def test_no_code_is_the_name_of_a_loss():
    assert not [code for code in CODES if losses.knows(code)]
