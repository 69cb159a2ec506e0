"""pytorch-metric-learning: embeddings, and pairs or triplets of them."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

PEER = "pytorch_metric_learning.losses"
TOLERANCE = 1e-6, "torch adds 1e-6 to each difference of a distance, this library does not"
if find_spec("pytorch_metric_learning") is None:
    pytest.skip("pytorch_metric_learning is not installed", allow_module_level=True)

RNG = np.random.default_rng(11)
N = 24
FIRST, SECOND, THIRD = RNG.normal(0, 1, (3, N, 8))


def triplets(k, i, **options):
    """Each row is a triplet, and all of them count; distances are of vectors as they are."""
    import torch
    from pytorch_metric_learning import distances, reducers

    loss = k.TripletMarginLoss(
        distance=distances.LpDistance(normalize_embeddings=False),
        reducer=reducers.MeanReducer(),
        **options,
    )
    count = len(i.anchor)
    rows = torch.arange(count)
    whole = torch.cat([i.anchor, i.positive, i.negative])
    return loss(whole, torch.zeros(3 * count), (rows, rows + count, rows + 2 * count))


def apart(k, i):
    """Of pairs of numbers that are these distances apart."""
    import torch
    from pytorch_metric_learning.distances import LpDistance

    loss = k.ContrastiveLoss(distance=LpDistance(normalize_embeddings=False))
    places = torch.stack([i.distance * 0, i.distance], 1).reshape(-1, 1)
    same, other = (torch.nonzero(i.target == one)[:, 0] for one in (1, 0))
    kinds = (2 * same, 2 * same + 1, 2 * other, 2 * other + 1)
    return loss(places, torch.zeros(len(places)), kinds)


def pairs(i):
    import torch

    return torch.cat([i.input1, i.input2]), torch.arange(len(i.input1)).repeat(2)


INDEX = np.arange(N) % 5
COSINES = RNG.uniform(-0.4, 0.4, (N, 5))
BEHIND = np.where(INDEX[:, None] == np.arange(5), -0.95, COSINES / 8)


def on_cosines(k, i, name, **options):
    """Its weights, which it would learn, make the cosines those that are given."""
    import torch

    loss = getattr(k, name)(num_classes=5, embedding_size=6, **options).double()
    loss.W.data = torch.eye(6, 5).double()
    return loss(placed(i.logits), i.target).detach()


def placed(cosines):
    """Vectors of length 1 with given cosines to the axes, the last of which stays free."""
    import torch

    rest = (1 - cosines.square().sum(1, keepdim=True)).sqrt()
    return torch.cat([cosines, rest], 1)


def to_centres(k, i, **options):
    """Of each vector with the centres of the classes, which are the axes."""
    import torch

    centres = torch.eye(5, 6).double()
    return k.CircleLoss(**options)(
        placed(i.logits), i.target, ref_emb=centres, ref_labels=torch.arange(5)
    )


CASES = {
    "triplet": (
        "triplet",
        {"anchor": FIRST, "positive": SECOND, "negative": THIRD},
        lambda k, i: triplets(k, i, margin=1.0),
    ),
    "triplet(margin=0.3, swap)": (
        "triplet",
        {"anchor": FIRST, "positive": SECOND, "negative": THIRD, "margin": 0.3, "swap": True},
        lambda k, i: triplets(k, i, margin=0.3, swap=True),
    ),
    "ntxent": (
        "ntxent",
        {"input1": FIRST, "input2": SECOND},
        lambda k, i: k.NTXentLoss(temperature=0.5)(*pairs(i)),
    ),
    "ntxent(temperature=0.07)": (
        "ntxent",
        {"input1": FIRST, "input2": SECOND, "temperature": 0.07},
        lambda k, i: k.NTXentLoss()(*pairs(i)),
    ),
    "supcon": (
        "supcon",
        {"embeddings": FIRST, "target": INDEX},
        lambda k, i: k.SupConLoss()(i.embeddings, i.target),
    ),
    "supcon(temperature=0.5)": (
        "supcon",
        {"embeddings": FIRST, "target": INDEX, "temperature": 0.5},
        lambda k, i: k.SupConLoss(temperature=0.5)(i.embeddings, i.target),
    ),
    "supcon of classes of which one is alone": (
        "supcon",
        {"embeddings": FIRST, "target": np.append(INDEX[:-1], 9)},
        lambda k, i: k.SupConLoss()(i.embeddings, i.target),
    ),
    "arcface": (
        "arcface",
        {"logits": COSINES, "target": INDEX},
        lambda k, i: on_cosines(k, i, "ArcFaceLoss", margin=np.rad2deg(0.5)),
    ),
    "arcface(margin=0.3, scale=30)": (
        "arcface",
        {"logits": COSINES, "target": INDEX, "margin": 0.3, "scale": 30.0},
        lambda k, i: on_cosines(k, i, "ArcFaceLoss", margin=np.rad2deg(0.3), scale=30),
    ),
    "arcface beyond half a turn": (
        "arcface",
        {"logits": BEHIND, "target": INDEX, "margin": 1.0, "scale": 4.0},
        lambda k, i: on_cosines(k, i, "ArcFaceLoss", margin=np.rad2deg(1.0), scale=4),
    ),
    "cosface": (
        "cosface",
        {"logits": COSINES, "target": INDEX},
        lambda k, i: on_cosines(k, i, "CosFaceLoss"),
    ),
    "cosface(margin=0.1, scale=30)": (
        "cosface",
        {"logits": COSINES, "target": INDEX, "margin": 0.1, "scale": 30.0},
        lambda k, i: on_cosines(k, i, "CosFaceLoss", margin=0.1, scale=30),
    ),
    "circle": (
        "circle",
        {"logits": COSINES, "target": INDEX},
        to_centres,
    ),
    "circle(margin=0.25, gamma=256)": (
        "circle",
        {"logits": COSINES, "target": INDEX, "margin": 0.25, "gamma": 256.0},
        lambda k, i: to_centres(k, i, m=0.25, gamma=256),
    ),
}

DIFFERENT = {
    "ntxent": (
        "ntxent",
        {"input1": np.eye(3), "input2": np.eye(3)[[1, 2, 0]]},
        lambda k, i: k.NTXentLoss()(*pairs(i)),
        np.log(np.exp(2) + 4),
        np.log(np.exp(1 / 0.07) + 4),
        "the temperature is 0.5 as in SimCLR and MONAI; theirs is 0.07",
    ),
    "contrastive": (
        "contrastive",
        {"distance": np.full(4, 0.6), "target": np.array([1, 1, 0, 0])},
        apart,
        0.13,
        1.0,
        "theirs has no squares and no half, and adds the means of both kinds of pairs",
    ),
    "triplet": (
        "triplet",
        {
            "anchor": np.array([[0.0, 1.0]]),
            "positive": np.array([[0.6, 0.8]]),
            "negative": np.array([[0.8, 0.6]]),
        },
        triplets,
        1 + 0.4**0.5 - 0.8**0.5,
        0.0,
        "the margin is 1 as in torch; theirs is 0.05",
    ),
    "arcface": (
        "arcface",
        {"logits": np.array([[0.6, 0.2, 0.0, 0.0, 0.0]]), "target": np.array([0])},
        lambda k, i: on_cosines(k, i, "ArcFaceLoss"),
        np.logaddexp(0, 64 * (0.2 - np.cos(np.arccos(0.6) + 0.5))),
        np.logaddexp(0, 64 * (0.2 - np.cos(np.arccos(0.6) + np.deg2rad(28.6)))),
        "the margin is 0.5 as in the paper; theirs is 28.6 degrees",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_same(case, same):
    same(*case)


@pytest.mark.parametrize("case", DIFFERENT.values(), ids=DIFFERENT)
def test_different(case, different):
    different(*case)
