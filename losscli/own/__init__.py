"""Losses that are not ours: functions, classes and decorated losses, from files and packages."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from functools import cached_property, partial, update_wrapper
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from losscli.docstrings import parsed
from losscli.errors import LosscliError, UsageError
from losscli.lazy import np, torch
from losscli.losses import losses
from losscli.own.guard import guarded
from losscli.own.places import Place, digest, refuse
from losscli.own.roles import WORDS, chosen
from losscli.own.signatures import Read, read
from losscli.registry import Loss, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.docstrings import Doc
    from losscli.registry import Option

__all__ = ["ROWS", "Own", "made", "placed"]

ROWS = ("leaf", "all")
"""What --rows says."""

INSTALLED = "installed"
"""The family of losses that packages bring."""


@dataclass(eq=False, repr=False)
class Own(Loss[..., Any]):
    """A loss that is not ours: what it computes is checked in every leaf.

    Attributes:
        called: Its name.
        source: A hash of its code.
        asked: How the command line asks for it.
        read: What its signature says; None where a declaration does.
    """

    called: str = ""
    source: str = ""
    asked: str = ""
    read: Read | None = None
    group: str = "own"
    kinds: Mapping[str, Option] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = self.called
        self.command = self.asked or self.name
        self.place = self.name
        self.identity = f"{self.name}@{self.source}"
        self.family = self.group
        self.forms = {form: self._told(one) for form, one in self.forms.items()}

    def __repr__(self) -> str:
        return f"<loss {self.name} of {self.asked or 'Python'}>"

    @cached_property
    def doc(self) -> Doc:
        """The parts of the docstring; of one in another form, its first words."""
        doc = getattr(self.function, "__doc__", None) or "A loss without a docstring."
        found = parsed(doc)
        text = list(found.text)
        if "::" in doc or ":math:" in doc:  # which is for another reader than a terminal
            first = " ".join(cleandoc(doc).partition("\n\n")[0].split())
            found, text = found._replace(summary=first), []
        if self.read is not None and self.read.left:
            text.append(f"Not offered here, and left as they are: {', '.join(self.read.left)}.")
        return found._replace(text=tuple(text))

    @property
    def alike(self) -> bool:
        return False

    @cached_property
    def options(self) -> dict[str, Option]:
        return dict(self.kinds)

    def stretched(self, form: tuple[str, ...]) -> list[str]:
        return [] if self.read is not None else super().stretched(form)

    def on(self, form: tuple[str, ...], batch: Batch) -> Callable[..., Any]:
        alone = self.rows == "leaf"
        return partial(guarded, self.name, self.forms[form], batch, alone)

    def _told(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose exceptions are told as mistakes in it, which they are."""

        def told(*inputs: Any, **options: Any) -> Any:
            try:
                return call(*inputs, **options)
            except (LosscliError, MemoryError):
                raise
            except (Exception, SystemExit) as error:
                shapes = ", ".join(str(tuple(one.shape)) for one in inputs)
                hint = f"it was given tensors of shape {shapes}"
                refuse(f"{self.name} fails", error, hint)

        return update_wrapper(told, call)


def placed(spec: str, role: str | None = None, rows: str | None = None) -> Loss[Any, Any]:
    """The loss of a place, or of a name.

    Args:
        spec: A place such as ``my_loss.py:focal2``, or the name of a loss.
        role: What its targets are, where it does not say so itself.
        rows: Whether the loss of a row depends on other rows.

    Raises:
        LosscliError: there is none.
    """
    if ":" not in spec and not spec.endswith(".py"):
        _refuse_given(spec, role, rows)
        from losscli.own.plugins import find

        return find(spec)
    place = Place.of(spec)
    words = ["run", "--loss", spec]
    words += [*(["--role", role] if role else []), *(["--rows", rows] if rows else [])]
    loss = made(place.found(), place.name.rpartition(".")[2], shlex.join(words), role, rows)
    loss.place = spec
    return loss


def made(
    thing: Any,
    name: str = "",
    asked: str = "",
    role: str | None = None,
    rows: str | None = None,
    group: str = "own",
) -> Own:
    """A loss of a function, a class, an object, or a loss.

    Args:
        thing: What it is made of.
        name: What to call it.
        asked: How the command line names it.
        role: One of the words of --role.
        rows: One of :data:`ROWS`.
        group: Its family.

    Raises:
        UsageError: none can be made of it.
    """
    if isinstance(thing, Loss):
        return _of_loss(thing, name or thing.name, asked, role, rows, group)
    name = name or getattr(thing, "__name__", type(thing).__name__)
    name = "loss" if name == "<lambda>" else name
    if role not in (None, "any", *WORDS):
        hint = suggest(role or "", [*WORDS, "any"], "it may be")
        raise UsageError(f"--role cannot be {role!r}", hint=hint)
    if rows not in (None, *ROWS):
        raise UsageError(f"--rows cannot be {rows!r}", hint=f"it may be {', '.join(ROWS)}")
    known = list(dict.fromkeys(key for one in losses.values() for key in one.inputs))
    found, call = read(thing, name, known)

    def shape_of(inputs: Sequence[np.ndarray]) -> tuple[int, ...]:
        wide = any(one.dtype.itemsize > 4 for one in inputs if one.dtype.kind == "f")
        dtype = torch.float64 if wide else torch.float32
        whole = "iub" if len(inputs) > 1 else ""
        tensors = [
            torch.from_numpy(one.astype(np.int64))
            if at and one.dtype.kind in whole
            else torch.from_numpy(np.ascontiguousarray(one)).to(dtype)
            for at, one in enumerate(inputs)
        ]
        options = {key: option.default for key, option in found.options.items()}
        return tuple(getattr(loss.forms[found.form](*tensors, **options), "shape", ()))

    loss = Own(
        thing,
        chosen(found.form, role, shape_of, name),
        rows="all" if rows == "all" else "leaf",
        forms={found.form: call},
        called=name,
        source=digest(thing),
        asked=asked,
        read=found,
        group=group,
        kinds=found.options,
    )
    return loss


def _of_loss(
    loss: Loss[Any, Any],
    name: str,
    asked: str,
    role: str | None,
    rows: str | None,
    group: str,
) -> Own:
    """A loss that was declared: only its name may change, and how it is looked after."""
    _refuse_given(name, role, rows)
    try:
        kinds = loss.options
        for form in loss.forms:
            loss.stretched(form)
    except (NameError, KeyError, TypeError, AttributeError) as error:
        text = f"{type(error).__name__}: {error}"
        raise UsageError(
            f"{name}: its signature cannot be read: {text}",
            hint="inputs and options have annotations that exist when the file is run",
        ) from error
    return Own(
        loss.function,
        loss.target,
        reduction=loss.reduction,
        reference=loss.reference,
        unit=loss.unit,
        rows=loss.rows,
        also=loss.also,
        finish=loss.finish,
        skill=loss.skill,
        shared=loss.shared,
        guess=loss.guess,
        forms=dict(loss.forms),
        called=name,
        source=digest(loss.function),
        asked=asked,
        group=group,
        kinds=kinds,
    )


def _refuse_given(name: str, role: str | None, rows: str | None) -> None:
    for option, given in (("role", role), ("rows", rows)):
        if given is not None:
            raise UsageError(f"--{option} has no meaning here: {name} says it itself")
