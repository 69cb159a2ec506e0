"""Results as a table, as data and as a picture."""

from __future__ import annotations

import json
import os
import platform
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Row = dict[str, Any]

CASE = ("loss", "data", "install", "beside")
"""What makes a line of the picture."""

HEAD = (
    "| loss | data | install | beside | values | wall | CPU | peak memory | losscli | the script |"
)

ARRAYS = ("npy", "npz", "pt", "safetensors", "hdf5", "raw", "png")
"""Forms of data that share a picture."""

NOTHING = "\N{EN DASH}"

LOSSES = ("bce", "ce", "mse")

AIMS = [
    ({"loss": "bce", "data": "npy float32", "beside": "torch"}, 10**8, "wall", 0.5),
    ({"loss": "bce", "data": "npy float32", "beside": "torch"}, 10**8, "memory", 0.2),
    ({"loss": "bce", "data": "npy int64", "beside": "torch"}, 10**8, "wall", 0.5),
    ({"loss": "bce", "data": "npy int64", "beside": "torch"}, 10**8, "memory", 0.2),
    *(({"loss": one, "beside": "torch alone"}, 10**8, "wall", 4 / 3) for one in LOSSES),
    *(
        ({"data": f"csv {digits}", "install": install, "beside": "pandas + torch"}, 10**7, *aim)
        for digits in ("short", "long")
        for install, aim in (("base", ("wall", 1.0)), ("arrow", ("wall", 0.6)))
    ),
]
"""Which rows, how many values, what of them, and what it should be at most."""

BESIDE = [
    *("numpy", "torch", "pandas", "polars", "pyarrow", "scikit-learn"),
    *("h5py", "safetensors", "orjson", "zstandard", "pillow"),
]
"""Whose versions are told."""

FLAT = 10**6
"""From so many values on, memory should not grow."""


def options(about: str | None, name: str, runs: int) -> ArgumentParser:
    """What every measurement of one size can be asked.

    Args:
        about: What the help says.
        name: Of the file of results.
        runs: How often each counts, unless it is said.
    """
    parser = ArgumentParser(description=about, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1e8", help="values of the prediction of each loss")
    parser.add_argument("--runs", type=int, default=runs, help="counted runs of each")
    parser.add_argument("--output", type=Path, help=f"folder for {name}.md")
    parser.add_argument("--folder", type=Path, help="where files are made: best in memory")
    return parser


def keep(text: str, folder: Path | None, name: str) -> None:
    """Writes what was measured, where that is asked for."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(text)


def line(row: Row) -> str:
    """One row of the table."""
    cells = [row[name] for name in CASE] + [f"{row['values']:.0e}".replace("e+0", "e")]
    cells += [_ratio(row, measure) for measure in ("wall", "cpu", "memory")]
    cells += [_absolute(row, side) for side in ("our", "their")]
    return "| " + " | ".join(cells) + " |"


def _ratio(row: Row, measure: str) -> str:
    if row[measure] is None:
        return NOTHING
    low, high = row[f"{measure}_spread"]
    spread = f" ({low:.2f}-{high:.2f})" if row["runs"] > 1 else ""
    return f"{row[measure]:.2f}{spread}"


def _absolute(row: Row, side: str) -> str:
    if row[f"{side}_wall"] is None:
        return NOTHING
    return f"{row[f'{side}_wall']:.2f} s, {row[f'{side}_memory'] / 2**20:.0f} MiB"


def table(rows: list[Row]) -> str:
    """Markdown: below 1 losscli is quicker, or smaller; in brackets the least and the largest."""
    return "\n".join([HEAD, "|" + "---|" * HEAD.count(" | ") + "---|", *map(line, rows)]) + "\n"


def _key(row: Row) -> tuple[Any, ...]:
    return (*(row[name] for name in CASE), row["values"])


@dataclass
class Results:
    """What has been measured, in a folder or for this time alone.

    Attributes:
        folder: Holds the files; None for none.
        name: Of the files.
        order: The names of all pairs, in the order in which they are shown.
    """

    folder: Path | None
    name: str
    order: list[str]
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Tells a row, and adds it to those in the folder, in place of an older one of its name."""
        print(line(row), flush=True)
        self.rows.append(row)
        if self.folder is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self.name}.json"
        before = json.loads(path.read_text())["rows"] if path.exists() else []
        by_key = {_key(one): one for one in [*before, row]}
        text = json.dumps({"machine": machine(), "rows": list(by_key.values())}, indent=1)
        path.write_text(text + "\n")

    def show(self) -> None:
        """The table and what was aimed at; of a folder all its rows, and their picture."""
        if self.folder is None or not self.rows:
            print("\n" + table(self.rows) + "\n" + aims(self.rows))
            return
        found = json.loads((self.folder / f"{self.name}.json").read_text())
        rows = sorted(found["rows"], key=self._place)
        text = f"{found['machine']}\n\n{table(rows)}\n{aims(rows)}"
        (self.folder / f"{self.name}.md").write_text(text)
        print("\n" + text)
        picture(rows, self.folder / f"{self.name}.png")

    def _place(self, row: Row) -> tuple[int, int]:
        parts = (f"{row['loss']} {row['data']}", row["install"], row["beside"])
        name = " ".join(part for part in parts if part)
        at = self.order.index(name) if name in self.order else len(self.order)
        return at, row["values"]


def aims(rows: list[Row]) -> str:
    """What was aimed at, as far as it was measured."""
    lines = []
    for which, values, measure, limit in AIMS:
        for row in rows:
            if (
                row["values"] == values
                and row[measure] is not None
                and which.items() <= row.items()
            ):
                met = "met" if row[measure] <= limit else "missed"
                lines.append(
                    f"- {_name(row)}, {values:.0e} values: {measure} at most {limit:.3g}, "
                    f"is {row[measure]:.2f}: {met}".replace("e+0", "e")
                )
    for name, own in _ours(rows).items():
        memory = {row["values"]: row["our_memory"] / 2**20 for row in own if row["values"] >= FLAT}
        if len(memory) > 1:
            told = ", ".join(f"{one:.0f} MiB at {size:.0e}" for size, one in memory.items())
            lines.append(f"- {name}: losscli takes {told}".replace("e+0", "e"))
    return "\n".join(["Aims:", "", *lines]) + "\n" if lines else ""


def _name(row: Row) -> str:
    return f"{_our_name(row)}, beside {row['beside']}"


def _our_name(row: Row) -> str:
    install = f" ({row['install']})" if row["install"] else ""
    return f"{row['loss']}, {row['data']}{install}"


def _ours(rows: list[Row]) -> dict[str, list[Row]]:
    """Rows by what losscli did in them: one for each size, whatever ran beside it."""
    found: dict[str, dict[int, Row]] = {}
    for row in rows:
        found.setdefault(_our_name(row), {}).setdefault(row["values"], row)
    return {name: [own[size] for size in sorted(own)] for name, own in found.items()}


def machine() -> str:
    """What it was measured on, and with."""
    packages = []
    for name in ["losscli", *BESIDE]:
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    model = platform.processor() or platform.machine()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(one.partition(": ")[2] for one in lines if one.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return (
        f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB of memory; "
        f"Python {platform.python_version()}, {', '.join(packages)}."
    )


def picture(rows: list[Row], path: Path) -> None:
    """How the ratios of wall time and memory, and losscli's own memory, grow with the data."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = [
        [row for row in rows if row["data"].startswith(forms)]
        for forms in (ARRAYS, ("csv", "tsv"), ("parquet", "arrow", "json"))
    ]
    groups = [group for group in groups if group]
    figure, grid = pyplot.subplots(
        len(groups), 3, figsize=(15, 5 * len(groups)), layout="constrained", squeeze=False
    )
    for axes, group in zip(grid, groups, strict=True):
        for axis, measure in zip(axes, ("wall", "memory"), strict=False):
            for case in dict.fromkeys(tuple(row[name] for name in CASE) for row in group):
                own = [
                    row
                    for row in group
                    if tuple(row[name] for name in CASE) == case and row[measure] is not None
                ]
                if own:
                    points = zip(*((row["values"], row[measure]) for row in own), strict=True)
                    axis.plot(*points, "o-", markersize=3, label=_name(own[0]))
            axis.axhline(1, color="black", linewidth=0.5)  # as quick, or as large
            axis.set_title("wall time" if measure == "wall" else "peak memory", fontsize="medium")
            axis.set_ylabel("losscli / the script")
        for name, own in _ours(group).items():
            points = zip(*((row["values"], row["our_memory"] / 2**20) for row in own), strict=True)
            axes[2].plot(*points, "o-", markersize=3, label=name)
        axes[2].set_title("peak memory of losscli", fontsize="medium")
        axes[2].set_ylabel("MiB")
        for axis, low, high in zip(axes, (0.1, 0.1, 100), (10, 10, 1000), strict=True):
            axis.set(xscale="log", yscale="log", xlabel="values")
            bottom, top = axis.get_ylim()
            axis.set_ylim(min(bottom, low), max(top, high))
            if axis.get_legend_handles_labels()[0] and axis is not axes[1]:
                below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15)}  # no line is hidden
                axis.legend(fontsize="x-small", ncols=2, **below)
            axis.grid(visible=True, which="major", linewidth=0.3)
    figure.savefig(path, dpi=120)
