"""Losses that hold weights, beside plain scripts: python benchmarks/layers.py --help.

The scripts go over batches, as an evaluation does; those of linear-ce make all scores of a batch at
once, those of adaptive-ce call PyTorch's module. Both sides print the mean loss, and must agree.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import torch
from cost import Cost, run

LINEAR = """
import numpy as np, torch, torch.nn.functional as F
x, w, y = (torch.from_numpy(np.load(name)) for name in ("x.npy", "w.npy", "y.npy"))
total, hits = 0.0, 0
for start in range(0, len(x), {batch}):
    scores, true = x[start : start + {batch}] @ w.T, y[start : start + {batch}]
    total += F.cross_entropy(scores, true, reduction="sum").item()
    hits += (scores.argmax(1) == true).sum().item()
print(total / len(x), hits / len(x))
"""

ADAPTIVE = """
import numpy as np, torch
x, y = (torch.from_numpy(np.load(name)) for name in ("x.npy", "y.npy"))
layer = torch.nn.AdaptiveLogSoftmaxWithLoss({size}, {classes}, {cutoffs})
layer.load_state_dict(torch.load("state.pt"))
total, hits = 0.0, 0
with torch.no_grad():
    for start in range(0, len(x), {batch}):
        some, true = x[start : start + {batch}], y[start : start + {batch}]
        total -= layer(some, true).output.sum().item()
        hits += (layer.predict(some) == true).sum().item()
print(total / len(x), hits / len(x))
"""


def made(folder: Path, tokens: int, classes: int, size: int) -> list[int]:
    """Writes features, targets and layers; the cutoffs of the adaptive one."""
    torch.manual_seed(0)
    features, target = torch.randn(tokens, size), torch.randint(0, classes, (tokens,))
    cutoffs = [classes // 64, classes // 8]
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(size, classes, cutoffs)
    for name, array in (("x", features), ("y", target), ("w", torch.randn(classes, size) / 8)):
        np.save(folder / f"{name}.npy", array.numpy())
    torch.save(layer.state_dict(), folder / "state.pt")
    return cutoffs


def compared(ours: Cost, theirs: Cost) -> tuple[float, float, float]:
    """The ratios of wall, CPU and memory, of runs that found the same loss."""
    one, other = (float(cost.printed.split()[0]) for cost in (ours, theirs))
    if abs(one - other) > 1e-5 * abs(other):
        raise SystemExit(f"losscli found {one}, the script {other}")
    return ours.wall / theirs.wall, ours.cpu / theirs.cpu, ours.memory / theirs.memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=20_000)
    parser.add_argument("--classes", type=int, default=128_000)
    parser.add_argument("--size", type=int, default=64, help="of a vector of features")
    parser.add_argument("--batch", type=int, default=1024, help="of the scripts")
    parser.add_argument("--runs", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        cutoffs = made(folder, given.tokens, given.classes, given.size)
        values = {"batch": given.batch, "size": given.size, "classes": given.classes}
        common = ["--features", "x.npy", "--target", "y.npy", "--value"]
        pairs = {
            "linear-ce": (["--weight-matrix", "w.npy"], LINEAR.format(**values)),
            "adaptive-ce": (["--state", "state.pt"], ADAPTIVE.format(cutoffs=cutoffs, **values)),
        }
        print(
            "| loss | wall | CPU | peak memory | losscli | the script |\n|---|---|---|---|---|---|"
        )
        for loss, (words, script) in pairs.items():
            ratios = []
            for _ in range(given.runs):
                ours = run([sys.executable, "-m", "losscli", loss, *words, *common], folder, {})
                theirs = run([sys.executable, "-c", script], folder, {})
                ratios.append(compared(ours, theirs))
            found = " | ".join(f"{median(column):.2f}" for column in zip(*ratios, strict=True))
            shown = " | ".join(
                f"{one.wall:.1f} s, {one.memory / 2**20:.0f} MiB" for one in (ours, theirs)
            )
            print(f"| {loss} | {found} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
