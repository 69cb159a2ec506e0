"""Where losses are computed, and the way there and back."""

from __future__ import annotations

from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any

from losscli.errors import UsageError
from losscli.lazy import np, torch
from losscli.sparing import complete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.lazy import Tensor

PAYS = 2**26
"""From so many values on, "auto" takes CUDA: below, to start it takes longer than to compute."""


def device(name: str, dtype: str, values: int) -> Any:
    """The torch device of a name.

    Args:
        name: cpu, cuda, cuda:N, mps, or auto.
        dtype: What will be computed in.
        values: How many values will be taken there.

    Raises:
        UsageError: there is no such device here, or it does not know the dtype.
    """
    if name == "cpu":
        return torch.device("cpu")
    if name == "auto" and not (values >= PAYS and torch.cuda.is_available()):
        return torch.device("cpu")
    complete()  # it may have kernels for other devices that are not there yet
    if name == "auto":
        return torch.device("cuda")
    kind, _, index = name.partition(":")
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise UsageError("--device cuda: there is no CUDA device here", hint="--device cpu")
        if index and int(index) >= count:
            raise UsageError(f"--device {name}: there are {count} CUDA devices, from cuda:0")
        return torch.device(name)
    if not torch.backends.mps.is_available():
        raise UsageError("--device mps: there is no MPS device here", hint="--device cpu")
    if dtype == "float64":
        raise UsageError("--device mps does not know float64", hint="--dtype float32")
    return torch.device(name)


class Way:
    """The way of arrays to a device and of losses back, for several threads at once.

    On CUDA each thread has a stream of its own and copies from and to pinned memory, so that one
    thread's arrays travel while another's losses are computed.
    """

    def __init__(self, device: Any) -> None:
        self.device = device
        self._streams = local()

    @contextmanager
    def open(self) -> Iterator[None]:
        """What is done inside belongs to one thread."""
        if self.device.type != "cuda":
            yield
            return
        if not hasattr(self._streams, "own"):
            self._streams.own = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._streams.own):
            yield

    def there(self, values: np.ndarray, dtype: Any = None) -> Tensor:
        """An array on the device; in a dtype, or its own."""
        tensor = torch.from_numpy(np.ascontiguousarray(values))
        if self.device.type != "cuda":
            return tensor.to(self.device, dtype)
        return tensor.pin_memory().to(self.device, non_blocking=True).to(dtype or tensor.dtype)

    def back(self, tensor: Tensor) -> Tensor:
        """What was computed, where NumPy can see it."""
        if self.device.type != "cuda":
            return tensor.cpu()
        found = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
        found.copy_(tensor, non_blocking=True)
        torch.cuda.current_stream(self.device).synchronize()
        return found
