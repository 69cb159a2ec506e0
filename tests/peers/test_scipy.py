"""SciPy: its special functions, distances and distributions."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "scipy"
if find_spec("scipy") is None:
    pytest.skip("SciPy is not installed", allow_module_level=True)

RNG = np.random.default_rng(4)
N, C = 60, 4
X, Y = RNG.normal(0, 3, (2, N))
X[:5] = np.add(Y[:5], [0, 1, -1, 1e-6, 1e6])
RATE, COUNTS = RNG.lognormal(0, 1, N), RNG.poisson(2, N).astype(float)
P, Q = RNG.dirichlet(np.ones(C), (2, N))
P[0], P[1], Q[1] = Q[0], [1, 0, 0, 0], [0, 0, 0, 1]
SCORES = RNG.normal(0, 9, (N, C))
SCALE = RNG.uniform(0.3, 3, N)
NORMAL = {"mean": X, "target": Y}
INDEX = RNG.integers(0, C, N)


def integrated(k, mean, std, target):
    """The squared distance of a normal distribution function from a step."""
    below = k.integrate.quad(lambda x: k.stats.norm.cdf(x, mean, std) ** 2, -np.inf, target)[0]
    return below + k.integrate.quad(lambda x: k.stats.norm.sf(x, mean, std) ** 2, target, np.inf)[0]


VECTORS, OTHERS = RNG.normal(0, 1, (2, N, 5))
DEVIATIONS = RNG.uniform(0.3, 2, (N, 5))
PAIRED = RNG.integers(0, 2, N)


def between(k, one, other):
    return np.diag(k.spatial.distance.cdist(one, other))


def contrasted(k, i):
    far = between(k, VECTORS, OTHERS)
    return np.where(PAIRED, far, np.maximum(0, 4 - far)) ** 2


def against_normal(k, mean, std):
    """The integral of what a KL divergence adds up, from a normal distribution's densities."""

    def part(x):
        density = k.stats.norm.pdf(x, mean, std)
        return density * (k.stats.norm.logpdf(x, mean, std) - k.stats.norm.logpdf(x))

    return k.integrate.quad(part, mean - 9 * std, mean + 9 * std)[0]


CASES = {
    "ce": (
        "ce",
        {"logits": SCORES, "target": INDEX},
        lambda k, i: -k.special.log_softmax(i.logits, axis=1)[np.arange(N), i.target],
    ),
    "nll": (
        "nll",
        {"log_probs": np.log(P[2:]), "target": INDEX[2:]},
        lambda k, i: -k.stats.multinomial.logpmf(np.eye(C)[i.target], 1, P[2:]),
    ),
    "bce of log-probabilities": (
        "bce",
        {"log_probs": -np.logaddexp(0, -X), "target": (INDEX > 1).astype(float)},
        lambda k, i: -k.stats.logistic.logcdf((2 * i.target - 1) * X),
    ),
    "bce": (
        "bce",
        {"probs": P[2:, 0], "target": (INDEX[2:] > 1).astype(float)},
        lambda k, i: -k.stats.bernoulli.logpmf(i.target, i.probs),
    ),
    "soft-margin": (
        "soft-margin",
        {"logits": 100 * X, "target": np.sign(Y)},
        lambda k, i: -k.stats.logistic.logcdf(i.logits * i.target),
    ),
    "kl": (
        "kl",
        {"probs": P[2:], "target": Q[2:]},
        lambda k, i: k.special.rel_entr(i.target, i.probs),
    ),
    "kl(reduction=batchmean)": (
        "kl",
        {"probs": P[2:], "target": Q[2:], "reduction": "batchmean"},
        lambda k, i: k.stats.entropy(i.target, i.probs, axis=1).mean(),
    ),
    "kl of what is impossible": (
        "kl",
        {"probs": P[:2], "target": Q[:2]},
        lambda k, i: k.special.rel_entr(i.target, i.probs),
    ),
    "js": (
        "js",
        {"probs": P, "target": Q},
        lambda k, i: k.spatial.distance.jensenshannon(i.probs, i.target, axis=1) ** 2,
    ),
    "js of logits": (
        "js",
        {"logits": SCORES, "target": Q},
        lambda k, i: (
            k.spatial.distance.jensenshannon(k.special.softmax(SCORES, 1), i.target, axis=1) ** 2
        ),
    ),
    "js(base=2, sqrt)": (
        "js",
        {"probs": P, "target": Q, "base": 2.0, "sqrt": True},
        lambda k, i: k.spatial.distance.jensenshannon(i.probs, i.target, base=2, axis=1),
        1e-7,
        "SciPy normalises, so that equal distributions are not quite 0 apart",
    ),
    "huber(delta=2)": (
        "huber",
        {"pred": X, "target": Y, "delta": 2.0},
        lambda k, i: k.special.huber(i.delta, i.pred - i.target),
    ),
    "smooth-l1(beta=2)": (
        "smooth-l1",
        {"pred": X, "target": Y, "beta": 2.0},
        lambda k, i: k.special.huber(i.beta, i.pred - i.target) / i.beta,
    ),
    "charbonnier": (
        "charbonnier",
        {"pred": X, "target": Y},
        lambda k, i: k.special.pseudo_huber(1.0, i.pred - i.target),
    ),
    "charbonnier(delta=0.3)": (
        "charbonnier",
        {"pred": X, "target": Y, "delta": 0.3},
        lambda k, i: k.special.pseudo_huber(i.delta, i.pred - i.target),
    ),
    "poisson-nll without ln(y!)": (
        "poisson-nll",
        {"rate": RATE, "target": COUNTS, "eps": 0.0},
        lambda k, i: -k.stats.poisson.logpmf(i.target, i.rate) - k.special.gammaln(i.target + 1),
    ),
    "poisson-nll of the log-rate": (
        "poisson-nll",
        {"log_rate": np.log(RATE), "target": COUNTS},
        lambda k, i: -k.stats.poisson.logpmf(i.target, RATE) - k.special.gammaln(i.target + 1),
    ),
    "poisson-nll(full)": (
        "poisson-nll",
        {"rate": RATE * 1e3, "target": 1e3 + COUNTS, "eps": 0.0, "full": True},
        lambda k, i: -k.stats.poisson.logpmf(i.target, i.rate),
        1e-4,
        "Stirling's approximation of ln(y!) lacks 1 / 12y",
    ),
    "gaussian-nll(full)": (
        "gaussian-nll",
        {**NORMAL, "var": SCALE**2, "full": True},
        lambda k, i: -k.stats.norm.logpdf(i.target, i.mean, SCALE),
    ),
    "gaussian-nll(full) of deviations": (
        "gaussian-nll",
        {**NORMAL, "std": SCALE, "full": True},
        lambda k, i: -k.stats.norm.logpdf(i.target, i.mean, i.std),
    ),
    "gaussian-nll(full) of logarithms": (
        "gaussian-nll",
        {**NORMAL, "log_var": 2 * np.log(SCALE), "full": True},
        lambda k, i: -k.stats.norm.logpdf(i.target, i.mean, SCALE),
    ),
    "gaussian-nll(full) of one variance": (
        "gaussian-nll",
        {**NORMAL, "var": 4.0, "full": True},
        lambda k, i: -k.stats.norm.logpdf(i.target, i.mean, 2),
    ),
    "gaussian-nll without ½ ln 2π": (
        "gaussian-nll",
        {**NORMAL, "std": SCALE},
        lambda k, i: -k.stats.norm.logpdf(i.target, i.mean, i.std) - np.log(2 * np.pi) / 2,
    ),
    "laplace-nll": (
        "laplace-nll",
        {"mean": X[5:], "scale": SCALE[5:], "target": Y[5:]},
        lambda k, i: -k.stats.laplace.logpdf(i.target, i.mean, i.scale),
    ),
    "student-t": (
        "student-t",
        {**NORMAL, "scale": SCALE},
        lambda k, i: -k.stats.t.logpdf(i.target, 4, i.mean, i.scale),
    ),
    "student-t(df=1)": (
        "student-t",
        {**NORMAL, "scale": SCALE, "df": 1.0},
        lambda k, i: -k.stats.cauchy.logpdf(i.target, i.mean, i.scale),
    ),
    "student-t(df=0.7)": (
        "student-t",
        {**NORMAL, "scale": SCALE, "df": 0.7},
        lambda k, i: -k.stats.t.logpdf(i.target, i.df, i.mean, i.scale),
    ),
    "crps": (
        "crps",
        {"mean": X[5:15], "std": SCALE[5:15], "target": Y[5:15]},
        lambda k, i: [integrated(k, *one) for one in zip(i.mean, i.std, i.target, strict=True)],
        1e-7,
        "SciPy integrates numerically",
    ),
    "negative-binomial": (
        "negative-binomial",
        {"rate": RATE, "target": COUNTS, "dispersion": 0.5},
        lambda k, i: -k.stats.nbinom.logpmf(i.target, 2, 1 / (1 + 0.5 * i.rate)),
    ),
    "negative-binomial(total_count=…)": (
        "negative-binomial",
        {"rate": RATE, "target": COUNTS, "total_count": SCALE},
        lambda k, i: -k.stats.nbinom.logpmf(i.target, SCALE, SCALE / (SCALE + i.rate)),
    ),
    "negative-binomial of log-rates(dispersion=0)": (
        "negative-binomial",
        {"log_rate": np.log(RATE), "target": COUNTS, "dispersion": 0.0},
        lambda k, i: -k.stats.poisson.logpmf(i.target, RATE),
    ),
    "negative-binomial of logits": (
        "negative-binomial",
        {"logits": X[5:], "target": COUNTS[5:], "total_count": 3.0},
        lambda k, i: -k.stats.nbinom.logpmf(i.target, 3, k.special.expit(-i.logits)),
        1e-8,
        "SciPy is given a rounded probability",
    ),
    "contrastive": (
        "contrastive",
        {"input1": VECTORS, "input2": OTHERS, "target": PAIRED, "margin": 4.0},
        lambda k, i: contrasted(k, i) / 2,
    ),
    "cosine": (
        "cosine",
        {"input1": VECTORS, "input2": OTHERS},
        lambda k, i: np.diag(k.spatial.distance.cdist(VECTORS, OTHERS, "cosine")),
    ),
    "gaussian-kl": (
        "gaussian-kl",
        {"mean": VECTORS[:3], "std": DEVIATIONS[:3]},
        lambda k, i: [
            sum(map(lambda m, s: against_normal(k, m, s), *row))
            for row in zip(i.mean, i.std, strict=True)
        ],
        1e-7,
        "SciPy integrates numerically",
    ),
}

DIFFERENT = {
    "kl of what does not sum to 1": (
        "kl",
        {"probs": np.array([[0.3, 0.2]]), "target": np.array([[0.6, 0.4]])},
        lambda k, i: k.special.kl_div(i.target, i.probs).sum(),
        np.log(2),
        np.log(2) - 0.5,
        "SciPy's kl_div adds the sum of q - p; its rel_entr is the term of torch",
    ),
    "js": (
        "js",
        {"probs": np.array([[0.9, 0.1]]), "target": np.array([[0.6, 0.4]])},
        lambda k, i: k.spatial.distance.jensenshannon(i.probs[0], i.target[0]),
        0.06329,
        0.25157,
        "SciPy's is the distance, the root of the divergence (--sqrt)",
    ),
    "gaussian-nll": (
        "gaussian-nll",
        {"mean": np.zeros(1), "var": np.full(1, 2.0), "target": np.ones(1)},
        lambda k, i: -k.stats.norm.logpdf(i.target, i.mean, 2**0.5),
        0.5966,
        1.5155,
        "torch leaves ½ ln 2π out, unless --full",
    ),
    "poisson-nll(full)": (
        "poisson-nll",
        {"rate": np.full(1, 2.0), "target": np.full(1, 3.0), "full": True},
        lambda k, i: -k.stats.poisson.logpmf(i.target, i.rate),
        1.6846,
        1.7123,
        "torch approximates ln(y!) by Stirling's formula",
    ),
}


@pytest.fixture(scope="module")
def array():
    return np.asarray


@pytest.fixture(scope="module", autouse=True)
def _loaded(peer):
    import scipy.spatial
    import scipy.special
    import scipy.stats  # noqa: F401


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
