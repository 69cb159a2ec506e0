"""Text that Arrow parses: what it is given, and how that is found out."""

from __future__ import annotations

import random
from contextlib import closing
from threading import Event

import numpy as np
import pytest

from losscli.formats import workers
from losscli.formats.text import arrow


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("exponents", [True, False])
def test_arrow_knows_the_columns_of_minus_zeros(delimiter, exponents):
    """Wherever they stand, and beside minus signs that are of other numbers."""
    pytest.importorskip("pyarrow")
    draw = random.Random(0)
    for signed in ((), (0,), (3,), (0, 2), (4,), (1, 3, 4)):
        rows = [[str(draw.randint(-12, 12)) for _ in range(5)] for _ in range(1000)]
        for row in rows:
            row[1] = draw.choice(["-0.5", "-0.0", "0.25", "-1e-007" if exponents else "-10.0"])
        for column in signed:
            for row in draw.sample(rows, 3):
                row[column] = "-0"
        rows[-1][-1] = "-0" if 4 in signed else "0"
        piece = "".join(delimiter.join(row) + "\n" for row in rows).encode()
        found = arrow.numbers(piece, delimiter, 5, (0, 1, 2, 3, 4))
        for column, values in enumerate(found):
            floats = column in (1, *signed)
            assert values.dtype == (np.float64 if floats else np.int64)
            cells = [float(row[column]) if floats else int(row[column]) for row in rows]
            assert values.tobytes() == np.array(cells).tobytes()


def test_arrow_reads_floats_that_begin_as_whole_numbers():
    pytest.importorskip("pyarrow")
    (found,) = arrow.numbers(b"1\n-0\n0.5\n", ",", 1, (0,))
    assert found.tobytes() == np.array([1, -0.0, 0.5]).tobytes()


@pytest.mark.parametrize(
    "piece",
    [b"1,2\n1,x\n", b"1,2\n1, 2\n", b"1,2\n1,nan\n", b"1,2\n1,0x1\n", b"1,2\n1,2/1\n", b"1,2\n\n",
     b"1,2\n1,2,3\n", b"1,2\n1\n", b"1,2\n1,\n", b"1,2\n1,-00\n", b"1,2.5\n1,1e999\n",
     b"1,2\n1,99999999999999999999\n", b"1\n", b"1,2\n1,\xd9\xa3\n", b"1,2\n1,2\r\n"],
)  # fmt: skip
def test_what_arrow_leaves_to_others(piece):
    pytest.importorskip("pyarrow")
    assert arrow.numbers(b"1,2\n3,4\n", ",", 2, (0, 1)) is not None
    assert arrow.numbers(piece, ",", 2, (0, 1)) is None


def test_nobody_waits_for_torch(monkeypatch):
    """One of the threads imports it; the others parse, and what ends them is told at once."""
    begun, go, done = Event(), Event(), Event()

    def slow():
        begun.set()
        go.wait(10)
        done.set()

    monkeypatch.setattr(workers, "_import_torch", slow)
    with closing(workers.threaded(bytes.upper, iter([b"a", b"b", b"c"]), 2)) as results:
        assert next(results) == b"A"
        assert begun.wait(10)
    assert not done.is_set()
    go.set()
    assert done.wait(10)
