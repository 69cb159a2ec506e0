"""Torch's libraries, loaded on another core while Python imports what comes before them.

The system's loader takes a third of the import of torch, and needs no interpreter for it. It has
one lock for all libraries: whoever imports a compiled module meanwhile waits, with all of Python.
So the small ones that commands need come first.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["load_ahead"]

LIGHT = (
    "_struct",
    "_ctypes",
    "_json",
    "zlib",
    "_bz2",
    "_lzma",
    "fcntl",
    "_posixsubprocess",
    "select",
    "_datetime",
    "_uuid",
    "_heapq",
    "_bisect",
    "unicodedata",
    "_queue",
    "_pickle",
    "binascii",
)
"""Compiled modules of Python's own that commands import before NumPy."""

LIBRARIES = "libtorch_global_deps.so", "libtorch_python.so"
"""What torch loads, in its order. The first is for all to see, as torch wants it."""

DEVICES = "libtorch_cuda.so", "libtorch_hip.so", "libtorch_xpu.so"
"""With one of these, torch looks for the libraries of a device first, in places of its own."""

FEWEST = 3
"""No result can be asked for in fewer words: a loss, a prediction and a target."""

WITHOUT = {"explain", "list", "--help", "-h"}
"""With any of these words nothing is computed."""


def load_ahead(words: Sequence[str]) -> None:
    """Begins to load the libraries of torch, if these words may ask for a result.

    It changes nothing but the time at which they are loaded. Where they are not found, or cannot be
    loaded, that is left to the import of torch to say.
    """
    if sys.platform == "linux" and len(words) >= FEWEST and WITHOUT.isdisjoint(words):
        for name in LIGHT:
            with suppress(ImportError):  # some are left out of some builds
                import_module(name)
        Thread(target=_load, daemon=True).start()


def _load() -> None:
    from ctypes import CDLL, RTLD_GLOBAL, c_char_p, c_int, c_void_p
    from importlib.machinery import PathFinder
    from pathlib import Path

    # CDLL itself would keep Python waiting; a function of a library does not.
    dlopen = CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = (c_char_p, c_int), c_void_p
    found = PathFinder.find_spec("torch")
    for folder in (found and found.submodule_search_locations) or ():
        lib = Path(folder, "lib")
        if any((lib / name).exists() for name in DEVICES):
            return
        for name, mode in zip(LIBRARIES, (os.RTLD_NOW | RTLD_GLOBAL, os.RTLD_NOW), strict=True):
            if not dlopen(os.fsencode(lib / name), mode):
                return
