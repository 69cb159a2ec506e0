"""Losses of vectors, of pairs, and of scores in an order."""

from __future__ import annotations

import numpy as np

from asked.base import Example


def signs(rng, shape):
    return rng.choice([-1.0, 1.0], shape)


def drawn(*names, labels=None, low=-1):
    """What makes vectors of these names, and labels."""

    def make(rng, n):
        found = {name: rng.normal(size=(n, 5)) for name in names}
        return found if labels is None else found | {labels: rng.choice([low, 1], n)}

    return make


def like_first(given):
    """Every vector, or score, is what the first is."""
    first = next(iter(given.values()))
    return {name: first for name in given if name != "target"} | {
        name: np.ones(len(first)) for name in given if name == "target"
    }


EXAMPLES = {
    "triplet": Example(
        {
            "": drawn("anchor", "positive", "negative"),
            "deep": lambda rng, n: {
                name: rng.normal(size=(n, 2, 3)) for name in ("anchor", "positive", "negative")
            },
            "swapped": lambda rng, n: (
                drawn("anchor", "positive", "negative")(rng, n) | {"swap": True, "p": 1.0}
            ),
        },
        options={"margin": "--margin 0.5", "p": "--p 1", "swap": "--swap", "eps": "--eps 0.5"},
        laws=frozenset({"zero at truth", "non-negative", "row order", "shift"}),
        truth=lambda given: given | {"positive": given["anchor"], "negative": given["anchor"] + 9},
        shifted=("anchor", "positive", "negative"),
        other="positive",
    ),
    "cosine": Example(
        {
            "": drawn("input1", "input2"),
            "--pred": drawn("pred", "target"),
            "deep": lambda rng, n: {
                name: rng.normal(size=(n, 2, 3)) for name in ("input1", "input2")
            },
        },
        options={"eps": "--eps 9"},
        laws=frozenset({"zero at truth", "non-negative", "row order", "symmetric"}),
        truth=like_first,
        other="input2",
    ),
    "cosine-embedding": Example(
        {
            "": drawn("input1", "input2", labels="target"),
            "deep": lambda rng, n: {
                "input1": rng.normal(size=(n, 2, 3)),
                "input2": rng.normal(size=(n, 2, 3)),
                "target": signs(rng, (n, 2)),
            },
        },
        options={"margin": "--margin 0.5", "threshold": "--threshold 0.1"},
        laws=frozenset({"zero at truth", "non-negative", "row order", "symmetric"}),
        truth=lambda given: like_first({key: 1e4 * one for key, one in given.items()}),
        other="input2",
    ),
    "hinge-embedding": Example(
        {
            "": lambda rng, n: {"distance": rng.exponential(size=n), "target": signs(rng, n)},
            "table": lambda rng, n: {
                "distance": rng.exponential(size=(n, 3)),
                "target": signs(rng, (n, 3)),
            },
        },
        options={"margin": "--margin 2", "threshold": "--threshold 0.1"},
        laws=frozenset({"zero at truth", "non-negative", "row order"}),
        truth=lambda given: given | {"distance": 1.0 - given["target"]},
        positive=True,
    ),
    "contrastive": Example(
        {
            "": drawn("input1", "input2", labels="target", low=0),
            "--distance": lambda rng, n: {
                "distance": rng.exponential(size=(n, 3)),
                "target": rng.choice([0, 1], (n, 3)),
            },
        },
        options={
            "margin": "--margin 9",
            "half": "--no-half",
            "threshold": "--threshold 9",
        },
        laws=frozenset({"zero at truth", "non-negative", "row order", "symmetric", "shift"}),
        truth=like_first,
        shifted=("input1", "input2"),
        other="input2",
    ),
    "margin-ranking": Example(
        {
            "": lambda rng, n: {
                "input1": rng.normal(size=n),
                "input2": rng.normal(size=n),
                "target": signs(rng, n),
            },
            "table": lambda rng, n: {
                "input1": rng.normal(size=(n, 3)),
                "input2": rng.normal(size=(n, 3)),
                "target": signs(rng, (n, 3)),
            },
        },
        options={"margin": "--margin 0.5"},
        laws=frozenset({"zero at truth", "non-negative", "row order", "shift"}),
        truth=lambda given: given | {"input1": given["input2"] + given["target"]},
        shifted=("input1", "input2"),
        other="input2",
    ),
    "bpr": Example(
        {
            "": lambda rng, n: {"positive": rng.normal(size=n), "negative": rng.normal(size=n)},
            "table": lambda rng, n: {
                "positive": rng.normal(size=(n, 3)),
                "negative": rng.normal(size=(n, 3)),
            },
        },
        laws=frozenset({"zero at truth", "non-negative", "row order", "shift"}),
        truth=lambda given: given | {"positive": given["negative"] + 99},
        shifted=("positive", "negative"),
        other="negative",
    ),
    "infonce": Example(
        {
            "": drawn("input1", "input2"),
            "--anchor": drawn("anchor", "positive"),
            "as clip": lambda rng, n: drawn("input1", "input2")(rng, n) | {"symmetric": True},
        },
        options={
            "temperature": "--temperature 0.5",
            "symmetric": "--symmetric",
            "normalize": "--no-normalize",
        },
        laws=frozenset({"zero at truth", "non-negative", "row order"}),
        truth=lambda given: dict.fromkeys(given, np.eye(24)) | {"temperature": 0.01},
        other="input2",
        alone=False,
    ),
    "ntxent": Example(
        {"": drawn("input1", "input2")},
        options={"temperature": "--temperature 0.1"},
        limits=(
            (
                {
                    "input1": [[1e4, 0.0], [0.0, 1e4]],
                    "input2": [[0.0, 1e4], [1e4, 0.0]],
                    "temperature": 2.0**-10,
                },
                [1024] * 4,
            ),
        ),
        laws=frozenset({"zero at truth", "non-negative"}),
        truth=lambda given: dict.fromkeys(given, np.eye(24)) | {"temperature": 0.01},
        other="input2",
        alone=False,
        rows=False,
    ),
    "supcon": Example(
        {
            "": lambda rng, n: {
                "embeddings": rng.normal(size=(n, 5)),
                "target": rng.integers(0, 3, n),
            },
            "names": lambda rng, n: {
                "embeddings": rng.normal(size=(n, 5)),
                "target": rng.choice(["cat", "dog", "owl"], n),
            },
        },
        options={"temperature": "--temperature 0.5"},
        laws=frozenset({"non-negative", "row order"}),
        alone=False,
    ),
    "siglip": Example(
        {"": drawn("input1", "input2")},
        options={"temperature": "--temperature 0.5", "bias": "--bias 1"},
        laws=frozenset({"zero at truth", "non-negative", "row order"}),
        truth=lambda given: dict.fromkeys(given, np.eye(24)) | {"temperature": 0.01, "bias": -50.0},
        other="input2",
        alone=False,
    ),
    "listnet": Example(
        {
            "": lambda rng, n: {
                "logits": rng.normal(size=(n, 5)),
                "target": rng.integers(0, 4, (n, 5)).astype(float),
            },
            "masked": lambda rng, n: {
                "logits": rng.normal(size=(n, 5)),
                "target": rng.integers(0, 4, (n, 5)),
                "mask": rng.random((n, 5)) < 0.8,
            },
        },
        laws=frozenset({"non-negative", "row order", "shift"}),
        shifted=("logits", "target"),
    ),
    "ranking-softmax": Example(
        {
            "": lambda rng, n: {
                "logits": rng.normal(size=(n, 5)),
                "target": rng.integers(0, 4, (n, 5)).astype(float),
            },
        },
        laws=frozenset({"zero at truth", "non-negative", "row order", "shift"}),
        truth=lambda given: {
            "logits": 1e3 * np.eye(5)[given["target"].argmax(1)],
            "target": np.eye(5)[given["target"].argmax(1)],
        },
        shifted=("logits",),
    ),
    "dpo": Example(
        {
            "": lambda rng, n: {
                name: -4 - rng.exponential(9, n)
                for name in ("chosen", "rejected", "ref_chosen", "ref_rejected")
            },
        },
        options={"beta": "--beta 0.5", "label_smoothing": "--label-smoothing 0.1"},
        laws=frozenset({"zero at truth", "non-negative", "row order", "shift"}),
        truth=lambda given: given | {"rejected": given["chosen"] - 1e5},
        shifted=("chosen", "rejected"),
        other="rejected",
    ),
    **{
        name: Example(
            {
                "": lambda rng, n: {
                    "logits": rng.uniform(-1, 1, (n, 5)),
                    "target": rng.integers(0, 5, n),
                },
                "negative margin": lambda rng, n: {
                    "logits": rng.uniform(-1, 1, (n, 5)),
                    "target": rng.integers(0, 5, n),
                    "margin": -0.1,
                },
            },
            options=words
            | {
                "ignore_index": "--ignore-index 1",
                "top_k": "--top-k 2",
                "classes": "--classes a,b,c,d,e",
                "strict": ("negative margin", "--strict"),
            },
            laws=frozenset({"zero at truth", "non-negative", "row order"}),
            truth=lambda given, sharp=sharp: (
                given | {"logits": 2 * np.eye(5)[given["target"]] - 1} | sharp
            ),
        )
        for name, words, sharp in (
            ("arcface", {"margin": "--margin 0.2", "scale": "--scale 9"}, {}),
            ("cosface", {"margin": "--margin 0.2", "scale": "--scale 9"}, {}),
            ("circle", {"margin": "--margin 0.2", "gamma": "--gamma 9"}, {"gamma": 999.0}),
        )
    },
}
