"""How often the order of predictions is that of what happened, without looking at all pairs."""

from __future__ import annotations

from losscli.lazy import np


def concordance(hazard: np.ndarray, time: np.ndarray, event: np.ndarray) -> tuple[int, int, int]:
    """Pairs of which one is known to be first: those in order, those with equal hazards, all.

    A pair is comparable where the shorter time is an event, or where times are equal and one of
    them is censored (Harrell et al., 1982).

    >>> import numpy as np
    >>> concordance(np.array([3.0, 1, 1]), np.array([1, 2, 2]), np.array([1, 1, 0]))
    (2, 1, 3)
    """
    happened = event != 0
    # A censored time is as good as the next one: it comes after the events at its own.
    when = np.unique(time, return_inverse=True)[1].reshape(-1) + ~happened
    order = np.argsort(-when, kind="stable")
    ranks = np.unique(hazard, return_inverse=True)[1].reshape(-1)
    later = np.searchsorted(np.sort(-when), -when[happened], "left")  # all that come after
    own = ranks[happened]
    lower = int(below(ranks[order], later, own).sum())
    not_higher = int(below(ranks[order], later, own + 1).sum())
    return lower, not_higher - lower, int(later.sum())


def below(values: np.ndarray, ends: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """How many of the first values, up to each end, are below each limit.

    Values are sorted bit by bit, from the highest, and each question follows the values that
    share the bits of its limit so far (Claude, Navarro and Ordóñez, 2015).

    >>> import numpy as np
    >>> below(np.array([2, 0, 1, 2]), np.array([2, 4]), np.array([1, 2])).tolist()
    [1, 2]
    """
    found, start, stop = np.zeros_like(ends), np.zeros_like(ends), ends
    for bit in reversed(range(len(values).bit_length() + 1)):
        high = (values >> bit & 1).astype(bool)
        lows = np.concatenate([[0], np.cumsum(~high)])
        before, after = lows[start], lows[stop]
        upper = (limits >> bit & 1).astype(bool)
        found = found + np.where(upper, after - before, 0)
        start = np.where(upper, lows[-1] + start - before, before)
        stop = np.where(upper, lows[-1] + stop - after, after)
        values = np.concatenate([values[~high], values[high]])
    return found
