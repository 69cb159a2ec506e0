"""Means of predictions in a space of their own, back in the form in which they were given.

All is computed in double precision and rounded once, in the end. Logits of 1000, or of -1000, are
neither 1 nor 0 on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable

_SMALL = 1e-300
"""Below it doubles lose digits."""

Members = list["np.ndarray"]
"""The same rows of each member, in double precision."""


def values(members: Members, axis: int | None = None) -> np.ndarray:
    """The mean as it is.

    >>> values([np.array([1.0, 2.0]), np.array([3.0, 6.0])])
    array([2., 4.])
    """
    total = members[0].copy()
    for one in members[1:]:
        total += one
    return total / len(members)


def exponents(members: Members, axis: int | None = None) -> np.ndarray:
    """The logarithm of the mean of what these are the logarithms of.

    >>> np.exp(exponents([np.log([0.1, 0.6]), np.log([0.3, 0.2])])).round(12)
    array([0.2, 0.4])
    """
    return _logarithm([np.exp(one) for one in members], lambda: members)


def shares(members: Members, axis: int | None) -> np.ndarray:
    """Logits of the mean of the probabilities that logits stand for.

    >>> two = [np.array([0.0]), np.log([3.0])]  # probabilities 1/2 and 3/4
    >>> np.exp(shares(two, None)).round(12)  # odds of 5/8
    array([1.66666667])
    """
    if axis is not None:
        return exponents([_log_softmax(one, axis) for one in members])
    return np.asarray(_log_sigmoid(members) - _log_sigmoid([-one for one in members]))


def odds(members: Members, axis: int | None) -> np.ndarray:
    """Probabilities whose logits are the mean of the members' logits.

    >>> two = [np.array([0.5]), np.array([0.9])]  # odds of 1 and 9
    >>> odds(two, None)  # odds of 3
    array([0.75])
    """
    logs = [np.log(one) for one in members]
    if axis is not None:
        return np.asarray(np.exp(_log_softmax(values(logs), axis)))
    found = values([log - np.log1p(-one) for log, one in zip(logs, members, strict=True)])
    return np.asarray(np.exp(-np.logaddexp(0, -found)))


def log_odds(members: Members, axis: int | None) -> np.ndarray:
    """Log-probabilities whose logits are the mean of the members' logits.

    >>> two = [np.log([0.5]), np.log([0.9])]
    >>> np.exp(log_odds(two, None)).round(12)
    array([0.75])
    """
    if axis is not None:
        return _log_softmax(values(members), axis)
    found = values([one - np.log(-np.expm1(one)) for one in members])
    return np.asarray(-np.logaddexp(0, -found))


def _log_sigmoid(members: Members) -> np.ndarray:
    """The logarithm of the mean of the sigmoids of logits."""
    shares = [1 / (1 + np.exp(-one)) for one in members]
    return _logarithm(shares, lambda: [-np.logaddexp(0, -one) for one in members])


def _logarithm(numbers: Members, logs: Callable[[], Members]) -> np.ndarray:
    """The logarithm of the mean of numbers; by way of theirs where floats end."""
    mean = values(numbers)
    found = np.asarray(np.log(mean))
    far = ~((mean > _SMALL) & (mean < 1 / _SMALL))
    if far.any():
        first, *others = logs()
        for one in others:
            first = np.logaddexp(first, one)
        found[far] = first[far] - np.log(len(numbers))
    return found


def _log_softmax(logits: np.ndarray, axis: int) -> np.ndarray:
    """The logarithms of their softmax."""
    highest = logits.max(axis, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0.0)
    return np.asarray(logits - highest - np.log(np.exp(logits - highest).sum(axis, keepdims=True)))


def mean(kind: str, way: str) -> Callable[[Members, int | None], np.ndarray]:
    """How a kind of prediction is averaged.

    Args:
        kind: What the predictions are, such as "logits".
        way: "probs", "logits", or "values" for what is neither.

    Returns:
        A function of the members and the axis of their classes, which is None where each value
        is a probability by itself.
    """
    return _WAYS.get((kind, way), values)


_WAYS = {
    ("logits", "probs"): shares,
    ("log_probs", "probs"): exponents,
    ("log_rate", "values"): exponents,
    ("probs", "logits"): odds,
    ("log_probs", "logits"): log_odds,
}
"""The others are the plain mean."""
