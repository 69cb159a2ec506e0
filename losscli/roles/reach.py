"""How far distributions reach: the shares of them that are near their mean."""

from __future__ import annotations

from math import exp, lgamma, log

NORMAL_95 = 1.959963984540054
"""So many standard deviations around the mean are 95% of a normal distribution."""

LARGE = 1e6
"""From so many degrees of freedom on, Student's t is normal."""

TINY = 1e-300


def student_inside(far: float, df: float) -> float:
    """The share of Student's t distribution that is at most so far from its mean.

    >>> round(student_inside(1.0, 1.0), 12)
    0.5
    """
    if far == 0:
        return 0.0
    part = df / far / far  # of df to the squared distance
    return 1 - _beta(df / 2, 0.5, part / (1 + part))


def student(share: float, df: float) -> float:
    """The distance from the mean within which a share of Student's t distribution lies.

    >>> round(student(0.95, 4.0), 6)
    2.776445
    """
    if df >= LARGE:
        return NORMAL_95
    low, high = -50.0, 300.0  # logarithms
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if student_inside(exp(middle), df) < share else (low, middle)
    return exp(high)


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function (Lentz's continued fraction)."""
    if x <= 0 or x >= 1:
        return float(x > 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    scale = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    above, below, found = 1.0, 0.0, 1.0
    for step in range(1, 2000):
        m = step // 2
        if step % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        below = 1 / ((1 + term * below) or TINY)
        above = (1 + term / above) or TINY
        found *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return scale / found
