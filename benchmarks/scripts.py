"""What people write instead of losscli, and what is compared with it."""

from __future__ import annotations

from dataclasses import dataclass

from data import DATA, Data

READ = {
    "torch": """
import numpy as np, torch
import torch.nn.functional as F
prediction = torch.from_numpy(np.load("{prediction}"))
target = torch.from_numpy(np.load("{target}"))
""",
    "pandas + torch": """
import pandas as pd, torch
import torch.nn.functional as F
table = pd.{pandas}("{file}"{lines})
prediction = torch.tensor(table["logit"].to_numpy())
target = torch.tensor(table["label"].to_numpy())
""",
    "polars + torch": """
import polars as pl, torch
import torch.nn.functional as F
table = pl.{polars}("{file}")
prediction = torch.tensor(table["logit"].to_numpy())
target = torch.tensor(table["label"].to_numpy())
""",
}
"""How each script reads its data, for those that compute with torch."""

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

BACKWARD = {
    "bce": "F.binary_cross_entropy_with_logits(prediction, target.to(prediction.dtype))",
    "ce": "F.cross_entropy(prediction, target)",
    "mse": "F.mse_loss(prediction, target)",
}
"""What those compute that want the gradient too."""

GRADIENT = """
prediction.requires_grad_()
loss = {loss}
loss.backward()
np.save("their-gradient.npy", prediction.grad.numpy())
print(loss.item(), prediction.grad.norm().item(), prediction.grad.abs().max().item())
"""

WITHOUT_TORCH = {
    "NumPy": """
import numpy as np
logits = np.load("{prediction}")
target = np.load("{target}")
loss = np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits)))
print(loss.mean(), loss.std(ddof=1), loss.max(), ((logits > 0) == (target > 0.5)).mean())
""",
    "scikit-learn": """
import numpy as np
from sklearn.metrics import log_loss
logits = np.load("{prediction}")
target = np.load("{target}")
print(log_loss(target, 1 / (1 + np.exp(-logits))), ((logits > 0) == (target > 0.5)).mean())
""",
}

READERS = {
    "csv": {"pandas": "read_csv", "polars": "read_csv", "lines": ""},
    "parquet": {"pandas": "read_parquet", "polars": "read_parquet", "lines": ""},
    "jsonl": {"pandas": "read_json", "polars": "read_ndjson", "lines": ", lines=True"},
}
"""The functions of pandas and polars for each suffix."""


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
        more = ["--grad", "our-gradient.npy"] if self.beside == "torch backward" else []
        return [one.loss, kind, one.prediction, "--target", one.target, "--value", *more]

    @property
    def script(self) -> str:
        """The text of the script."""
        one = self.given
        if self.beside == "torch backward":
            text = READ["torch"] + GRADIENT.replace("{loss}", BACKWARD[one.loss])
        else:
            text = WITHOUT_TORCH.get(self.beside) or READ[self.beside] + COMPUTE[one.loss]
        file = one.prediction.partition(":")[0]
        readers = READERS.get(file.rpartition(".")[2], {})
        return text.format(prediction=one.prediction, target=one.target, file=file, **readers)


PAIRS = [
    Pair("bce npy int64", "torch", 24),
    Pair("bce npy int64", "NumPy", 36),
    Pair("bce npy int64", "scikit-learn", 76),
    Pair("bce npy float32", "torch", 24),
    Pair("bce npy float32", "NumPy", 24),
    Pair("bce npy float32", "scikit-learn", 76),
    Pair("ce npy int64", "torch", 12),
    Pair("mse npy float32", "torch", 20),
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
"""All that is compared."""
