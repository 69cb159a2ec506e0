"""What a process of our own leaves out of torch until it is used.

Half of the Python that ``import torch`` runs is for compilers, exporters, quantised layers and
their like, which no loss has a use for. In their places stand modules that are empty until one of
their names is read. Then all of them are loaded, in the order in which torch asked for them: torch
is spared, or as it is everywhere, and nothing in between.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from importlib.machinery import PathFinder
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec

__all__ = ["complete", "spare"]

ALWAYS = "torch._meta_registrations"
"""What is spared of any version: nothing in torch takes a name from it."""

TRIED = ("2.13.", "2.14.")
"""Versions of torch of which the rest is spared: modules that import one another mind the order."""

SPARED = {
    ALWAYS: "what operations do to tensors without data",
    "torch._higher_order_ops": "control flow that can be compiled",
    "torch._native": "kernels for CUDA and XPU, which complete() brings back before these are used",
    "torch.compiler": "the compiler, for those who call it",
    "torch.distributions": "random variables",
    "torch.export": "programs for other places",
    "torch.func": "transforms of functions",
    "torch.masked": "tensors with holes",
    "torch.nn.intrinsic": "quantised layers",
    "torch.nn.qat": "quantised layers",
    "torch.nn.quantized": "quantised layers",
    "torch.optim": "training",
    "torch.profiler": "measuring",
    "torch.quantization": "quantised layers",
    "torch.utils.data": "loaders of batches",
    "torchgen": "the generator of torch's code, of which torch takes no more than types",
    "torchgen.model": "part of it",
    "unittest": "whose mocks torch uses to measure, and these bring asyncio",
    "unittest.mock": "part of it",
}
"""The modules, and what they are for. What a version lacks is not asked for."""

LENT = {"torch._higher_order_ops": ["cond", "while_loop"], "torch.func": ["vmap"]}
"""Functions that torch offers under its own name: they are looked up when they are called."""

APART = {"torch.utils.serialization", "torch.utils.serialization.config"}
"""What torch.load imports by the way: it has to do with nothing that is spared."""

KNOWN = frozenset(
    f"__{name}__"
    for name in ("class", "name", "spec", "path", "file", "cached", "loader", "package")
)
"""What is known of a module that is not loaded."""


def spare() -> None:
    """Torch is imported without what no loss of ours has a use for, until that is used.

    It is for processes of our own, in which nobody else has a use for it either.
    """
    sys.meta_path.insert(0, _LATER)


def complete() -> None:
    """Torch is as it is elsewhere: for code that is not ours, and for devices other than CPUs."""
    if "torch" in sys.modules:
        import_module("torch")  # of which another thread may be in the midst
    for name in SPARED:
        _LATER.load_all(name)


class _Spared(ModuleType):
    """A module that is loaded when the first of its names is read or set."""

    def __getattribute__(self, name: str) -> Any:
        if name in KNOWN:
            return ModuleType.__getattribute__(self, name)
        if _LATER.lends(self.__name__, name):
            return partial(_called, self, name)
        _LATER.load(self.__name__)
        if type(self) is _Spared:  # it is being loaded by this thread
            return ModuleType.__getattribute__(self, name)
        return getattr(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in KNOWN and not isinstance(value, ModuleType):  # such is a part of it
            _LATER.load(self.__name__)
        ModuleType.__setattr__(self, name, value)


class _Wanting(ModuleType):
    """A package of torch that may lack a part: one that only what waits would import."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and f"{self.__name__}.{name}" not in sys.modules:
            complete()
            if type(self) is not _Wanting:  # else it is this thread that loads what waits
                return getattr(self, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _called(module: ModuleType, name: str, /, *args: Any, **options: Any) -> Any:
    return getattr(module, name)(*args, **options)


def _group(name: str) -> str:
    """What is loaded together: a package. Nothing else asks for ALWAYS, which comes after it."""
    return name if name == ALWAYS else name.partition(".")[0]


class _Later:
    """Finds what is spared, and loads it later, one thread at a time.

    Torch that is spared imports nothing more: whatever else of it is asked for comes after all
    that waits, as it does elsewhere.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._loading = False
        self._begun = False  # the import of torch
        self._torch = False  # it is imported, but for what waits
        self._waiting: dict[str, ModuleType] = {}  # in the order in which they were asked for
        self._complete: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == "torch":
            return _Instead.of(PathFinder.find_spec(name, path), self._import)
        if self._spares(name):
            return _Instead.of(PathFinder.find_spec(name, path), self._wait)
        if self._comes_later(name) and self._comes_now(name):
            return _Instead.of(sys.modules[name].__spec__, _loaded)
        return None

    def _spares(self, name: str) -> bool:
        version = getattr(sys.modules.get("torch"), "__version__", "")
        spared = SPARED if version.startswith(TRIED) else (ALWAYS,)
        return self._begun and name in spared and _group(name) not in self._complete

    def _comes_later(self, name: str) -> bool:
        """Whether this is imported, elsewhere, after what waits here: of torch, all the rest is."""
        if name.rpartition(".")[0] in self._waiting:
            return True
        late = self._torch and (self._loading or "torch" not in self._complete)
        return late and _group(name) == "torch" and name not in APART

    def _comes_now(self, name: str) -> bool:
        """Whether it was imported by what comes before it."""
        with self._lock:
            if self._loading:
                self._load_one(name.rpartition(".")[0])
            else:
                self.load_all(name)
                if _group(name) == "torch" and name not in sys.modules:
                    self.load_all(ALWAYS)
            return name in sys.modules

    def _import(self, torch: ModuleType) -> None:
        self._begun = True
        _loader(torch).exec_module(torch)
        self._torch = True
        for name, module in [*sys.modules.items()] if self._waiting else ():
            if _group(name) == "torch" and type(module) is ModuleType:
                module.__class__ = _Wanting

    def _wait(self, module: ModuleType) -> None:
        module.__class__ = _Spared
        self._waiting[module.__name__] = module

    def lends(self, module: str, name: str) -> bool:
        """Whether this is a function that torch asks for: it does not have it yet."""
        lent = module in self._waiting and name in LENT.get(module, ())
        return lent and name not in vars(sys.modules["torch"])

    def load(self, name: str) -> None:
        """A module and what waits with it; in the midst of that, the module alone."""
        with self._lock:
            if self._loading:
                self._load_one(name)
            else:
                self.load_all(name)

    def load_all(self, name: str) -> None:
        """The group of a module, if this thread is not in the midst of one."""
        group = _group(name)
        with self._lock:
            if self._loading:
                return
            if group == ALWAYS:
                self.load_all("torch")
            self._complete.add(group)
            self._loading = True
            try:
                while names := [name for name in self._waiting if _group(name) == group]:
                    self._load_one(names[0])
            finally:
                self._loading = False
            if self._torch:
                self._end()

    def _load_one(self, name: str) -> None:
        parent = name.rpartition(".")[0]
        if parent in self._waiting:
            self._load_one(parent)
        module = self._waiting.pop(name, None)
        if module is not None:
            _loader(module).exec_module(module)
            if type(module) is _Spared:
                module.__class__ = ModuleType  # type: ignore[assignment]

    def _end(self) -> None:
        """Torch has the functions that were lent to it and, once all is there, its parts."""
        torch = vars(sys.modules["torch"])
        for module, names in LENT.items():
            for name in names if "torch" in self._complete else ():
                if isinstance(torch.get(name), partial):
                    torch[name] = getattr(sys.modules[module], name)
        for part in [*sys.modules.values()] if self._complete >= {"torch", ALWAYS} else ():
            if type(part) is _Wanting:
                part.__class__ = ModuleType  # type: ignore[assignment]


class _Instead:
    """What is done, once, in the place of a loader."""

    def __init__(self, loader: Loader, job: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._job = job

    @classmethod
    def of(cls, spec: ModuleSpec | None, job: Callable[[ModuleType], None]) -> ModuleSpec | None:
        if spec is None or spec.loader is None:
            return None
        spec.loader = cls(spec.loader, job)  # type: ignore[assignment]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return sys.modules.get(spec.name) or self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = self._loader
        if isinstance(module.__loader__, _Instead):
            module.__loader__ = self._loader
        self._job(module)


def _loader(module: ModuleType) -> Loader:
    assert module.__spec__ is not None
    assert module.__spec__.loader is not None
    return module.__spec__.loader


def _loaded(module: ModuleType) -> None:
    """Its import goes on, though it has been loaded in the meantime: nothing must change."""
    package, _, name = module.__name__.rpartition(".")
    if vars(sys.modules[package]).get(name) is not module:
        sys.modules[package].__class__ = _Keeper


class _Keeper(ModuleType):
    """A package that has something else under the name of a part that is imported next."""

    def __setattr__(self, name: str, value: Any) -> None:
        ModuleType.__setattr__(self, "__class__", ModuleType)


_LATER = _Later()
