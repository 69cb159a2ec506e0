"""How much memory there is, and a plain refusal of what cannot fit.

What must be held whole is told before it is begun: a process that the kernel kills says nothing.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from losscli.errors import DataError

__all__ = ["available", "require", "sized"]

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
_PROC = Path("/proc")
_CGROUP = Path("/sys/fs/cgroup")


def available() -> int | None:
    """The bytes that this process may still take; None where nobody tells.

    The least of what the machine has, what the containers around this process leave it, and what
    its own limit (``ulimit -v``) does.
    """
    machine = _machine()
    room = [] if machine is None else [machine]
    for left in (_containers, _own_limit):
        with suppress(OSError, ValueError, IndexError):
            room += left()
    return max(min(room), 0) if room else None


def require(needed: int, what: str, hint: str = "") -> None:
    """Raise now if what is about to be held cannot fit.

    Args:
        needed: How many bytes it takes, about.
        what: What is held and why: "y.json: a JSON document is parsed whole".
        hint: What needs less.

    Raises:
        DataError: there is not so much.
    """
    free = available()
    if free is not None and needed > free:
        raise DataError(
            f"{what}, which needs about {sized(needed)}, and {sized(free)} are free", hint=hint
        )


def sized(size: float) -> str:
    """A number of bytes for people.

    >>> sized(41 * 2**30), sized(1.5 * 2**20), sized(12)
    ('41 GiB', '1.5 MiB', '12 bytes')
    """
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{size:.0f} {_UNITS[unit]}" if size >= 10 or not unit else f"{size:.2g} {_UNITS[unit]}"


def _machine() -> int | None:
    with suppress(OSError, ValueError, IndexError):
        for line in (_PROC / "meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _containers() -> list[int]:
    """What each control group leaves, from the innermost out: the limit of any of them holds."""
    room = []
    for line in (_PROC / "self/cgroup").read_text("utf-8").splitlines():
        _, kinds, inside = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        names = (
            ("memory.max", "memory.current", "inactive_file")
            if not kinds
            else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        )
        root = _CGROUP / "memory" if kinds else _CGROUP
        group = root / inside.lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(root):
                with suppress(OSError, ValueError):
                    room.append(_left(folder, *names))
    return room


def _left(folder: Path, limit: str, usage: str, cache: str) -> int:
    """The limit of a group less what it holds: cached files would make way, and do not count."""
    most = int((folder / limit).read_text("ascii"))  # "max" is a ValueError: there is none
    used = int((folder / usage).read_text("ascii"))
    with suppress(OSError):
        for line in (folder / "memory.stat").read_text("ascii").splitlines():
            if line.startswith(f"{cache} "):
                used -= int(line.split()[1])
    return most - used


def _own_limit() -> list[int]:
    if sys.platform == "win32":
        return []
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return []
    pages = int((_PROC / "self/statm").read_text("ascii").split()[0])
    return [limit - pages * resource.getpagesize()]
