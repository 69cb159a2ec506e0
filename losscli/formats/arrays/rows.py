"""Something that gives its rows as tensors or arrays, seen as an array of NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losscli.lazy import np, torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.lazy import Tensor

__all__ = ["Rows", "numbers"]


class Rows:
    """An array of which only the rows that are asked for are in memory.

    Args:
        shape: Of all.
        dtype: What the rows are given as.
        sliced: Gives some rows: a tensor, or an array.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[np.generic],
        sliced: Callable[[slice], Any],
    ) -> None:
        self.shape, self.dtype, self.ndim = shape, dtype, len(shape)
        self._sliced = sliced

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        return np.asarray(numbers(self._sliced(rows)), self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def tensor(self) -> Tensor:
        """All rows in one tensor, in the dtype of the file."""
        found = self._sliced(slice(None))
        return found if hasattr(found, "detach") else torch.from_numpy(np.ascontiguousarray(found))


def numbers(value: Any) -> np.ndarray:
    """A tensor's numbers. What NumPy lacks, such as bfloat16, fits in float32."""
    if not hasattr(value, "detach"):
        return np.asarray(value)
    tensor = value.detach().cpu()
    if str(tensor.dtype).startswith(("torch.bfloat16", "torch.float8")):
        tensor = tensor.float()
    array: np.ndarray = tensor.resolve_conj().resolve_neg().numpy()
    return array
