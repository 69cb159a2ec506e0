"""Where a loss of one's own is: ``my_loss.py:focal2`` or ``package.module:function``."""

from __future__ import annotations

import ast
import importlib
import os
import sys
import traceback
from contextlib import contextmanager, redirect_stdout
from importlib.util import module_from_spec, resolve_name, spec_from_file_location
from pathlib import Path
from types import CellType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from losscli.errors import DataError, FileError, UsageError
from losscli.registry import suggest
from losscli.sparing import complete

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

EXAMPLE = "--loss my_loss.py:focal2, or --loss package.module:focal2"


class Place(NamedTuple):
    """A place as it was typed: a file or a module, and the name of something in it."""

    where: str
    name: str

    @classmethod
    def of(cls, spec: str) -> Place:
        """The two parts of a place.

        >>> Place.of("my losses/focal.py:focal2")
        Place(where='my losses/focal.py', name='focal2')

        Raises:
            UsageError: it has not two parts.
        """
        where, colon, name = spec.rpartition(":")
        if spec.endswith(".py"):  # a folder may have a colon in its name
            where, colon, name = spec, "", ""
        if not colon or not where or not name.replace(".", "_").isidentifier():
            raise UsageError(
                f"--loss {spec}: it names a file or a module, a colon, and a function or a class",
                hint=EXAMPLE if not where else f"{where} holds several things: {where}:NAME",
            )
        return cls(where, name)

    @property
    def in_file(self) -> bool:
        return self.where.endswith(".py")

    def found(self) -> Any:
        """What is there.

        Raises:
            FileError: there is no such file.
            UsageError: there is no such module, or no such name in it.
            DataError: its code fails when it is imported.
        """
        module = _of_file(Path(self.where)) if self.in_file else _of_module(self.where)
        found: Any = module
        for part in self.name.split("."):
            if not hasattr(found, part):
                own = [one for one, thing in vars(found).items() if _public(one, thing)]
                hint = suggest(part, own, "it has")
                raise UsageError(f"{self.where} has no {part!r}", hint=hint)
            found = getattr(found, part)
        return found


def _public(name: str, thing: Any) -> bool:
    return callable(thing) and not name.startswith("_")


def _of_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileError(f"--loss: there is no file {path}")
    try:
        code = path.read_bytes()
    except OSError as error:
        raise FileError(f"--loss: cannot read {path}: {error.strerror}") from error
    name = f"losscli_own_{_hash(str(path.resolve()).encode() + code)[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and others look for it there
    try:
        with importing(str(path), path.resolve().parent):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _of_module(name: str) -> ModuleType:
    with importing(name, Path.cwd()):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise  # it is there, and misses something itself
            hint = f"a file is named with its suffix: {name.replace('.', '/')}.py:NAME"
            raise UsageError(f"--loss: there is no module {name!r}", hint=hint) from error


@contextmanager
def importing(what: str, folder: Path | None = None) -> Iterator[None]:
    """Other people's code is imported inside: what lies in a folder can be found besides.

    What it prints goes to standard error, as standard output is the result's.

    Raises:
        DataError: it fails.
    """
    complete()  # it may want all of torch
    added = [str(folder)] if folder is not None else []
    sys.path[:0] = added
    try:
        with redirect_stdout(sys.stderr):
            yield
    except (UsageError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # some scripts leave when they are imported
        refuse(f"{what} cannot be imported", error)
    finally:
        for one in added:
            sys.path.remove(one)


def refuse(what: str, error: BaseException, hint: str = "") -> NoReturn:
    """Tells an exception in other people's code, in one line.

    Raises:
        DataError: always.
    """
    said = f"{type(error).__name__}: {error}".strip().partition("\n")[0]
    raise DataError(f"{what}: {place(error)}{said}", hint=hint, code="own-loss") from error


def place(error: BaseException) -> str:
    """The file and the line in which it was raised: the last that is neither ours nor torch's."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_near(error.filename)}, line {error.lineno}: "
    ours = (str(Path(__file__).parents[1]), str(Path(importlib.__file__).parent), "<frozen")
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(ours)
    ]
    own = [frame for frame in frames if f"{Path('/torch')}" not in frame.filename] or frames
    return f"{_near(own[-1].filename)}, line {own[-1].lineno}: " if own else ""


def _near(path: str) -> str:
    """A path as it is seen from here, if it is below."""
    return path.removeprefix(f"{Path.cwd()}{os.sep}")


def digest(thing: Any) -> str:
    """What tells code from other code: a hash of the files that it stands in, or of itself."""
    module = sys.modules.get(getattr(thing, "__module__", None) or type(thing).__module__)
    path = getattr(module, "__file__", None)
    code = getattr(thing, "__code__", None)
    known = bytes(str(thing), "utf-8", "replace") if code is None else _of_code(thing)
    if module is not None and path is not None and Path(path).is_file():
        files = sorted(_imported(module, Path(path).parent, {}).items())
        known = b"".join(text for _, text in files) + (_kept(thing) if code is not None else b"")
    return _hash(known)[:12]


def _hash(data: bytes) -> str:
    from hashlib import sha256  # which no loss of ours needs to show its help

    return sha256(data).hexdigest()


def _imported(module: ModuleType, folder: Path, found: dict[str, bytes]) -> dict[str, bytes]:
    """The text of a module, and of all below its folder that it imports, and they."""
    path = Path(getattr(module, "__file__", None) or "")
    if str(path) in found or not path.is_file() or not path.is_relative_to(folder):
        return found
    found[str(path)] = text = path.read_bytes()
    for name in _names(module, text):
        if other := sys.modules.get(name):
            _imported(other, folder, found)
    return found


def _names(module: ModuleType, text: bytes) -> Iterator[str]:
    """The modules that a text imports, as far as its words tell."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # no Python: compiled
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            base = resolve_name(base, module.__package__) if node.level else base
            yield from (base, *(f"{base}.{one.name}" for one in node.names))


def _of_code(function: Any) -> bytes:
    """A function without a file: its instructions and its constants."""

    def parts(code: Any) -> list[Any]:
        inner = [parts(one) if hasattr(one, "co_code") else repr(one) for one in code.co_consts]
        return [code.co_code.hex(), code.co_names, code.co_varnames, inner]

    return repr(parts(function.__code__)).encode() + _kept(function)


def _kept(function: Any) -> bytes:
    """The numbers that a function has kept: those of a closure, and its defaults."""
    cells = function.__closure__ or ()
    held = [one.cell_contents for one in cells if one != CellType()]
    plain = [one for one in held if isinstance(one, (int, float, str, bool, tuple))]
    return repr((plain, function.__defaults__, function.__kwdefaults__)).encode()
