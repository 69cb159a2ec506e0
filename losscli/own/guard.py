"""What code that nobody has tested with losscli may do wrong, looked for in every leaf.

Its losses must have the shape, the kind and the place that the inputs ask for. It must leave its
inputs alone. And the loss of a row must depend on that row alone: a few rows of each leaf are
computed once more by themselves, which must give the same.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

from losscli.errors import DataError
from losscli.lazy import Tensor, np, torch
from losscli.registry import Pooled, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.batch import Batch

    Call = Callable[..., Any]

SOME = 64
"""So many rows are computed once more, at most."""

LEAST = 3
"""So many at least, where there are more."""

SHARE = 16
"""At most one row in so many is, where there are as many."""

CLOSE = {"float64": 1e-9, "float32": 1e-4, "bfloat16": 0.05, "float16": 1e-2}
"""So far apart may a loss be from itself, computed among other rows."""


def guarded(
    name: str,
    call: Call,
    batch: Batch,
    alone: bool,
    /,
    *inputs: Tensor,
    **options: Any,
) -> Any:
    """The losses of a leaf, once they have been found to be some.

    Args:
        name: The loss.
        call: Its function.
        batch: The leaf as it was read.
        alone: The loss of a row depends on that row alone.
        *inputs: Tensors, rows first.
        **options: Its options.

    Raises:
        DataError: they are none; the message says why and what to change.
    """
    before = [one.detach().clone() for one in inputs]
    found = call(*inputs, **options)
    if not all(map(_same_bits, inputs, before)):
        _refuse(f"{name} changes its inputs", "x = x.clone() before x[...] = or x.mul_()")
    if isinstance(found, Pooled):
        return found
    terms = found if isinstance(found, Terms) else Terms(found, None)
    beside = [one for one in (terms.over, terms.shared) if one is not None]
    for part in (terms.elements, *beside):
        _kind(name, part, inputs[0])
    _shape(name, terms.elements, inputs[0], batch)
    _numbers(name, terms.elements, inputs, batch)
    known = batch.rows * batch.pairing.kernel_rows
    with torch.no_grad():
        _same(name, call, inputs, options, terms.elements, known if alone else 0)
    return found


def _refuse(message: str, hint: str) -> NoReturn:
    raise DataError(message, hint=hint, code="own-loss")


def _same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether nothing has changed; NaN is equal to itself."""
    sizes = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    kind = sizes[other.element_size()]
    return torch.equal(one.detach().view(kind), other.view(kind))


def _kind(name: str, found: Any, like: Tensor) -> None:
    """Refuses what is no tensor of losses where the inputs are."""
    unreduced = "return the losses one by one, as torch does with reduction='none'"
    if not isinstance(found, torch.Tensor):
        what = "nothing (None)" if found is None else f"a {type(found).__name__}"
        hint = "is there a return?" if found is None else unreduced
        _refuse(f"{name} returns {what}, not a tensor", hint)
    if not found.ndim:
        _refuse(f"{name} returns one number for all rows: it reduces its losses", unreduced)
    if not found.is_floating_point():
        _refuse(f"{name} returns {_dtype(found)}, not losses", "losses are floats: x.to(pred)")
    if found.device != like.device:
        hint = "new tensors belong on pred.device"
        _refuse(f"{name} returns its losses on {found.device}, of inputs on {like.device}", hint)
    if found.dtype != like.dtype:
        hint = f"new tensors have pred.dtype; --dtype {_dtype(found)} computes all in that"
        _refuse(f"{name} returns {_dtype(found)} losses of {_dtype(like)} inputs", hint)


def _dtype(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")


def _shape(name: str, found: Tensor, like: Tensor, batch: Batch) -> None:
    """Refuses losses that do not go along with the inputs."""
    pairing = batch.pairing
    if pairing.free:
        return
    wanted = (len(like), *pairing.elements[1:])
    if pairing.prediction.flat:
        wanted = wanted[:1]
    if pairing.terms:
        wanted = tuple(like.shape)
    shape = tuple(found.shape)
    if shape[:1] == wanted[:1] and _dropped(shape) == _dropped(wanted):
        return
    given = f"{name} returns losses of shape {_shown(shape, like)} for predictions of shape "
    given += f"{_shown(like.shape, like)}; {_shown(wanted, like)} is expected"
    if shape[1:] == shape[:1]:
        hint = "are shapes such as (N,) and (N, 1) broadcast?"
    elif len(shape) == len(wanted) + 1 and shape[:1] == wanted[:1]:
        hint = "is a sum over the classes missing? --role says what the target is"
    elif shape == wanted[:1]:
        hint = "are they averaged over columns? --role says what the target is"
    elif prod(shape) > prod(wanted):
        hint = "are shapes such as (N,) and (N, 1) broadcast?"
    else:
        hint = "a loss for each target, as torch gives with reduction='none'"
    _refuse(given, hint)


def _shown(shape: Sequence[int], like: Tensor) -> str:
    """A shape, in which rows are N: how many there are is our own choice."""
    sizes = ["N" if size == len(like) else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _dropped(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(one for one in shape[1:] if one != 1)


def _numbers(name: str, found: Tensor, inputs: Sequence[Tensor], batch: Batch) -> None:
    """Refuses a NaN that no input explains, where it counts."""
    if not found.isnan().any():
        return
    rows = batch.rows * batch.pairing.kernel_rows
    odd = found.isnan()
    for one in inputs:
        fine = ~one.reshape(len(one), -1).isnan().any(1)
        odd &= fine.reshape(-1, *(1 for _ in found.shape[1:]))
    odd = odd[:rows]
    if batch.kept is not None and tuple(batch.kept.shape) == tuple(odd.shape):
        odd &= torch.from_numpy(np.ascontiguousarray(batch.kept)).to(odd.device)
    if not odd.any():
        return
    at = int(odd.reshape(len(odd), -1).any(1).nonzero()[0])
    shown = ", ".join(_brief(one[at]) for one in inputs)
    row = batch.start + at // batch.pairing.kernel_rows + 1
    _refuse(
        f"{name} gives NaN in row {row} (counted from 1), of inputs that are none: {shown}",
        "0 · ∞, 0 / 0 or the logarithm of a negative number? torch.xlogy and clamp help",
    )


def _brief(values: Tensor) -> str:
    listed = values.reshape(-1)[:4].tolist()
    more = ", …" if values.numel() > len(listed) else ""
    return f"{listed[0]:g}" if not values.ndim else f"[{', '.join(f'{x:g}' for x in listed)}{more}]"


def _same(
    name: str,
    call: Call,
    inputs: Sequence[Tensor],
    options: Mapping[str, Any],
    found: Tensor,
    known: int,
) -> None:
    """Refuses losses that come out otherwise when they are computed again.

    The rows that are computed by themselves are taken from all over the leaf and in another order,
    so that each of them has other neighbours, and others before it. ``known`` is how many rows are
    no padding; 0 where a row may depend on others.
    """
    rows = len(inputs[0])
    if any(len(one) != rows for one in inputs):
        return
    if known:
        if any(len(one) == rows for one in options.values() if getattr(one, "ndim", 0)):
            return  # an option may go along with the rows
        some = min(SOME, max(LEAST, known // SHARE), max(1, known - 1))
        picked = torch.arange(known - 1, -1, -max(1, known // some), device=found.device)[:some]
        again = picked if rows > 1 else picked.repeat(2)
        few = [one[again] for one in inputs]
        if _close(_elements(call(*few, **options))[:some], found[picked]):
            return
    if not _close(_elements(call(*inputs, **options)), found):
        _refuse(
            f"{name} gives other losses when it is asked again with the same inputs",
            "a loss draws nothing at random: is there a dropout, noise, or a counter?",
        )
    if known:
        _refuse(
            f"the loss of a row depends on other rows in {name}: it comes out otherwise among "
            "fewer of them",
            "--rows all computes all of them at once; in code, @loss(..., rows='all')",
        )


def _elements(found: Any) -> Tensor:
    elements: Tensor = found.elements if isinstance(found, Terms) else found
    return elements


def _close(one: Any, other: Tensor) -> bool:
    """Whether losses are the same but for their last digits."""
    if getattr(one, "shape", None) != other.shape:
        return False
    near = CLOSE[_dtype(other)]
    finite = other[other.isfinite()].abs()
    least = near * 0.01 * (float(finite.max()) if finite.numel() else 0.0)
    return bool(torch.allclose(one, other, rtol=near, atol=least, equal_nan=True))
