"""Delimited text in pieces: as read line by line, whatever the pieces and whoever parses them."""

from __future__ import annotations

import io
import os
import random
import signal
import struct
import subprocess
import sys
import textwrap
import time
from contextlib import closing, suppress
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from losscli.errors import LosscliError
from losscli.formats import files, open_source, together, workers
from losscli.formats.base import Reading
from losscli.formats.text import arrow, delimited, pieces
from losscli.formats.text.cells import Part, part
from losscli.formats.text.grid import Grid, grid
from losscli.inputs import locate, open_fields
from losscli.spool import Store
from losscli.watch import Watch

KEYS = ("0", "a", None)
quick = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)


def outcome(path, header=None, keys=None, **options):
    """All that a person can see of a file: values, places, listings, notes and errors."""
    try:
        source = open_source(path, reading=Reading(header, **options), keys=keys)
        seen = [source.names, source.height, source.has_index, told(source.listing)]
    except LosscliError as error:
        return [str(error)]
    return seen + [told(lambda key=key: field(source.select(key))) for key in KEYS]


def told(call):
    try:
        return call()
    except LosscliError as error:
        return str(error)


def field(one):
    rows = one.rows(0, one.shape[0])
    places = [one.place((i,)) for i in range(one.shape[0])]
    return one.shape, str(one.dtype), one.columns, one.notes, bits(rows), places


def bits(rows):
    return rows.tolist() if rows.dtype.kind == "U" else rows.tobytes()


# ---- the same as line by line

numbers = st.sampled_from(
    ["1", "0", "-2", "0.5", "-1.25", "1e5", "7", "1.0", "-0", "-0.0", "+1", "12345678901234567890"]
)
odd = st.sampled_from(
    ["", " 1", "1 ", " ", "nan", "NaN", "-inf", "Infinity", "1e400", "1_0", "0x1p3", "1.", ".5",
     "true", "False", "cat", "dog", "N/A", '""', '"1"', '"a,b"', '"x\ny"', '"', "٣", "é", "\t",
     "1-", "1 2", ".", "-", "e5", "1e", "--5", "\0", "\xa0", "\ufeff", "\x0b", "nan(1)",
     '"1" ', ' "2"']
)  # fmt: skip


@st.composite
def tables(draw):
    """A text that is mostly a table, and mostly of numbers."""
    width = draw(st.integers(1, 3))
    cell = draw(st.sampled_from([numbers, st.one_of(numbers, odd), st.sampled_from(["cat", "b"])]))
    cells = [draw(st.sampled_from([cell, numbers])) for _ in range(width)]
    rows = []
    for _ in range(draw(st.integers(0, 12))):
        row = [draw(one) for one in cells]
        rows.append(",".join(row))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        line = draw(st.sampled_from(["", " ", "1", "1,2,3,4", ",", '"open', "1,2"]))
        rows.insert(draw(st.integers(0, len(rows))), line)
    header = draw(st.sampled_from([True, True, True, False]))
    names = [",".join(["a", "b", "c"][:width])] if header else []
    if header and width > 1 and draw(st.booleans()):
        names = [",b,c"[: 2 * width - 1]]
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    text = end.join([*names, *rows]) + draw(st.sampled_from([end, "", end + end]))
    text = draw(st.sampled_from(["", "", "\ufeff"])) + text
    data = text.encode()
    return data + draw(st.sampled_from([b"", b"", b"", b"\xff\n", b"1,\xc3"]))


@quick
@given(
    data=tables(),
    size=st.integers(1, 60),
    chunk=st.sampled_from([1, 3, 2**14]),
    header=st.sampled_from([None, None, True, False]),
    keys=st.sampled_from([None, ["0"], ["a"], ["a", "b"], ["nothing"], []]),
)
@example(data=b"a\n1-2\n", size=60, chunk=1, header=None, keys=None)
@example(data=b"a,b\n1 2,.\n", size=60, chunk=1, header=None, keys=None)
@example(data=b'a,b\n"x\ny",1\nz,2\n', size=60, chunk=1, header=None, keys=None)
@example(data=b"a,b\n1,2\n\n", size=4, chunk=1, header=None, keys=None)
@example(data=b"a\n0.5\n0.5x\n", size=60, chunk=1, header=None, keys=None)
def test_pieces_are_the_lines(data, size, chunk, header, keys, tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    monkeypatch.setattr(delimited, "_CHUNK", chunk)
    monkeypatch.setattr(delimited, "_PIECE", size)
    found = outcome(str(path), header, keys)
    with monkeypatch.context() as patch:
        patch.setattr(pieces, "parse", lambda *arguments, **options: None)
        assert found == outcome(str(path), header)


any_cell = st.one_of(
    numbers,
    odd,
    st.floats().map(repr),
    st.integers().map(str),
    st.text("0123456789.eE+-", max_size=25),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
)


@quick
@given(rows=st.lists(st.lists(any_cell, min_size=2, max_size=2), min_size=1, max_size=8))
@example(rows=[["1.5", "-5"], ["- 5", "1"]])
@example(rows=[["+8", "1.5"], ["-3", "2"]])
@example(rows=[["8", "-0"], ["-3", "2"]])
@example(rows=[["8", "-00"], ["-3", "2"]])
@example(rows=[["1.5", "0"], ["1 2", "0"], ["-", "0"]])
@example(rows=[["10", "0"], ["1 -", "0"], ["5", "0"]])
@example(rows=[["9007199254740993.0", "1"], ["1.00000000000000011102230246251565", "1"]])
@example(rows=[["2.4703282292062327e-324", "1"], ["2.4703282292062328e-324", "-0"]])
@example(rows=[["1.7976931348623158e308", "1"], ["1.7976931348623159e308", "1"]])
def test_a_grid_is_its_cells(rows):
    rows = [[cell.replace("\n", "").replace('"', "") for cell in row] for row in rows]
    piece = "".join(",".join(row) + "\n" for row in rows).encode()
    cells = [row.split(",") for row in piece.decode().split("\n")[:-1]]
    found, by_arrow = grid(piece, ord(","), 2), arrow.numbers(piece, ",", 2, (0, 1))
    if any(len(row) != 2 for row in cells):
        assert found is by_arrow is None
        return
    columns = [part([row[column] for row in cells]) for column in (0, 1)]
    for got, expected in zip(found.parts((0, 1)), columns, strict=True):
        assert_alike(got, expected)
    for values, expected in zip(by_arrow or (), columns, strict=bool(by_arrow)):
        assert_alike(Part(values), expected)


def assert_alike(found, expected):
    assert (found.wrong, found.bools) == (expected.wrong, expected.bools)
    assert (found.values is None) == (expected.values is None)
    if found.values is not None:
        assert found.values.dtype == expected.values.dtype
        assert bits(found.values) == bits(expected.values)


ABOVE, BELOW = 1 + Decimal("1e-25"), 1 - Decimal("1e-25")


@pytest.mark.parametrize("use_arrow", [False, True])
def test_every_float_is_python_s(use_arrow):
    """Random doubles in all the lengths that they are written in, and ties between two of them."""
    draw = random.Random(0)
    cells = []
    while len(cells) < 20000:
        value = struct.unpack("d", draw.randbytes(8))[0]
        if value - value == 0:
            after = np.nextafter(value, np.inf)
            half = f"{value:.800e}" if draw.random() < 0.01 else repr(value)
            cells += [repr(value), half, f"{value:.{draw.randrange(1, 25)}e}", f"{after:.3e}"]
    ties = [2**53 + 2 * k + 1 for k in range(500)]
    cells += [f"{tie}.0" for tie in ties] + [f"{tie}.{'0' * 30}1" for tie in ties]
    halves = [(2 * k + 1) * Decimal(2) ** -1075 for k in range(500)]  # between the smallest
    cells += [f"{half * nearly:.60e}" for half in halves for nearly in (ABOVE, BELOW)]
    cells = [cell for cell in cells if abs(float(cell)) != float("inf")]
    piece = "".join(f"{cell}\n" for cell in cells).encode()
    if use_arrow:
        pytest.importorskip("pyarrow")
        (values,) = arrow.numbers(piece, ",", 1, (0,))
    else:
        values = grid(piece, ord(","), 1).parts((0,))[0].values
    assert values.tobytes() == np.array([*map(float, cells)]).tobytes()


@pytest.mark.parametrize(("longest", "extended"), [(19, True), (16, False)])
def test_every_decimal_is_python_s(longest, extended, monkeypatch):
    """Digits with a point anywhere, and as near to the middle of two doubles as they come."""
    draw = random.Random(0)
    cells = ["0.0", "-0.0", "-.0", "+0.5", "1.", "-.5", "00.10", "9" * 18 + ".0", "9" * 19 + ".0"]
    for _ in range(20000):
        digits = "".join(draw.choices("0123456789", k=draw.randint(1, longest)))
        point = draw.randint(0, len(digits))
        cells.append(f"{draw.choice(['', '', '-'])}{digits[:point]}.{digits[point:]}")
    for _ in range(5000):
        value = draw.random() * 2 ** draw.randrange(-8, 40)
        middle = (Decimal(value) + Decimal(float(np.nextafter(value, np.inf)))) / 2
        with localcontext(prec=draw.randint(16, max(longest - 1, 16))):
            cells.append(f"{+middle:f}")
    rows = [f"{cell},{other},7\n" for cell, other in zip(cells, cells[::-1], strict=True)]
    piece = "".join([*rows, "1.5e-7,2.5,-8\n"]).encode()
    if not extended:
        monkeypatch.setattr(sys.modules[Grid.__module__], "_extended", lambda: False)
    monkeypatch.setattr(Grid, "_carefully", None)  # all of it is plain
    found, other, whole = (one.values for one in grid(piece, ord(","), 3).parts((0, 1, 2)))
    values = [*map(float, cells)]
    assert found.tobytes() == np.array([*values, 1.5e-7]).tobytes()
    assert other.tobytes() == np.array([*values[::-1], 2.5]).tobytes()
    assert whole.tolist() == [7] * len(cells) + [-8]
    (alone,) = grid(piece, ord(","), 3).parts((0,))
    assert alone.values.tobytes() == found.tobytes()


@pytest.mark.parametrize("size", [1, 7, 2**20])
def test_cut(size):
    data = b"a\nbb\n\nccc\r\n" + b"d" * 50 + b"\nend"
    for read in (0, 3, 5, len(data)):
        file = io.BytesIO(data)
        found = [*pieces.cut(file, size, file.read(read))]
        assert b"".join(found) == data + b"\n"
        assert all(piece.endswith(b"\n") for piece in found)
    assert [*pieces.cut(io.BytesIO(b"1\n"), size, b"0\n")] == [b"0\n", b"1\n"]


def test_a_text_without_lines_is_cut(monkeypatch):
    monkeypatch.setattr(pieces, "_LONGEST_LINE", 100)
    assert [*pieces.cut(io.BytesIO(b"x" * 1000), 30)] == [b"x" * 120]


# ---- columns that nobody asked for


def test_only_named_columns_are_parsed(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_text("a,b,c\n1,x,0.5\n2,y,1.5\n")
    asked = []
    original = pieces.parse

    def parse(piece, delimiter, width, wanted, *more, **options):
        asked.append(wanted)
        return original(piece, delimiter, width, wanted, *more, **options)

    monkeypatch.setattr(pieces, "parse", parse)
    source = open_source(str(tmp_path / "x.csv"), keys=["c", "0"])
    assert source.select("c").rows(0, 2).tolist() == [0.5, 1.5]
    assert asked == [(0, 2)]
    assert source.select("b").rows(0, 2).tolist() == ["x", "y"]
    assert asked == [(0, 2), (1,)]
    assert "b (2,) text" in told(lambda: source.select("d"))
    assert asked == [(0, 2), (1,)]


def test_rows_are_checked_in_columns_that_nobody_asked_for(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3\n")
    message = told(lambda: open_source(str(tmp_path / "x.csv"), keys=["a"]))
    assert message.endswith("row 2 (line 3): 1 cell where the header has 2 (1 such row)")


def test_a_file_that_changes_between_two_readings(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    source = open_source(str(path), keys=["a"])
    path.write_text("a,b\n1,2\n3,4\n")
    assert told(lambda: source.select("b")).endswith("was changed while it was read")


# ---- workers


def big(path, rows=4000):
    lines = "".join(f"{i * 0.37},{i % 2},w{i % 3}\n" for i in range(rows))
    path.write_text("x,y,name\n" + lines)
    return str(path)


@pytest.fixture
def many(monkeypatch):
    """Small pieces, and workers for any amount of them."""
    monkeypatch.setattr(workers, "WORTH", 0)
    monkeypatch.setattr(delimited, "_PIECE", 2000)
    monkeypatch.setitem(sys.modules, "pyarrow", None)


def test_workers_give_the_same(tmp_path, many):
    path = big(tmp_path / "x.csv")
    alone = outcome(path)
    assert outcome(path, threads=2) == alone
    with open(path, "a") as file:  # noqa: PTH123
        file.write("1,2\n\n3,4,5\n")
    alone = outcome(path)
    assert "2 cells where" in alone[0]
    assert outcome(path, threads=3) == alone


def parsed(function, count, size=2**30, threads=2):
    sources = (str(i).encode() for i in range(count))
    return workers.parsed(function, sources, (), Reading(threads=threads), size)


def listed(which, pid, what):
    """What ps says of some processes."""
    ps = subprocess.run(["ps", "-o", what, which, str(pid)], stdout=subprocess.PIPE, check=False)
    return ps.stdout.split()


def children():
    return len(listed("--ppid", os.getpid(), "pid=")) - 1  # less ps itself


def test_results_come_in_order(many):
    assert [*parsed(bytes.upper, 30)] == [str(i).encode() for i in range(30)]
    assert children() == 0


def test_only_some_pieces_are_taken_ahead(many):
    taken = []

    def source():
        for i in range(100):
            taken.append(i)
            yield str(i).encode()

    with closing(workers.parsed(bytes.upper, source(), (), Reading(threads=2), 2**30)) as results:
        next(results)
        assert len(taken) < 8
        assert children() in (1, 2)
    assert len(taken) < 8
    assert children() == 0


def test_shards_are_opened_side_by_side(tmp_path, many, monkeypatch):
    monkeypatch.setattr(together, "WORTH", 10**6)
    for i in range(12):
        (tmp_path / f"part-{i}.csv").write_text("x,y\n" + f"{i}.5,1\n" * 20000)
    refs = locate({"pred": f"{tmp_path}/part-*.csv:x"})
    alone = open_fields(refs).fields["pred"]
    field = open_fields(refs, reading=Reading(threads=2)).fields["pred"]
    assert children() == 0
    assert bits(field.rows(0, 240000)) == bits(alone.rows(0, 240000))
    (tmp_path / "part-3.csv").write_text("x,y\n1\n" * 20000)
    (tmp_path / "part-1.csv").write_text("x,y\n1,oops,\n" * 20000)
    expected = told(lambda: open_fields(refs))
    assert "part-1.csv, row 1" in expected
    assert told(lambda: open_fields(refs, reading=Reading(threads=2))) == expected
    assert children() == 0


def test_workers_import_little(many):
    [found] = workers.parsed(eval, ["[*__import__('sys').modules]"], (), Reading(threads=2), 2**30)
    assert "torch" in found  # a single piece is worth no worker
    asked = ["[*__import__('sys').modules]"] * 3
    for found in workers.parsed(eval, asked, (), Reading(threads=2), 2**30):
        assert "losscli.formats.workers" in found
        assert not {"torch", "typer", "rich", "pyarrow"} & {*found}


@pytest.mark.parametrize("cell", ["12", "-3", "0.25", "5", "x", "2020-01-01", "1-"])
def test_wide_tables(cell, monkeypatch):
    """The work grows with the text, not with the text times its columns."""
    width = 2000
    rows = [[cell if i == 3 else "7.5" if cell == "0.25" else "10"] * width for i in range(8)]
    piece = "".join(",".join(row) + "\n" for row in rows).encode()
    passes = []
    blanked = Grid._blanked

    def counted(self, taken):
        passes.append(taken)
        return blanked(self, taken)

    monkeypatch.setattr(Grid, "_blanked", counted)
    found = grid(piece, ord(","), width).parts(tuple(range(width)))
    assert len(passes) < 50
    for got in found:
        assert_alike(got, part([row[0] for row in rows]))


def test_what_fails_in_a_worker_fails_here(many):
    with pytest.raises(ZeroDivisionError, match="zero"):
        [*workers.parsed(divmod, iter([1, 2]), (0,), Reading(threads=2), 2**30)]
    assert children() == 0


def test_killed_workers_are_replaced_by_this_process(tmp_path, many):
    path = big(tmp_path / "x.csv", 20000)
    expected = outcome(path)

    class Killer(Watch):
        def advance(self, amount):
            for pid in subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(os.getpid())],
                stdout=subprocess.PIPE,
                check=False,
            ).stdout.split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)

    source = open_source(path, reading=Reading(threads=2, watch=Killer()), keys=["x"])
    found = source.select("0")
    assert bits(found.rows(0, 20000)) == expected[4][4]


@pytest.mark.parametrize("executable", ["", None, "/usr/bin/some-program"])
def test_no_python_no_workers(tmp_path, many, monkeypatch, executable):
    path = big(tmp_path / "x.csv")
    expected = outcome(path)
    monkeypatch.setattr(sys, "executable", executable)
    assert outcome(path, threads=2) == expected


def test_python_that_cannot_start(tmp_path, many, monkeypatch):
    path = big(tmp_path / "x.csv")
    expected = outcome(path)
    for executable in ("/nonexistent/python", "/usr/bin/false"):
        monkeypatch.setattr(sys, "executable", executable)
        monkeypatch.setattr(workers, "_is_python", lambda path: True)
        assert outcome(path, threads=2) == expected


ENDLESS = """
    import sys, time
    sys.modules["pyarrow"] = None
    from losscli.formats import open_source, workers
    from losscli.formats.text import delimited
    from losscli.formats.base import Reading
    from losscli.watch import Watch
    workers.WORTH, delimited._PIECE = 0, 2000
    class Slow(Watch):
        def advance(self, amount):
            print("on", flush=True)
            time.sleep(0.2)
    open_source(sys.argv[1], reading=Reading(threads=2, watch=Slow()), keys=["x"])
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_its_parent(tmp_path, end):
    path = big(tmp_path / "x.csv", 40000)
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ENDLESS), path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    for _ in range(3):
        child.stdout.readline()
    assert group(child.pid) >= 2
    if end == signal.SIGINT:
        os.killpg(child.pid, end)  # as a terminal does
    else:
        os.kill(child.pid, end)
    child.communicate(timeout=20)
    for _ in range(50):
        if group(child.pid) == 0:
            break
        time.sleep(0.1)
    assert group(child.pid) == 0


def group(leader):
    """How many processes of a session there are, those that have ended aside."""
    return sum(not state.startswith(b"Z") for state in listed("-s", leader, "stat="))


def test_a_script_without_a_guard(tmp_path):
    """Workers never run the script that asked for them, and say nothing."""
    path = big(tmp_path / "x.csv", 40000)
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(ENDLESS).replace("0.2", "0").replace('"on"', '""'))
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), path], capture_output=True, check=True
    )
    assert done.stderr == b""
    assert not done.stdout.strip()


# ---- Arrow


def test_arrow_gives_the_same(tmp_path, monkeypatch):
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(arrow, "WORTH", 0)
    monkeypatch.setattr(delimited, "_PIECE", 300)
    rng = np.random.default_rng(0)
    rows = "".join(f"{x!r},{i % 2}\n" for i, x in enumerate(rng.normal(size=500).tolist()))
    for tail in (
        "",
        "0.5,-0\n-0,1\n",
        "nan,1\n",
        "1e400,0\n",
        "x,1\n",
        "1\n",
        '"0.5",1\n',
        "+1,1\n",
        "1e-400,0\n",
    ):
        path = tmp_path / "x.csv"
        path.write_text("a,b\n" + rows + tail)
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "pyarrow", None)
            without = outcome(str(path), threads=2)
        assert arrow.pays(1)
        assert outcome(str(path), threads=2) == without == outcome(str(path))


# ---- memory and pipes

PEAK = """
    import sys
    from losscli.formats import open_source
    from losscli.formats.text import delimited
    from losscli.formats.base import Reading
    open_source(sys.argv[1], reading=Reading(threads=int(sys.argv[2])), keys=["x"])
    status = open("/proc/self/status").read()
    print(status.partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="asks Linux")  # noqa: PTH110
@pytest.mark.parametrize("tail", ["", "\n5,5,w\n", '"1\n",2,w\n'])
def test_memory_is_bounded(tmp_path, tail):
    """Also where lines are read one by one: 4 times the rows take no more than a little more."""
    peaks = []
    for rows in (10**6, 4 * 10**6):
        path = tmp_path / "x.csv"
        with path.open("w") as file:
            file.write("x,y,name\n" + tail)
            block = "".join(f"{i}.25,1,word\n" for i in range(10**4))
            file.writelines(block for _ in range(rows // 10**4 // (5 if tail else 1)))
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(PEAK), str(path), "1"],
            capture_output=True,
            check=True,
        )
        peaks.append(int(done.stdout) / 1024)
    assert peaks[1] < peaks[0] + 60
    assert peaks[1] < 200


@pytest.fixture
def pipe(monkeypatch):
    """Give bytes on standard input, of which no more than a few are kept in memory."""
    monkeypatch.setattr(files, "MEMORY", 100)
    monkeypatch.setattr(files, "_BLOCK", 64)

    def given(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return "-"

    return given


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_from_long_pipes(pipe, order):
    array = np.arange(300.0).reshape(100, 3, order=order)
    file = io.BytesIO()
    np.save(file, array)
    found = open_source(pipe(file.getvalue())).select("2")
    assert found.rows(40, 60).tolist() == array[40:60, 2].tolist()
    assert found.rows(0, 100).tolist() == array[:, 2].tolist()


def test_tables_from_long_pipes(pipe):
    data = b"a,b\n" + b"".join(b"%d,0.5\n" % i for i in range(100))
    source = open_source(pipe(data), keys=["a"])
    assert source.select("a").rows(0, 100).tolist() == [*range(100)]
    assert source.select("b").rows(0, 100).tolist() == [0.5] * 100
    broken = told(lambda: open_source(pipe(data + "é".encode("latin-1") + b",1\n")))
    assert broken == "standard input, line 102: byte 0xe9 is not UTF-8"


@pytest.mark.parametrize("size", [99, 100, 101, 164, 1000])
def test_pipes_of_any_length(pipe, size):
    data = os.urandom(size)
    content = files.read(pipe(data))
    assert content.all() == data
    assert content.size() == size
    assert content.head(10) == data[:10]
    with content.open() as one, content.open() as other:
        one.seek(50)
        assert other.read(5) == data[:5]
        assert one.read(5) == data[50:55]


@pytest.mark.parametrize("block", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    "data",
    [b"a\r\nb\n\rc\xff", b"\xe2\x82", b"a\xe2\x82\xac\n\xe2\x28", b"a\r\n\xc3", b"\xed\xa0\x80"],
)
def test_where_text_ends(data, block, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_BLOCK", block)
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(UnicodeDecodeError) as error:
        data.decode()
    before = data[: error.value.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    line, byte = before.count(b"\n") + 1, data[error.value.start]
    message = told(files.Content(str(path)).check_text)
    assert message == f"{path}, line {line}: byte 0x{byte:02x} is not UTF-8"


def test_progress_counts_every_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(delimited, "_PIECE", 1000)
    seen = []

    class Seen(Watch):
        def begin(self, what, total, unit):
            seen.append((what, total, unit))

        def advance(self, amount):
            seen.append(amount)

        def end(self):
            seen.append("end")

    for tail in ("", "\n1,2,w\n"):
        path = tmp_path / "x.csv"
        big(path)
        path.write_text(path.read_text() + tail)
        seen.clear()
        open_source(str(path), reading=Reading(watch=Seen(), store=Store()))
        assert seen[0] == (f"reading {path}", path.stat().st_size, "bytes")
        assert seen[-1] == "end"
        assert sum(seen[1:-1]) == path.stat().st_size
