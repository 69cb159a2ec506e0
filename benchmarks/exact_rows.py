"""The losses of several inputs, of rows and of whole data by their definitions, in mpmath."""

from __future__ import annotations

from itertools import pairwise, product
from math import inf
from typing import TYPE_CHECKING, Any

from exact import (
    ABOVE,
    BELOW,
    BITS,
    COUNTS,
    LEAST,
    LOG_AMOUNTS,
    ROWS,
    SIGNS,
    VALUES,
    Definition,
    both,
    exp,
    ln,
    of_classes,
    of_error,
    softmax,
    times,
)
from mpmath import acos, atan, cos, erf, log, loggamma, mp, mpf, pi, sin, sqrt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = "Sequence[mpf]"

SCORES = [*both([1e-20, 1e-3, 0.5, 3, 30, 104, 1e4, inf]), 0]
WIDTHS = [1e-30, 1e-3, 0.5, 1, BELOW, 3, 1e5]
FEW_VALUES = [*both([1e-30, 1e-5, 0.5, 1, 3, 20, 1e3, 1e10, inf]), 0, ABOVE]
FEW_TRUTHS = [0, 1, -2.5]
BOXES = [
    *((0, 0, 1, 1), (0, 0, 2, 3), (0.1, 0.1, 0.3, 0.2), (0.5, 0.5, 4, 4), (1, 1, 2, 2)),
    *((10, 20, 30, 60), (11, 19, 31, 64), (0, 0, 1e-3, 1e-3), (0, 0, 100, 200)),
    *((-5, -5, -1, 7), (0, 0, 1, ABOVE), (0, 0, 100, 0.01)),
]
VECTORS = [
    *((1, 0, 0), (0, 1, 0), (1, 1, 1), (-1, -1, -1), (3, 4, 12), (1, 1e-3, 0), (0.1, -0.2, 0.3)),
    *((1e-3, 2e-3, -1e-3), (1e4, -1e4, 3e4), (1, 1, ABOVE), (-2, 0.5, 7)),
]
COSINES = [
    *((1, 0, -1), (0.5, 0.5, 0.5), (-1, 1, 1), (0.9, 0.1, -0.3), (BELOW, 0, 0), (1e-5, -1e-5, 0)),
    *((-0.95, 0.2, 0.1), (-0.8, -0.9, 0.99), (0, 0, 0), (0.999, 0.998, -0.999)),
]
LAYER = [(1, 0.5, -2), (0.1, -1, 3)]
"""Weights of a layer, a row for each class."""

STATE = {"head.weight": LAYER, "tail.0.0.weight": [(0.5, 1, 0)], "tail.0.1.weight": [(1,), (-2,)]}
"""A frequent class, and a cluster of two."""

GRADES = [(0, 1, 2), (3, 0, 0), (1, 1, 1), (0, 0, 5)]
SIGNALS = [
    *((1, 0, 0), (1, 2, 3), (-1, 1, 0.5), (0.3, -0.2, 1e-3), (1e3, -2e3, 1e3), (1, 2, 3.01)),
]
MAPS = [
    ((2, -1, 0.5, 3), (-2, 1, 0, 0)),
    ((0, 0, 0, 0), (0, 0, 0, 0)),
    ((30, -30, 30, -30), (-30, 30, -30, 30)),
    ((1e4, 1e4, -1e4, 5), (0, 0, 0, 5)),
    ((-8, 8, -8, 8), (1, 2, -3, 0.1)),
]
PLACES = [(0, 1, 0, 1), (0, 0, 0, 1), (1, 1, 0, 1)]
PICTURES = [
    *(
        tuple(tuple(formula(y, x) for x in range(11)) for y in range(11))
        for formula in (
            lambda y, x: 0.5,
            lambda y, x: (y + x) / 32,
            lambda y, x: y * x % 8 / 8,
            lambda y, x: 1e-3 * (y - x),
            lambda y, x: ABOVE if y == x else 1,
        )
    )
]
"""Images for a single window of ssim."""
MATRICES = [
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((1, 2, 3), (3, 2, 1), (-1, 0.5, 0.1)),
    ((0.3, 0.1, -2), (0.3, 0.1, -2), (5, 5, 5)),
    ((1e3, -1e3, 1), (1e-3, 0, 2e-3), (1, 1, ABOVE)),
]
STEPS = [
    ((0, 0, 0), (0, 0, 0), (0, 0, 0)),
    ((3, -1, 0.5), (-2, 4, 1), (0, 0.1, -0.1)),
    ((30, -30, 0), (-30, 30, 0), (0, -30, 30)),
    ((1e3, 0, 0), (0, 1e3, 0), (0, 0, 1e3)),
    ((0, 30, 0), (0, 30, 0), (0, 30, 0)),
]


def dot(a: Row, b: Row) -> mpf:
    return sum(x * y for x, y in zip(a, b, strict=True))


def apart(a: Row, b: Row, eps: float = 0) -> mpf:
    return sqrt(sum((x - y + mpf(eps)) ** 2 for x, y in zip(a, b, strict=True)))


def cosine(a: Row, b: Row, least: float = 1e-8) -> mpf:
    one, other = (max(sqrt(dot(v, v)), mpf(least)) for v in (a, b))
    return dot(a, b) / (one * other)


def shifted(a: Row, b: Row) -> mpf:
    """With what PyTorch adds to the squares of lengths in its loss of cosines."""
    added = mpf(1e-12)
    return dot(a, b) / sqrt((dot(a, a) + added) * (dot(b, b) + added))


def softplus(x: mpf) -> mpf:
    return log(1 + exp(x))


def shared(a: Row, b: Row) -> mpf:
    """The area that two boxes have both."""
    sides = [min(a[k + 2], b[k + 2]) - max(a[k], b[k]) for k in (0, 1)]
    return max(sides[0], 0) * max(sides[1], 0)


def area(a: Row) -> mpf:
    return (a[2] - a[0]) * (a[3] - a[1])


def around(a: Row, b: Row) -> Row:
    return [*map(min, a[:2], b[:2]), *map(max, a[2:], b[2:])]


TINY = mpf(1e-7)


def box_iou(a: Row, b: Row) -> mpf:
    return 1 - shared(a, b) / (area(a) + area(b) - shared(a, b) + TINY)


def giou(a: Row, b: Row) -> mpf:
    union, hull = area(a) + area(b) - shared(a, b), area(around(a, b))
    return box_iou(a, b) + (hull - union) / (hull + TINY)


def diou(a: Row, b: Row) -> mpf:
    hull = around(a, b)
    diagonal = (hull[2] - hull[0]) ** 2 + (hull[3] - hull[1]) ** 2
    far = sum(((a[k] + a[k + 2] - b[k] - b[k + 2]) / 2) ** 2 for k in (0, 1))
    return box_iou(a, b) + far / (diagonal + TINY)


def ciou(a: Row, b: Row) -> mpf:
    one, other = (atan((c[2] - c[0]) / (c[3] - c[1])) for c in (a, b))
    v = 4 / pi**2 * (one - other) ** 2
    return diou(a, b) + v**2 / (box_iou(a, b) + v + TINY)


def crossed(row: Row, y: int, own: mpf, scale: int = 64) -> mpf:
    """The cross-entropy where the true class has another cosine."""
    return -ln(softmax([scale * (own if c == y else x) for c, x in enumerate(row)])[y])


def products(row: Row, layer: Sequence[Row]) -> Row:
    return [sum((a * mpf(w) for a, w in zip(row, one, strict=True)), mpf(0)) for one in layer]


def of_class(scores: Row, y: int) -> mpf:
    return -ln(softmax(scores)[y])


def clustered(row: Row, y: int) -> mpf:
    """The class, or its cluster and then the class."""
    head = of_class(products(row, STATE["head.weight"]), min(y, 1))
    small = products(row, STATE["tail.0.0.weight"])
    return head if y < 1 else head + of_class(products(small, STATE["tail.0.1.weight"]), y - 1)


def arcface(row: Row, y: int) -> mpf:
    margin = mpf(0.5)
    angle = acos(row[y]) + margin
    return crossed(row, y, cos(angle) if angle <= pi else row[y] - margin * sin(margin))


def circle(row: Row, y: int) -> mpf:
    m = mpf(0.4)
    high = max(0, 1 + m - row[y]) * (row[y] - 1 + m)
    others = [max(0, x + m) * (x - m) for c, x in enumerate(row) if c != y]
    return log(1 + sum(exp(80 * (low - high)) for low in others))


def entropy(wanted: Row, row: Row) -> mpf:
    return -sum(times(share, ln(p)) for share, p in zip(wanted, softmax(row), strict=True))


def dpo(one: mpf, other: mpf, ref: mpf, other_ref: mpf) -> mpf:
    return softplus(-mpf(0.1) * ((one - ref) - (other - other_ref)))


def student(mean: mpf, y: mpf, scale: mpf) -> mpf:
    z, half = (y - mean) / scale, mpf(1) / 2
    rest = log(4 * pi) / 2 + loggamma(2) - loggamma(2 + half)
    return log(scale) + 5 * half * log(1 + z**2 / 4) + rest


def crps(mean: mpf, y: mpf, std: mpf) -> mpf:
    z = (y - mean) / std
    far = min(abs(z), mpf(60))  # from there on, 1e-700 is missing
    return std * (abs(z) * erf(far / sqrt(2)) + sqrt(2 / pi) * exp(-(far**2) / 2) - 1 / sqrt(pi))


def gaussian(mean: mpf, y: mpf, var: mpf) -> mpf:
    return (log(var) + (y - mean) ** 2 / var) / 2


def overdispersed(rate: mpf, y: mpf, total: mpf) -> mpf:
    gammas = loggamma(y + 1) - loggamma(y + total) + loggamma(total)
    return gammas + total * log(1 + rate / total) + times(y, log(1 + total / rate))


def interval(lower: mpf, upper: mpf, y: mpf) -> mpf:
    return upper - lower + 2 / mpf(0.05) * (max(lower - y, 0) + max(y - upper, 0))


def divergence(mean: Row, var: Row) -> mpf:
    return sum(m**2 + v - 1 - log(v) for m, v in zip(mean, var, strict=True)) / 2


def rps(row: Row, y: int) -> mpf:
    return sum((sum(row[: k + 1]) - (y <= k)) ** 2 for k in range(len(row) - 1)) / (len(row) - 1)


def coral(row: Row, y: int) -> mpf:
    return sum(softplus(-x if y > k else x) for k, x in enumerate(row))


def si_sdr(pred: Row, y: Row) -> mpf:
    part = [dot(pred, y) / dot(y, y) * x for x in y]
    rest = [a - b for a, b in zip(part, pred, strict=True)]
    signal, noise = dot(part, part), dot(rest, rest)
    return 10 * (ln(noise) - ln(signal)) / log(10) if signal else mp.inf


def ssim(pred: Sequence[Row], target: Sequence[Row]) -> mpf:
    """Of images of 11 x 11 pixels, which have a single window."""
    ways = [exp(-mpf((at - 5) ** 2) / (2 * mpf(1.5) ** 2)) for at in range(11)]
    weights = [a * b / sum(ways) ** 2 for a, b in product(ways, repeat=2)]
    one, other = ([x for row in image for x in row] for image in (pred, target))
    left, right = dot(weights, one), dot(weights, other)
    spread, wide, shared = (
        sum(w * (x - m) * (y - n) for w, x, y in zip(weights, a, b, strict=True))
        for a, m, b, n in (
            (one, left, one, left),
            (other, right, other, right),
            (one, left, other, right),
        )
    )
    first, second = mpf(0.01) ** 2, mpf(0.03) ** 2
    light = (2 * left * right + first) / (left**2 + right**2 + first)
    return 1 - light * (2 * shared + second) / (spread + wide + second)


def ctc(steps: Sequence[Row], labels: Row) -> mpf:
    """The probability of each path that says the labels, one by one."""
    rows = [softmax(row) for row in steps]
    whole = mpf(0)
    for path in product(range(len(rows[0])), repeat=len(rows)):
        said = [b for a, b in pairwise([0, *path]) if b and a != b]
        if said == [label for label in labels if label > 0]:
            whole += mp.fprod(row[at] for row, at in zip(rows, path, strict=True))
    return -ln(whole)


def overlaps(image: Sequence[Row], places: Row) -> list[tuple[mpf, mpf, mpf]]:
    """What each class shares with the truth, is predicted, and is true."""
    shares = [*zip(*map(softmax, zip(*image, strict=True)), strict=True)]
    true = [[mpf(place == c) for place in places] for c in range(len(image))]
    return [(dot(p, t), sum(p), sum(t)) for p, t in zip(shares, true, strict=True)]


SMOOTH = mpf(1e-5)


def of_overlap(formula: Callable[..., mpf]) -> Callable[..., list[mpf]]:
    return lambda image, places: [formula(*each) for each in overlaps(image, places)]


def dice(both: mpf, predicted: mpf, true: mpf) -> mpf:
    return 1 - (2 * both + SMOOTH) / (predicted + true + SMOOTH)


def jaccard(both: mpf, predicted: mpf, true: mpf) -> mpf:
    return 1 - (2 * both + SMOOTH) / (2 * (predicted + true - both) + SMOOTH)


def tversky(both: mpf, predicted: mpf, true: mpf) -> mpf:
    return 1 - (both + SMOOTH) / ((predicted + true) / 2 + SMOOTH)


def focal_tversky(both: mpf, predicted: mpf, true: mpf) -> mpf:
    wrong = mpf(0.3) * (predicted - both) + mpf(0.7) * (true - both)
    return 1 - both / (both + wrong)


def generalized(image: Sequence[Row], places: Row) -> mpf:
    sums = [(t**-2, b, p + t) for b, p, t in overlaps(image, places)]
    return 1 - (2 * sum(w * b for w, b, _ in sums) + SMOOTH) / (
        sum(w * whole for w, _, whole in sums) + SMOOTH
    )


def dice_ce(image: Sequence[Row], places: Row) -> mpf:
    missed = of_overlap(dice)(image, places)
    pixels = [*zip(*image, strict=True)]
    costs = [-ln(softmax(row)[int(y)]) for row, y in zip(pixels, places, strict=True)]
    return sum(missed) / len(missed) + sum(costs) / len(costs)


def lovasz(images: Sequence[Sequence[Row]], targets: Sequence[Row]) -> list[mpf]:
    pixels = [softmax(row) for image in images for row in zip(*image, strict=True)]
    places = [y for one in targets for y in one]
    found = []
    for c in range(len(images[0])):
        errors = sorted(
            ((abs((y == c) - row[c]), y == c) for row, y in zip(pixels, places, strict=True)),
            reverse=True,
        )
        whole, before, cost = sum(own for _, own in errors), mpf(0), mpf(0)
        for at in range(1, len(errors) + 1):
            true = sum(own for _, own in errors[:at])
            missed = 1 - mpf(whole - true) / (whole + at - true)
            cost, before = cost + errors[at - 1][0] * (missed - before), missed
        found.append(cost)
    return found


def infonce(one: Sequence[Row], other: Sequence[Row]) -> list[mpf]:
    heat = mpf(0.07)
    return [-ln(softmax([cosine(a, b) / heat for b in other])[i]) for i, a in enumerate(one)]


def found_among(all_: Sequence[Row], i: int, heat: float) -> dict[int, mpf]:
    """The share of each other vector among all that are not the vector itself."""
    rest = [j for j in range(len(all_)) if j != i]
    shares = softmax([cosine(all_[i], all_[j]) / mpf(heat) for j in rest])
    return dict(zip(rest, shares, strict=True))


def ntxent(one: Sequence[Row], other: Sequence[Row]) -> list[mpf]:
    every, rows = [*one, *other], len(one)
    return [-ln(found_among(every, i, 0.5)[(i + rows) % len(every)]) for i in range(len(every))]


def supcon(rows: Sequence[Row], labels: Row) -> list[mpf]:
    found = []
    for i, label in enumerate(labels):
        costs = [-ln(p) for j, p in found_among(rows, i, 0.1).items() if labels[j] == label]
        found.append(sum(costs) / max(len(costs), 1))
    return found


def siglip(one: Sequence[Row], other: Sequence[Row]) -> list[mpf]:
    signs = [[-1 if i == j else 1 for j in range(len(other))] for i in range(len(one))]
    return [
        sum(softplus(s * (cosine(a, b) / mpf(0.1) - 10)) for s, b in zip(row, other, strict=True))
        for row, a in zip(signs, one, strict=True)
    ]


def cox(hazard: Row, time: Row, event: Row) -> list[mpf]:
    rows = [*zip(hazard, time, event, strict=True)]
    return [
        log(sum(exp(h - own) for h, later, _ in rows if later >= when)) if happens else mpf(0)
        for own, when, happens in rows
    ]


def of_pairs(loss: str, formula: Callable[..., Any], values: Sequence[Any]) -> Definition:
    return Definition(loss, "input1", formula, values, values, second="input2")


def of_images(loss: str, formula: Callable[..., Any], **options: Any) -> Definition:
    return Definition(loss, "logits", formula, MAPS, PLACES, {"class_axis": 1, **options})


OF_ROWS = [
    *(
        Definition(formula.__name__.replace("_", "-"), "pred", formula, BOXES, BOXES)
        for formula in (box_iou, giou, diou, ciou)
    ),
    of_pairs("cosine", lambda a, b: 1 - cosine(a, b), VECTORS),
    Definition(
        *("cosine-embedding", "input1"),
        lambda a, b, y: 1 - shifted(a, b) if y > 0 else max(0, shifted(a, b)),
        *(VECTORS, VECTORS),
        second="input2",
        beside={"target": SIGNS},
    ),
    Definition(
        *("triplet", "anchor"),
        lambda a, p, n: max(0, apart(a, p, 1e-6) - apart(a, n, 1e-6) + 1),
        *(VECTORS[::2], VECTORS[1::2]),
        second="positive",
        beside={"negative": VECTORS[::3]},
    ),
    Definition(
        *("contrastive", "input1"),
        lambda a, b, y: (apart(a, b) if y else max(0, 1 - apart(a, b))) ** 2 / 2,
        *(VECTORS, VECTORS),
        second="input2",
        beside={"target": BITS},
    ),
    Definition(
        *("hinge-embedding", "distance"),
        lambda d, y: d if y > 0 else max(0, 1 - d),
        *([0, LEAST, 1e-20, 1e-3, 0.5, BELOW, 1, ABOVE, 3, 1e10, inf], SIGNS),
    ),
    Definition(
        *("linear-ce", "features", lambda row, y: of_class(products(row, LAYER), y)),
        *(VECTORS, [0, 1], {"weight_matrix": LAYER}),
    ),
    Definition(
        *("adaptive-ce", "features", clustered, VECTORS, [0, 1, 2], {"state": STATE}),
    ),
    Definition("arcface", "logits", arcface, COSINES, [0, 1, 2]),
    Definition(
        *("cosface", "logits"),
        lambda row, y: crossed(row, y, row[y] - mpf(0.35)),
        *(COSINES, [0, 1, 2]),
    ),
    Definition("circle", "logits", circle, COSINES, [0, 1, 2]),
    Definition("listnet", "logits", lambda row, y: entropy(softmax(y), row), ROWS[::3], GRADES),
    Definition("ranking-softmax", "logits", lambda row, y: entropy(y, row), ROWS[::3], GRADES),
    Definition(
        *("margin-ranking", "input1"),
        lambda a, b, y: max(0, -y * (a - b)),
        *(SCORES, SCORES),
        second="input2",
        beside={"target": SIGNS},
    ),
    Definition(
        *("bpr", "positive"), lambda a, b: softplus(b - a), SCORES, SCORES, second="negative"
    ),
    Definition(
        *("dpo", "chosen", dpo, [-1e4, -100, -3, -1e-5, 0], [-1e4, -30, -0.5, 0]),
        second="rejected",
        beside={"ref_chosen": [-1e4, -99, -2.5], "ref_rejected": [-200, -31, 0]},
    ),
    Definition(
        *("mase", "pred", lambda x, y, s: abs(x - y) / s, FEW_VALUES, FEW_TRUTHS),
        beside={"scale": WIDTHS},
    ),
    *(
        Definition("gaussian-nll", "mean", formula, FEW_VALUES, FEW_TRUTHS, beside={name: widths})
        for name, widths, formula in (
            ("std", WIDTHS[1:], lambda m, y, s: gaussian(m, y, max(s**2, mpf(1e-6)))),
            ("log_var", [-10, -1, 0, 1e-5, 3, 20], lambda m, y, s: gaussian(m, y, exp(s))),
        )
    ),
    Definition(
        *("laplace-nll", "mean"),
        lambda m, y, s: log(2 * s) + abs(y - m) / s,
        *(FEW_VALUES, FEW_TRUTHS),
        beside={"scale": WIDTHS},
    ),
    Definition("student-t", "mean", student, FEW_VALUES, FEW_TRUTHS, beside={"scale": WIDTHS}),
    Definition("crps", "mean", crps, FEW_VALUES, FEW_TRUTHS, beside={"std": WIDTHS}),
    Definition(
        *("negative-binomial", "rate", overdispersed),
        *([1e-20, 1e-3, 0.5, 1, 3, 10, 1e3, 1e5], COUNTS),
        beside={"total_count": [1e-3, 0.5, 1, 3, 100, 1e5]},
    ),
    Definition(
        *("negative-binomial", "log_rate"),
        lambda x, y, a: overdispersed(exp(x), y, 1 / a),
        *(LOG_AMOUNTS[1::3], COUNTS[:5]),
        beside={"dispersion": [1e-8, 1e-3, 0.5, 1, 30]},
    ),
    Definition(
        *("interval", "lower", interval, [-1e4, -3, -1e-5, 0], [0, ABOVE, 2.5, 1e5]),
        second="upper",
        beside={"target": VALUES[::2]},
    ),
    *(
        Definition("gaussian-kl", "mean", formula, VECTORS, values, second=name)
        for name, values, formula in (
            ("var", [(1, 1, 1), (BELOW, 1, ABOVE), (1e-5, 0.5, 30)], divergence),
            (
                *("std", [(1, 1, 1), (BELOW, 1, ABOVE), (1e-3, 0.5, 30)]),
                lambda m, s: divergence(m, [x**2 for x in s]),
            ),
            (
                *("log_var", [(0, 0, 0), (1e-20, -1e-3, 0), (-20, 1, 5)]),
                lambda m, s: divergence(m, [*map(exp, s)]),
            ),
        )
    ),
    *of_classes("rps", rps),
    Definition("coral", "logits", coral, ROWS[::3], [0, 1, 3]),
    of_error("psnr", lambda e: e**2),
    Definition("ssim", "pred", ssim, PICTURES, PICTURES),
    Definition("si-sdr", "pred", si_sdr, SIGNALS, SIGNALS[1:]),
    Definition(
        "ctc", "logits", ctc, STEPS, [(1, 2), (1, 0), (1, 1), (2, 1)], {"batch_first": True}
    ),
    *(of_images(loss.__name__, of_overlap(loss)) for loss in (dice, jaccard, tversky)),
    of_images("generalized-dice", generalized),
    of_images("dice-ce", dice_ce),
    Definition(
        *("focal-tversky", "logits", lambda x, y: of_overlap(focal_tversky)(x[0], y[0])),
        *([(one,) for one in MAPS], [(one,) for one in PLACES]),
        {"class_axis": 1},
        whole=True,
    ),
    Definition(
        *("lovasz", "logits", lovasz, [*product(MAPS, repeat=2)][::4], [tuple(PLACES[:2])]),
        {"class_axis": 1},
        whole=True,
    ),
    *(
        Definition(
            formula.__name__, "input1", formula, MATRICES, MATRICES, second="input2", whole=True
        )
        for formula in (infonce, ntxent, siglip)
    ),
    Definition("supcon", "embeddings", supcon, MATRICES, [(0, 0, 1), (2, 2, 2)], whole=True),
    Definition(
        *("cox", "log_hazard", cox, [(0, 0, 0), (1, -2, 0.5), (30, -30, 0), (1e4, 0, -1e4)]),
        [(1, 2, 3), (1, 1, 1), (2, 1, 2)],
        second="time",
        beside={"event": [(1, 1, 1), (1, 0, 1)]},
        whole=True,
    ),
]
