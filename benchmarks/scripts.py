"""What people write instead of losscli, and what is compared with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from data import DATA, Data

TABLE = """
prediction = torch.tensor(table["logit"].to_numpy())
target = torch.tensor(table["label"].to_numpy())
"""

LISTS = """
prediction = torch.tensor(table["logit"])
target = torch.tensor(table["label"])
"""

HEADS = {
    "pandas + torch": "import pandas as pd, torch",
    "polars + torch": "import polars as pl, torch",
    "pyarrow + torch": "import pyarrow as pa, torch",
    "h5py + torch": "import h5py, torch",
    "safetensors + torch": "import torch\nfrom safetensors.torch import load_file",
    "json + torch": "import json, torch",
    "orjson + torch": "import orjson, torch",
    "Pillow + torch": "import numpy as np, torch\nfrom pathlib import Path\nfrom PIL import Image",
    "torch": "import numpy as np, torch",
    "NumPy": "import numpy as np",
    "scikit-learn": "import numpy as np\nfrom sklearn.metrics import log_loss",
}
"""What each script imports first."""

NPY = """
prediction = np.load("{0}")
target = np.load("{1}")
"""

NPZ = """
with np.load("{0}") as table:
    prediction, target = table["logit"], table["label"]
"""

MERGED = """
table = pd.read_csv("{0}").merge(pd.read_csv("{1}"), on="id", validate="one_to_one")
"""

JOINED = """
table = pl.read_csv("{0}").join(pl.read_csv("{1}"), on="id", validate="1:1")
"""

COLUMNS = """
with open("{0}", "rb") as file:
    table = json.loads(file.read())
"""

RECORDS = """
with open("{0}", "rb") as file:
    rows = json.loads(file.read())
table = {{name: [row[name] for row in rows] for name in ("logit", "label")}}
"""

LINES = """
with open("{0}", "rb") as file:
    rows = [json.loads(line) for line in file]
table = {{name: [row[name] for row in rows] for name in ("logit", "label")}}
"""

TEXT = """
table = np.loadtxt("{0}", delimiter=",", skiprows=1)
prediction, target = table[:, 0], table[:, 1]
"""

IMAGES = """
prediction = torch.from_numpy(np.load("{0}"))
images = [np.asarray(Image.open(path)) for path in sorted(Path("{1}").glob("*.png"))]
target = torch.from_numpy(np.stack(images)) > 127
"""

RAW = """
prediction = np.fromfile("{0}", np.float32)
target = np.fromfile("{1}", np.int64)
"""

TENSORS = """
prediction, target = torch.from_numpy(prediction), torch.from_numpy(target)
"""

HDF5 = """
with h5py.File("{0}") as file:
    prediction, target = torch.from_numpy(file["logit"][:]), torch.from_numpy(file["label"][:])
"""

SAVED = """
table = torch.load("{0}")
prediction, target = table["logit"], table["label"]
"""

FEATHER = """
with pa.ipc.open_file(pa.memory_map("{0}")) as file:
    table = file.read_all()
"""

READ = {
    ("torch", ".npy"): NPY + TENSORS,
    ("torch", ".npz"): NPZ + TENSORS,
    ("torch", ".pt"): SAVED,
    ("torch", ".f32"): RAW + TENSORS,
    ("NumPy", ".npy"): NPY,
    ("NumPy", ".npz"): NPZ,
    ("NumPy", ".csv"): TEXT,
    ("NumPy", ".f32"): RAW,
    ("scikit-learn", ".npy"): NPY,
    ("Pillow + torch", ".npy"): IMAGES,
    ("h5py + torch", ".h5"): HDF5,
    ("safetensors + torch", ".safetensors"): SAVED.replace("torch.load", "load_file"),
    ("pyarrow + torch", ".arrow"): FEATHER + TABLE,
    ("json + torch", ".json"): COLUMNS + LISTS,
    ("orjson + torch", ".json"): COLUMNS.replace("json.", "orjson.") + LISTS,
    ("json + torch", ".jsonl"): LINES + LISTS,
    ("orjson + torch", ".jsonl"): LINES.replace("json.", "orjson.") + LISTS,
    ("pandas + torch", ".csv"): 'table = pd.read_csv("{0}")' + TABLE,
    ("pandas + torch", ".tsv"): 'table = pd.read_csv("{0}", sep="\\t")' + TABLE,
    ("pandas + torch", ".jsonl"): 'table = pd.read_json("{0}", lines=True)' + TABLE,
    ("pandas + torch", ".json"): 'table = pd.read_json("{0}")' + TABLE,
    ("pandas + torch", ".parquet"): 'table = pd.read_parquet("{0}")' + TABLE,
    ("pandas + torch", ".arrow"): 'table = pd.read_feather("{0}")' + TABLE,
    ("polars + torch", ".csv"): 'table = pl.read_csv("{0}")' + TABLE,
    ("polars + torch", ".tsv"): 'table = pl.read_csv("{0}", separator="\\t")' + TABLE,
    ("polars + torch", ".jsonl"): 'table = pl.read_ndjson("{0}")' + TABLE,
    ("polars + torch", ".json"): 'table = pl.read_json("{0}")' + TABLE,
    ("polars + torch", ".parquet"): 'table = pl.read_parquet("{0}")' + TABLE,
    ("polars + torch", ".arrow"): 'table = pl.read_ipc("{0}")' + TABLE,
}
"""How each script reads what ends in some suffix."""

READ_OTHERWISE = {
    ("pandas + torch", "bce csv by id"): MERGED + TABLE,
    ("polars + torch", "bce csv by id"): JOINED + TABLE,
    ("json + torch", "bce json records"): RECORDS + LISTS,
    ("orjson + torch", "bce json records"): RECORDS.replace("json.", "orjson.") + LISTS,
}
"""How it reads data that the suffix does not tell."""

COMPUTE = {
    "bce": """
loss = F.binary_cross_entropy_with_logits(prediction, target.to(prediction.dtype), reduction="none")
print(loss.mean().item(), loss.std().item(), loss.max().item(),
      ((prediction > 0) == (target > 0.5)).float().mean().item())
""",
    "ce": """
loss = F.cross_entropy(prediction, target, reduction="none")
print(loss.mean().item(), loss.std().item(), loss.max().item(),
      (prediction.argmax(1) == target).float().mean().item())
""",
    "mse": """
loss = F.mse_loss(prediction, target, reduction="none")
print(loss.mean().item(), loss.std().item(), loss.max().item())
""",
}
"""What they compute."""

BACK = "torch backward"
"""The script that wants the gradient too."""

ALONE = "torch alone"
"""The script that wants the mean loss and nothing beside it."""

MEAN = {
    "bce": "F.binary_cross_entropy_with_logits(prediction, target.to(prediction.dtype))",
    "ce": "F.cross_entropy(prediction, target)",
    "mse": "F.mse_loss(prediction, target)",
}
"""What those compute that want no loss of each element."""

GRADIENT = """
prediction.requires_grad_()
loss = {loss}
loss.backward()
np.save("their-gradient.npy", prediction.grad.numpy())
print(loss.item(), prediction.grad.norm().item(), prediction.grad.abs().max().item())
"""

WITHOUT_TORCH = {
    "NumPy": """
loss = np.maximum(prediction, 0) - prediction * target + np.log1p(np.exp(-np.abs(prediction)))
print(loss.mean(), loss.std(ddof=1), loss.max(), ((prediction > 0) == (target > 0.5)).mean())
""",
    "scikit-learn": """
print(log_loss(target, 1 / (1 + np.exp(-prediction))),
      ((prediction > 0) == (target > 0.5)).mean())
""",
}


@dataclass(frozen=True)
class Pair:
    """losscli and one script.

    Attributes:
        data: The name of the data.
        beside: What the script is made of.
        memory: The script's peak memory in bytes for each value, about; from 2e6 values.
        install: "base" where neither side can import pyarrow, "arrow" where both can and it
            makes a difference; else empty.
    """

    data: str
    beside: str
    memory: int
    install: str = ""

    @property
    def name(self) -> str:
        """How ``--only`` finds it."""
        return " ".join(part for part in (self.data, self.install, self.beside) if part)

    @property
    def given(self) -> Data:
        return DATA[self.data]

    @property
    def ours(self) -> list[str]:
        """The words of losscli's command."""
        one = self.given
        kind = "--pred" if one.loss == "mse" else "--logits"
        more = ["--grad", "our-gradient.npy"] if self.beside == BACK else []
        given = [one.loss, kind, one.prediction, "--target", one.target]
        return [*given, *one.words, "--value", *more]

    @property
    def script(self) -> str:
        """The text of the script."""
        one = self.given
        beside = "torch" if self.beside in (BACK, ALONE) else self.beside
        head = HEADS[beside]
        suffixes = [suffix for suffix in PurePath(one.files[0]).suffixes if suffix in SUFFIXES]
        read = READ_OTHERWISE.get((beside, self.data)) or READ[beside, suffixes[0]]
        if beside in WITHOUT_TORCH:
            compute = WITHOUT_TORCH[beside]
        else:
            head += "\nimport torch.nn.functional as F"
            compute = COMPUTE[one.loss]
        if self.beside == BACK:
            compute = GRADIENT.replace("{loss}", MEAN[one.loss])
        elif self.beside == ALONE:
            compute = f"\nprint({MEAN[one.loss]}.item())\n"
        return f"{head}\n{read.format(*one.files)}{compute}"


SUFFIXES = {suffix for _, suffix in READ}

PAIRS = [
    Pair("bce npy int64", "torch", 24),
    Pair("bce npy int64", ALONE, 20),
    Pair("bce npy int64", "NumPy", 36),
    Pair("bce npy int64", "scikit-learn", 76),
    Pair("bce npy float32", "torch", 24),
    Pair("bce npy float32", "NumPy", 24),
    Pair("bce npy float32", "scikit-learn", 76),
    Pair("ce npy int64", "torch", 12),
    Pair("ce npy int64", ALONE, 12),
    Pair("mse npy float32", "torch", 20),
    Pair("mse npy float32", ALONE, 16),
    Pair("bce npy float32", "torch backward", 36),
    Pair("ce npy int64", "torch backward", 20),
    Pair("mse npy float32", "torch backward", 32),
    *(
        Pair(f"bce csv {digits}", beside, memory, install)
        for digits in ("short", "long")
        for install in ("base", "arrow")
        for beside, memory in (("pandas + torch", 80), ("polars + torch", 80))
    ),
    Pair("bce parquet float32", "pandas + torch", 64),
    Pair("bce parquet float32", "polars + torch", 64),
    Pair("bce jsonl short", "pandas + torch", 600),
    Pair("bce jsonl short", "polars + torch", 80),
]
"""All that is compared as data grow."""

FORMATS = [
    Pair("bce npy int64", "torch", 24),
    Pair("bce npy int64", "NumPy", 36),
    Pair("bce npz", "torch", 24),
    Pair("bce npz", "NumPy", 36),
    Pair("bce npz compressed", "torch", 24),
    Pair("bce pt", "torch", 24),
    Pair("bce safetensors", "safetensors + torch", 24),
    Pair("bce hdf5", "h5py + torch", 24),
    Pair("bce hdf5 gzip", "h5py + torch", 24),
    Pair("bce raw", "torch", 24),
    Pair("bce raw", "NumPy", 36),
    Pair("bce csv short", "pandas + torch", 80, "base"),
    Pair("bce csv short", "NumPy", 100, "base"),
    *(
        Pair(f"bce {text}", beside, 80, "arrow")
        for text in ("csv short", "tsv", "csv gzip", "csv zstd", "csv by id")
        for beside in ("pandas + torch", "polars + torch")
    ),
    *(
        Pair(f"bce {columns}", beside, 64)
        for columns in ("parquet float32", "arrow")
        for beside in ("pandas + torch", "polars + torch")
    ),
    Pair("bce arrow", "pyarrow + torch", 32),
    *(
        Pair(f"bce {lines}", beside, 600)
        for lines in ("jsonl short", "json columns", "json records")
        for beside in ("pandas + torch", "polars + torch", "json + torch", "orjson + torch")
        if (lines, beside) != ("json columns", "polars + torch")  # which reads records alone
    ),
    Pair("bce png", "Pillow + torch", 24),
]
"""All that is compared of each format."""
