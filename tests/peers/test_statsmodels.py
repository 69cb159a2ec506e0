"""statsmodels: the partial likelihood of Cox's model."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "statsmodels.duration.hazard_regression"
if find_spec("statsmodels") is None:
    pytest.skip("statsmodels is not installed", allow_module_level=True)

RNG = np.random.default_rng(12)
N = 60
HAZARD, EVENT = RNG.normal(0, 2, N), RNG.integers(0, 2, N)
TIES = {"log_hazard": HAZARD, "time": RNG.integers(1, 9, N), "event": EVENT, "reduction": "sum"}
ONCE = {"log_hazard": HAZARD, "time": RNG.permutation(N), "event": EVENT}


@pytest.fixture(scope="module")
def array():
    return np.asarray


def likelihood(k, i, ties="breslow"):
    """Of a model with one variable, the log-hazard, whose factor is 1."""
    model = k.PHReg(i.time.astype(float), i.log_hazard[:, None], status=i.event, ties=ties)
    return model.loglike(np.ones(1))


CASES = {
    "cox without ties": ("cox", ONCE, lambda k, i: -likelihood(k, i) / EVENT.sum()),
    "cox": ("cox", TIES, lambda k, i: -likelihood(k, i)),
    "cox(ties=efron)": (
        "cox",
        {**TIES, "ties": "efron"},
        lambda k, i: -likelihood(k, i, ties="efron"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)
