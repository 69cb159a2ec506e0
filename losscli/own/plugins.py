"""Losses that installed packages bring, by the entry points of the group ``losscli.losses``.

What is listed is read from the packages' metadata; a package is imported when a loss of its is
used. One that is broken is a warning there, and an error where it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from losscli.errors import DataError, Finding, Level, LosscliError, UsageError
from losscli.losses import losses
from losscli.own import INSTALLED, made
from losscli.own.places import importing
from losscli.words import plain, suggest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from losscli.registry import Loss

GROUP = "losscli.losses"


class Plugin(NamedTuple):
    """A loss as the metadata of its package names it.

    Attributes:
        name: The command.
        place: Where it is: package.module:function.
        package: Who brings it, with the version.
        entry: How it is loaded.
    """

    name: str
    place: str
    package: str
    entry: EntryPoint

    @classmethod
    def of(cls, entry: EntryPoint) -> Plugin:
        package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "a package"
        return cls(entry.name.replace("_", "-"), entry.value, package, entry)

    @property
    def loss(self) -> Loss[Any, Any]:
        """The loss itself.

        Raises:
            DataError: its package is broken.
        """
        said = f"{self.name} of {self.package} ({self.place})"
        try:
            with importing(said):
                found = self._loaded(said)
            return made(found, self.name, self.name, group=INSTALLED)
        except LosscliError as error:
            hint = error.hint or f"it is a mistake in {self.package.partition(' ')[0]}"
            message = error.message if said in error.message else f"{said}: {error.message}"
            raise DataError(message, hint=hint, code="broken-plugin") from error

    def _loaded(self, said: str) -> Any:
        try:
            return self.entry.load()
        except AttributeError as error:
            if getattr(error, "name", None) != self.entry.attr.partition(".")[0]:
                raise
            raise UsageError(f"{said}: there is no {self.entry.attr}") from error


def listed() -> tuple[list[Plugin], list[Finding]]:
    """The losses of all packages, by name, and what is wrong with their names."""
    from importlib.metadata import entry_points

    entries = sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value))
    every = {(one.name, one.place, one.package): one for one in map(Plugin.of, entries)}
    named: dict[str, list[Plugin]] = {}
    for one in every.values():
        named.setdefault(plain(one.name), []).append(one)
    found, findings = [], []
    for same in named.values():
        one = same[0]
        if losses.knows(one.name):
            findings += [_clash(other, "losscli has a loss of that name") for other in same]
        elif len(same) > 1:
            findings.append(_clash(one, f"{same[1].package} brings one as well"))
        else:
            found.append(one)
    return found, findings


def loaded() -> tuple[list[Loss[Any, Any]], list[Finding]]:
    """The losses themselves, as far as they can be imported, and why others cannot."""
    known, findings = listed()
    found = []
    for one in known:
        try:
            found.append(one.loss)
        except LosscliError as error:
            findings.append(Finding("broken-plugin", Level.WARNING, error.message, error.hint))
    return found, findings


def knows(name: str) -> bool:
    """Whether a package brings a loss of a name."""
    return any(plain(one.name) == plain(name) for one in listed()[0])


def find(name: str) -> Loss[Any, Any]:
    """The loss of a name: ours, or that of a package.

    Raises:
        UsageError: there is none, or several packages bring one.
        DataError: its package is broken.
    """
    if losses.knows(name):
        return losses.find(name)
    known, findings = listed()
    match = [one for one in known if plain(one.name) == plain(name)]
    if match:
        return match[0].loss
    clash = [one for one in findings if one.input and plain(one.input) == plain(name)]
    if clash:
        raise UsageError(clash[0].message, hint=clash[0].hint)
    near = suggest(name, [one.name for one in known], "")
    if near.startswith("did you mean"):
        raise UsageError(f"no command or loss {name!r}", hint=f"{near} losscli list shows all")
    return losses.find(name)


def _clash(one: Plugin, why: str) -> Finding:
    message = f"{one.package} brings a loss {one.name}, which cannot be asked for: {why}"
    hint = f"losscli run --loss {one.place} takes it"
    return Finding("plugin-name", Level.WARNING, message, hint, one.name)
