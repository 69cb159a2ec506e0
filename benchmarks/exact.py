"""The losses by their definitions, as papers and documentations have them, in mpmath.

With :data:`DIGITS` digits nothing cancels, so that each is written down plainly. ``DEFINITIONS``
has a row for each loss and kind of prediction: the definition of one prediction and one target,
and the values of both that are worth a look. Those of several inputs, or of whole data, are in
``exact_rows.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Any

from mpmath import log, mp, mpf, sqrt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DIGITS = 400
"""The smallest double is 1e-323: next to 1, it has some eighty digits left."""

mp.dps = DIGITS

exp, expm1, cosh = map(cache, (mp.exp, mp.expm1, mp.cosh))
"""Of huge numbers they take long, and few are asked for again and again."""


@dataclass(frozen=True)
class Definition:
    """What a loss is of one prediction and one target.

    Attributes:
        loss: Its name.
        kind: What the predictions are.
        formula: The loss of numbers, or of rows of them; or the losses of a row.
        predictions: Numbers, or rows of them.
        targets: Each goes with each prediction.
        options: What is not the default.
        second: What the second input is called.
        beside: Further inputs, each value of which goes with each pair; the formula has them after
            the two.
        whole: Rows depend on each other: each prediction, with each target, is all there is.
    """

    loss: str
    kind: str
    formula: Callable[[Any, Any], Any]
    predictions: Sequence[Any]
    targets: Sequence[Any]
    options: dict[str, Any] = field(default_factory=dict)
    second: str = "target"
    beside: dict[str, Sequence[Any]] = field(default_factory=dict)
    whole: bool = False


def both(values: Sequence[float]) -> list[Any]:
    """Values of both signs."""
    return [*(-value for value in reversed(values)), *values]


BELOW, ABOVE, LEAST = "below 1", "above 1", "least"
"""Words, as they differ between dtypes: the neighbours of 1, and the smallest number above 0."""

SIZES = [1e-20, 1e-8, 1e-3, 0.1, 0.5, 1, 3, 10, 17, 30, 49, 51, 88, 89, 104, 700, 1e4, 1e30, inf]
SCORES = [*both(SIZES), 0, LEAST, ABOVE]
FEW = [-inf, -104, -1e-8, 0, ABOVE, 20, 1e4, inf]
ROWS = [*product(FEW, repeat=3)]
PROBS = [0, LEAST, 1e-38, 1e-20, 1e-8, 1e-3, 0.05, 0.1, 0.4, 0.5, 0.6, 0.9, 0.999, BELOW, 1]
LOGS = [-size for size in (0, 1e-38, *SIZES)]
SHARES = [
    *((1, 0, 0), (0, 1, 0), (0.5, 0.5, 0), (0.2, 0.3, 0.5), (LEAST, BELOW, 0), (1e-8, BELOW, 1e-8)),
    *((0.1, 0.1, 0.8), (1e-38, 0.25, 0.75), (0.25, 0.25, 0.5), (0.9, 0.05, 0.05)),
]
ERRORS = [1e-38, 1e-30, 1e-20, 1e-10, 1e-5, 1e-3, 0.1, 0.3, 0.5, 0.999, 1, 1.5, 3, 7, 20, 1e3, 1e5]
VALUES = [0, *both([*ERRORS, 1e9, 1e15, 1e18, 1e30, 1e38, inf]), LEAST, BELOW, ABOVE]
TRUTHS = [0, 1, -2.5, 1e10, 1e-30]
AMOUNTS = [LEAST, 1e-38, 1e-20, 1e-5, 0.1, 0.5, BELOW, 1, ABOVE, 1.001, 2, 3, 10, 1e5, 1e18, 1e38]
COUNTS = [0, 1, 2, 3, 10, 1000, 1e6]
LOG_AMOUNTS = [0, *both([1e-20, 1e-3, 0.5, 1, 3, 10, 50, 88, 104, 700])]
BITS, SIGNS, SOFT = [0, 1], [-1, 1], [0, 1, 0.5, 0.3]


def times(factor: mpf, value: mpf) -> mpf:
    """A product in which 0 times infinity is 0."""
    return factor * value if factor else mpf(0)


def ln(x: mpf) -> mpf:
    return log(x) if x else -mpf("inf")


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + exp(-x))


def of_logit(formula: Callable[..., mpf]) -> Callable[[mpf, mpf], mpf]:
    """A loss of the probabilities of yes and no, from a logit."""
    return lambda x, y: formula(sigmoid(x), sigmoid(-x), y)


def of_prob(formula: Callable[..., mpf]) -> Callable[[mpf, mpf], mpf]:
    return lambda p, y: formula(p, 1 - p, y)


def of_log_prob(formula: Callable[..., mpf]) -> Callable[[mpf, mpf], mpf]:
    return lambda x, y: formula(exp(x), -expm1(x), y)


def bce(p: mpf, q: mpf, y: mpf) -> mpf:
    return -times(y, ln(p)) - times(1 - y, ln(q))


def clamped(p: mpf, q: mpf, y: mpf) -> mpf:
    """With the logarithms that torch clamps."""
    return -y * max(ln(p), -100) - (1 - y) * max(ln(q), -100)


def focal(p: mpf, q: mpf, y: mpf, cost: Callable[..., mpf] = bce) -> mpf:
    return times((q * y + p * (1 - y)) ** 2, cost(p, q, y))


def asl(p: mpf, q: mpf, y: mpf) -> mpf:
    shifted, least = min(q + mpf(0.05), 1), mpf(1e-8)
    easy = (1 - y) * (1 - shifted) ** 4
    return -y * q * log(max(p, least)) - easy * log(max(shifted, least))


def softmax(row: Sequence[mpf]) -> list[mpf]:
    powers = [exp(x - max(row)) for x in row]
    return [power / sum(powers) for power in powers]


def of_logits(formula: Callable[..., Any]) -> Callable[[Sequence[mpf], Any], Any]:
    """A loss of rows of probabilities, from logits."""
    return lambda row, y: formula(softmax(row), y)


def hot(row: Sequence[mpf], y: Any) -> Sequence[mpf]:
    return y if isinstance(y, tuple) else [mpf(c == y) for c in range(len(row))]


def expected(cost: Callable[[mpf], mpf]) -> Callable[[Sequence[mpf], Any], mpf]:
    """What the true class costs, or soft targets on the average."""
    return lambda row, y: sum(
        times(share, cost(p)) for p, share in zip(row, hot(row, y), strict=True)
    )


def rest(row: Sequence[mpf], y: int) -> list[mpf]:
    return [x for c, x in enumerate(row) if c != y]


def gap(p: mpf, y: mpf) -> mpf:
    return times(y, ln(y) - ln(p))


def js(p: Sequence[mpf], q: Sequence[mpf]) -> mpf:
    pairs = [*zip(p, q, strict=True)]
    return sum(gap((a + b) / 2, a) + gap((a + b) / 2, b) for a, b in pairs) / 2


def zlpr(row: Sequence[mpf], y: Sequence[mpf]) -> mpf:
    pairs = [*zip(row, y, strict=True)]
    inside = sum(times(share, exp(-x)) for x, share in pairs)
    return log(1 + inside) + log(1 + sum(times(1 - share, exp(x)) for x, share in pairs))


def multilabel_margin(row: Sequence[mpf], y: Sequence[mpf]) -> mpf:
    pairs = [*zip(row, y, strict=True)]
    others = [x for x, share in pairs if not share]
    return sum(max(0, 1 - x + z) for x, share in pairs if share for z in others) / len(row)


def tweedie(rate: mpf, y: mpf, p: float) -> mpf:
    if p == 1:
        return 2 * (times(y, ln(y) - ln(rate)) - y + rate)
    if p == 2:
        return 2 * (log(rate / y) + y / rate - 1)
    a, b = 1 - mpf(p), 2 - mpf(p)
    return 2 * (y**b / (a * b) - times(y, rate**a) / a + rate**b / b)


def gaussian(mean: mpf, y: mpf, var: float) -> mpf:
    wide = max(mpf(var), mpf(1e-6))
    return (log(wide) + (y - mean) ** 2 / wide) / 2


def wing(e: mpf) -> mpf:
    bend = 5 * log(1 + min(e, 5) / mpf(0.5))
    return bend + max(e - 5, 0)


def poisson(rate: mpf, y: mpf, eps: float = 1e-8) -> mpf:
    return rate - times(y, ln(rate + mpf(eps)))


def of_error(loss: str, formula: Callable[[mpf], mpf], **options: Any) -> Definition:
    """A loss of the size of the error alone."""
    return Definition(loss, "pred", lambda x, y: formula(abs(x - y)), VALUES, TRUTHS, options)


def of_classes(loss: str, formula: Callable[..., Any], **options: Any) -> list[Definition]:
    """A loss of the probabilities of classes."""
    return [
        Definition(loss, "logits", of_logits(formula), ROWS, [0, 2], options),
        Definition(loss, "probs", formula, SHARES, [0, 2], options),
    ]


def of_shares(loss: str, formula: Callable[..., Any]) -> list[Definition]:
    """A loss of two distributions."""
    return [
        Definition(loss, "logits", of_logits(formula), ROWS[::5], SHARES[:6]),
        Definition(loss, "probs", formula, SHARES, SHARES),
    ]


HOT = [(1, 0, 0), (0, 1, 1), (1, 1, 1)]
LOG_ROWS = [*product([-inf, -1e4, -1e-8, 0], repeat=3)]

DEFINITIONS = [
    Definition("bce", "logits", of_logit(bce), SCORES, SOFT),
    Definition("bce", "probs", of_prob(clamped), PROBS, SOFT),
    Definition("bce", "log_probs", of_log_prob(bce), LOGS, SOFT),
    Definition("focal", "logits", of_logit(focal), SCORES, BITS),
    Definition("focal", "probs", of_prob(lambda *a: focal(*a, cost=clamped)), PROBS, BITS),
    Definition("hinge", "logits", lambda x, y: max(0, 1 - x * y), SCORES, SIGNS),
    Definition("squared-hinge", "logits", lambda x, y: max(0, 1 - x * y) ** 2, SCORES, SIGNS),
    Definition("perceptron", "logits", lambda x, y: max(0, -x * y), SCORES, SIGNS),
    Definition("soft-margin", "logits", lambda x, y: log(1 + exp(-x * y)), SCORES, SIGNS),
    Definition("brier", "logits", of_logit(lambda p, q, y: (q if y else p) ** 2), SCORES, BITS),
    Definition("brier", "probs", lambda p, y: (p - y) ** 2, PROBS, SOFT),
    Definition("zero-one", "logits", lambda x, y: mpf((x > 0) != y), SCORES, BITS),
    Definition("asl", "logits", of_logit(asl), SCORES, BITS),
    Definition("asl", "probs", of_prob(asl), PROBS, BITS),
    Definition(
        "multilabel-soft-margin",
        "logits",
        lambda row, y: sum(map(of_logit(bce), row, y)) / len(row),
        ROWS,
        HOT,
    ),
    Definition("multilabel-margin", "logits", multilabel_margin, ROWS, HOT),
    Definition("zlpr", "logits", zlpr, ROWS, HOT),
    *of_classes("ce", expected(lambda p: -ln(p))),
    Definition("ce", "log_probs", lambda row, y: -row[y], LOG_ROWS, [0, 2]),
    Definition("nll", "log_probs", lambda row, y: -row[y], LOG_ROWS, [0, 2]),
    *of_classes("focal-ce", expected(lambda p: -times((1 - p) ** 2, ln(p)))),
    *of_classes("poly1", expected(lambda p: -ln(p) + 2 * (1 - p))),
    *of_classes("gce", lambda row, y: (1 - row[y] ** mpf(0.7)) / mpf(0.7)),
    Definition(
        "brier",
        "logits",
        of_logits(lambda row, y: sum((p - h) ** 2 for p, h in zip(row, hot(row, y), strict=True))),
        ROWS,
        [0, 2],
    ),
    Definition(
        "multi-margin",
        "logits",
        lambda row, y: sum(max(0, 1 - row[y] + x) for x in rest(row, y)) / len(row),
        ROWS,
        [0, 2],
    ),
    Definition(
        "multiclass-hinge",
        "logits",
        lambda row, y: max(0, *(1 - row[y] + x for x in rest(row, y))),
        ROWS,
        [0, 2],
    ),
    Definition(
        "categorical-hinge",
        "logits",
        lambda row, y: max(0, 1 - row[y] + max(0, *rest(row, y))),
        ROWS,
        [0, 2],
    ),
    *of_shares("kl", lambda row, y: [*map(gap, row, y)]),
    *of_shares("js", js),
    of_error("mse", lambda e: e**2),
    of_error("rmse", lambda e: e**2),
    of_error("mae", lambda e: e),
    of_error("smooth-l1", lambda e: e**2 / 2 if e < 1 else e - mpf(0.5)),
    of_error("huber", lambda e: e**2 / 2 if e < 2 else 2 * (e - 1), delta=2.0),
    of_error("log-cosh", lambda e: log(cosh(e))),
    of_error("charbonnier", lambda e: sqrt(1 + e**2) - 1),
    of_error("cauchy", lambda e: log(1 + e**2 / 2)),
    of_error("welsch", lambda e: 1 - exp(-(e**2) / 2)),
    of_error("geman-mcclure", lambda e: 2 * e**2 / (e**2 + 4)),
    of_error("wing", wing),
    of_error("quantile", lambda e: e / 2),
    of_error("expectile", lambda e: e**2 / 2),
    of_error("wape", lambda e: e),
    Definition(
        "mape", "pred", lambda x, y: abs(x - y) / max(abs(y), mpf(2) ** -52), VALUES, TRUTHS[1:4]
    ),
    Definition(
        "smape",
        "pred",
        lambda x, y: 2 * abs(x - y) / (abs(x) + abs(y)) if x or y else mpf(0),
        VALUES,
        TRUTHS,
    ),
    Definition("msle", "pred", lambda x, y: log((1 + x) / (1 + y)) ** 2, AMOUNTS, [0, 1, 10]),
    Definition("rmsle", "pred", lambda x, y: log((1 + x) / (1 + y)) ** 2, AMOUNTS, [0, 1, 10]),
    Definition("poisson-nll", "rate", poisson, [0, *AMOUNTS], COUNTS),
    Definition("poisson-nll", "log_rate", lambda x, y: exp(x) - y * x, LOG_AMOUNTS, COUNTS),
    *(
        definition
        for power in (1.0, 1.5, 2.0, 3.0)
        for targets in [[*COUNTS, 1.001] if power < 2 else [*COUNTS[1:], 1.001, 1e-20]]
        for definition in (
            Definition(
                *("tweedie", "rate"),
                lambda x, y, power=power: tweedie(x, y, power),
                AMOUNTS,
                targets,
                {"power": power},
            ),
            Definition(
                *("tweedie", "log_rate"),
                lambda x, y, power=power: tweedie(exp(x), y, power),
                LOG_AMOUNTS,
                targets,
                {"power": power},
            ),
        )
    ),
    Definition("gamma", "rate", lambda x, y: tweedie(x, y, 2), AMOUNTS, [*COUNTS[1:], 1e-20]),
    Definition(
        "gamma", "log_rate", lambda x, y: tweedie(exp(x), y, 2), LOG_AMOUNTS, [*COUNTS[1:], 1e-20]
    ),
    *(
        Definition(
            *("gaussian-nll", "mean"),
            lambda x, y, var=var: gaussian(x, y, var),
            VALUES,
            TRUTHS,
            {"var": var},
        )
        for var in (0.0, 0.5, 1e10)
    ),
]
