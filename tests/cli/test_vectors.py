"""Losses of vectors and pairs, as they are typed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from losscli import evaluate

RNG = np.random.default_rng(53)
A, B = RNG.normal(size=(2, 20, 5))
SIGNS = RNG.choice([-1, 1], 20)


def test_command_line(losscli, tmp_path):
    table = ["a0,a1,b0,b1,y,who"]
    for a, b, y in zip(A, B, SIGNS, strict=True):
        table.append(f"{a[0]},{a[1]},{b[0]},{b[1]},{y},{'cat' if y > 0 else 'dog'}")
    file = tmp_path / "pairs.csv"
    file.write_text("\n".join(table))
    wanted = evaluate("cosine-embedding", input1=A[:, :2], input2=B[:, :2], target=SIGNS)
    ran = losscli(
        f"CosineEmbeddingLoss --data {file} --input1 a0..a1 --input2 'b*' --target y --json"
    )
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["value"] == pytest.approx(wanted.value, rel=1e-14)
    wanted = evaluate("supcon", embeddings=A[:, :2], target=SIGNS)
    ran = losscli(f"supcon --data {file} --embeddings a0,a1 --target who --value")
    assert ran.code == 0, ran.err
    assert float(ran.out) == pytest.approx(wanted.value, rel=1e-14)
    ran = losscli(f"infonce --data {file} --input1 a0,a1 --input2 b0,b1")
    assert ran.code == 0, ran.err
    assert "nearest" in ran.out
    assert "infonce needs all 20 rows at once" in ran.err
    ran = losscli("triplet --anchor '[[1.0,2]]' --positive '[[1,2.5]]'")
    assert (ran.code, "--negative" in ran.err) == (2, True)
