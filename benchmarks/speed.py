"""losscli against the scripts that people write instead: python benchmarks/speed.py --help.

Both read the same files and answer the same question (mean, std, max and accuracy); each pair
runs in turn, several times, and what counts is the ratio within a run: machines are noisy. The
scripts are written as a user would write them, not as slow as they could be.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

SCRIPTS = {
    "torch": """
import numpy as np, torch
import torch.nn.functional as F
logits = torch.from_numpy(np.load("logits.npy"))
target = torch.from_numpy(np.load("target.npy"))
{work}
""",
    "pandas + torch": """
import pandas as pd, torch
import torch.nn.functional as F
table = pd.read_csv("table.csv")
logits = torch.tensor(table["logit"].to_numpy())
target = torch.tensor(table["label"].to_numpy())
{work}
""",
    "NumPy": """
import numpy as np
logits = np.load("logits.npy")
target = np.load("target.npy")
loss = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
print(loss.mean(), loss.std(ddof=1), loss.max(), ((logits > 0) == (target > 0.5)).mean())
""",
    "scikit-learn": """
import numpy as np
from sklearn.metrics import log_loss
logits = np.load("logits.npy")
target = np.load("target.npy")
print(log_loss(target, 1 / (1 + np.exp(-logits))), ((logits > 0) == (target > 0.5)).mean())
""",
    "polars + torch": """
import polars as pl, torch
import torch.nn.functional as F
table = pl.read_csv("table.csv")
logits = torch.tensor(table["logit"].to_numpy())
target = torch.tensor(table["label"].to_numpy())
{work}
""",
}

WORK = {
    "bce": """
loss = F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype), reduction="none")
print(loss.mean().item(), loss.std().item(), loss.max().item(),
      ((logits > 0) == (target > 0.5)).float().mean().item())
""",
    "ce": """
loss = F.cross_entropy(logits, target, reduction="none")
print(loss.mean().item(), loss.std().item(), loss.max().item(),
      (logits.argmax(1) == target).float().mean().item())
""",
    "mse": """
loss = F.mse_loss(logits, target, reduction="none")
print(loss.mean().item(), loss.std().item(), loss.max().item())
""",
}

FIELDS = {
    "npy": {"logits": "logits.npy", "target": "target.npy"},
    "csv": {"logits": "table.csv:logit", "target": "table.csv:label"},
}

PAIRS = [
    ("bce", "npy", "torch"),
    ("bce", "npy", "NumPy"),
    ("bce", "npy", "scikit-learn"),
    ("ce", "npy", "torch"),
    ("mse", "npy", "torch"),
    ("bce", "csv", "pandas + torch"),
    ("bce", "csv", "polars + torch"),
]
"""Loss, format, and what is run beside losscli."""

CLASSES = 100


@dataclass(frozen=True)
class Cost:
    """What a whole process took."""

    wall: float
    cpu: float
    memory: int  # bytes, at the peak

    def over(self, other: Cost) -> tuple[float, float, float]:
        return self.wall / other.wall, self.cpu / other.cpu, self.memory / other.memory


def run(words: list[str], folder: Path) -> Cost:
    """Runs a command to its end, and asks the system what it took."""
    start = time.perf_counter()
    child = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(words[:3])} … ended with {child.returncode}")
    wall = time.perf_counter() - start
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def make(loss: str, form: str, size: int, folder: Path) -> None:
    """Writes a data set: so many values of the prediction, half of it signal."""
    import numpy as np

    rng = np.random.default_rng(size)
    rows = max(1, size // CLASSES) if loss == "ce" else size
    shape = (rows, CLASSES) if loss == "ce" else (rows,)
    array = np.lib.format.open_memmap(folder / "logits.npy", "w+", np.float32, shape)
    kind = np.float32 if loss == "mse" else np.int64
    target = np.lib.format.open_memmap(folder / "target.npy", "w+", kind, (rows,))
    piece = 10**7 // (CLASSES if loss == "ce" else 1)
    for start in range(0, rows, piece):
        stop = min(start + piece, rows)
        values = rng.normal(0, 2, (stop - start, *shape[1:])).astype(np.float32)
        array[start:stop] = values
        if loss == "ce":
            target[start:stop] = rng.integers(0, CLASSES, stop - start)
        elif loss == "mse":
            target[start:stop] = values + rng.normal(0, 1, stop - start)
        else:
            target[start:stop] = rng.random(stop - start) < 1 / (1 + np.exp(-values))
    array.flush()
    target.flush()
    if form == "csv":
        with (folder / "table.csv").open("w") as file:
            file.write("logit,label\n")
            for start in range(0, rows, 10**6):
                pairs = zip(
                    array[start : start + 10**6].tolist(),
                    target[start : start + 10**6].tolist(),
                    strict=True,
                )
                file.writelines(f"{one},{other}\n" for one, other in pairs)


def compare(loss: str, form: str, peer: str, size: int, runs: int) -> dict[str, object]:
    """The ratios of losscli to a peer, medians of pairs run in turn."""
    fields = FIELDS[form]
    kind = "--pred" if loss == "mse" else "--logits"
    ours = [sys.executable, "-m", "losscli", loss, kind, fields["logits"]]
    ours += ["--target", fields["target"], "--value"]
    theirs = [sys.executable, "-W", "ignore", "-c", SCRIPTS[peer].format(work=WORK[loss])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: what this one once held would count for those it starts.
        maker = multiprocessing.get_context("spawn").Process(
            target=make, args=(loss, form, size, folder)
        )
        maker.start()
        maker.join()
        run(ours, folder), run(theirs, folder)  # the page cache is warm from here on
        costs = [(run(ours, folder), run(theirs, folder)) for _ in range(runs)]
    ratios = [ours.over(theirs) for ours, theirs in costs]
    wall, cpu, memory = (median(column) for column in zip(*ratios, strict=True))
    return {
        "loss": loss,
        "format": form,
        "beside": peer,
        "values": size,
        "wall": wall,
        "cpu": cpu,
        "memory": memory,
        "seconds": median(ours.wall for ours, _ in costs),
        "their_seconds": median(theirs.wall for _, theirs in costs),
        "mib": median(ours.memory for ours, _ in costs) / 2**20,
        "their_mib": median(theirs.memory for _, theirs in costs) / 2**20,
    }


def table(found: list[dict[str, object]]) -> str:
    """The ratios as a Markdown table: below 1 losscli is quicker, or smaller."""
    head = "| loss | format | beside | values | wall | CPU | peak memory | losscli | the script |"
    lines = [head, "|" + "---|" * 9]
    lines += [
        "| {loss} | {format} | {beside} | {values:.0e} | {wall:.2f} | {cpu:.2f} | {memory:.2f} "
        "| {seconds:.2f} s, {mib:.0f} MiB | {their_seconds:.2f} s, {their_mib:.0f} MiB |".format(
            **one
        )
        for one in found
    ]
    return "\n".join(lines) + "\n"


def picture(found: list[dict[str, object]], path: Path) -> None:
    """How the ratios of wall time and memory grow with the size of the data."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, measure in zip(axes, ("wall", "memory"), strict=True):
        for case in dict.fromkeys((one["loss"], one["format"], one["beside"]) for one in found):
            own = [one for one in found if (one["loss"], one["format"], one["beside"]) == case]
            label = f"{case[0]}, {case[1]}, beside {case[2]}"
            axis.plot(
                [one["values"] for one in own], [one[measure] for one in own], "o-", label=label
            )
        axis.axhline(1, color="black", linewidth=0.5)
        axis.set(xscale="log", yscale="log", xlabel="values", ylabel=f"{measure}: losscli / script")
    axes[0].legend(fontsize="x-small")
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1e3,1e5,1e7", help="values of the prediction")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each pair")
    parser.add_argument("--only", default="", help="pairs whose names contain this")
    parser.add_argument("--output", type=Path, help="folder for speed.md, speed.json and speed.png")
    given = parser.parse_args()
    found = []
    for size in (int(float(one)) for one in given.sizes.split(",")):
        for loss, form, peer in PAIRS:
            if given.only in f"{loss} {form} {peer}":
                found.append(compare(loss, form, peer, size, given.runs))
                print(table(found[-1:]).splitlines()[-1], flush=True)
    print("\n" + table(found))
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "speed.md").write_text(table(found))
        (given.output / "speed.json").write_text(json.dumps(found, indent=1) + "\n")
        picture(found, given.output / "speed.png")


if __name__ == "__main__":
    main()
