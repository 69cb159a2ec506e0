"""Numbers, names and whole tables as people read them."""

from __future__ import annotations

import math
import re

import pytest

from losscli import evaluate, report
from losscli.report.tables import add, render, table
from losscli.report.text import brief, clean, figure, percent, short


def drawn(result, style):
    return "".join(report.drawn(result, style))


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.1, 1e-300, -1e300, 1e4, 123456.0, 1e16, 5e-324]


@pytest.mark.parametrize("value", SPECIAL)
@pytest.mark.parametrize("shown", [figure, brief, short], ids=lambda shown: shown.__name__)
def test_numbers_are_near_and_short(value, shown):
    text = shown(value)
    assert float(text) == pytest.approx(value, rel=0.06, abs=1e-320)
    assert len(text) <= 20


@pytest.mark.parametrize("shown", [figure, brief, short], ids=lambda shown: shown.__name__)
def test_numbers_that_are_none(shown):
    assert [shown(value) for value in (math.nan, math.inf, -math.inf)] == ["nan", "inf", "-inf"]


def test_shares():
    shown = [percent(part) for part in (0.0, 1e-9, 0.004, 0.006, 0.5, 1.0)]
    assert shown == ["0%", "<1%", "<1%", "1%", "50%", "100%"]


@pytest.mark.parametrize(
    "text", ["a\x1b[31m", "a\nb", "a\rb", "\x9b1m", "\x07", "\u202e", "\udcff"]
)
def test_what_a_terminal_would_obey_is_shown(text):
    assert clean(text).isprintable()
    assert clean(text) != text


@pytest.mark.parametrize("text", ["preds[bold].npy", "größe", "精度", "a b", "[/red]", ":smile:"])
def test_the_rest_is_as_it_is(text):
    made = table("name", text)
    add(made, text, "x")
    assert clean(text) == text
    assert render([made], colour=False).count(text) == 2


def test_infinite_and_missing_values_have_a_screen():
    result = evaluate(
        "mse", pred=[math.inf, 1.0, math.nan], target=[0.0, 0.5, 1.0], nan="propagate"
    )
    shown = drawn(result, "table")
    assert re.match(r"mse  (nan|inf)   mean of 3\n", shown)


@pytest.mark.parametrize("style", ["table", "json", "jsonl", "tsv", "csv"])
def test_every_format_ends_its_last_line(style):
    shown = drawn(evaluate("mse", pred=[1.0, 2.0], target=[0.0, 0.5]), style)
    assert shown.endswith("\n")
    assert not shown.endswith("\n\n")


@pytest.mark.parametrize(
    ("prediction", "told"),
    [
        ([0.0, 1.0, 2.0], "100% better than the mean"),
        ([1.0, 1.0, 1.0], "no better than the mean"),
        ([1.0, 2.0, 3.0], "50% worse than the mean"),
        ([9.0, 9.0, 9.0], "97 times that of the mean"),
    ],
)
def test_headline_compares(prediction, told):
    result = evaluate("mse", pred=[*prediction], target=[0.0, 1.0, 2.0])
    line = drawn(result, "table").partition("\n")[0]
    assert line.endswith(f" · {told}")
