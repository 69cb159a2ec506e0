"""Delimited text: headers, odd cells, broken rows, and the words in which they are told."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losscli.errors import DataError
from losscli.formats import open_source
from losscli.formats.base import Reading
from losscli.formats.text import delimited


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Write a file and open it; the working directory is its folder, so that paths are short."""
    monkeypatch.chdir(tmp_path)

    def opened(content, name="preds.csv", header=None, **options):
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
        return open_source(name, reading=Reading(header), **options)

    return opened


def values(source, key=None):
    field = source.select(key)
    return field.rows(0, field.shape[0]).tolist()


def told(call, *arguments, **options):
    with pytest.raises(DataError) as error:
        call(*arguments, **options)
    return str(error.value)


# ---- headers


@pytest.mark.parametrize(
    ("content", "names", "rows"),
    [
        ("a,b\n1,2\n", ("a", "b"), [[1, 2]]),
        ("1,2\n3,4\n", None, [[1, 2], [3, 4]]),
        ("0,2\n3,4\n", None, [[0, 2], [3, 4]]),
        ("1,0\n3,4\n", None, [[1, 0], [3, 4]]),
        ("nan,inf\n3,4\n", None, [[float("inf")], [4]]),
        (" a , b \n1 , 2\n", ("a", "b"), [[1, 2]]),
        ("# a,b\n1,2\n", ("a", "b"), [[1, 2]]),
        ("\n \na,b\n1,2\n", ("a", "b"), [[1, 2]]),
        ('"a\nb","c"\n1,2\n', ("a\nb", "c"), [[1, 2]]),
        ("True,x\n1,2\n", ("True", "x"), [[1, 2]]),
    ],
)
def test_first_row(table, content, names, rows):
    source = table(content)
    assert source.names == names
    if rows[0][0] == float("inf"):
        assert values(source, "1") == [float("inf"), 4]
    else:
        assert values(source) == rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0,1\n5,6\n", "counts from 0, as names or as data: '0', '1'"),
        ("0\n1\n", "counts from 0, as names or as data: '0'"),
        ("0,1,2,3,4,5,6\n", "counts from 0, as names or as data: '0', '1', '2', '3', '4', '5', …"),
        ("a,1\n5,6\n", "mixes numbers and names: 'a', '1'"),
        (",0\n0,1.5\n1,2.5\n", "mixes numbers and names: '', '0'"),
        ("a,nan\n5,6\n", "mixes numbers and names: 'a', 'nan'"),
    ],
)
def test_doubtful_first_row(table, content, message):
    assert told(table, content) == (
        f"preds.csv: the first row {message}\n"
        "hint: --header if it holds names, --no-header if it is data"
    )
    assert table(content, header=True).names == tuple(content.split("\n")[0].split(","))
    assert table(content, header=False).names is None


def test_header_said(table):
    assert values(table("1,2\n3,4\n", header=True)) == [[3, 4]]
    assert values(table("0,1\n3,4\n", header=False)) == [[0, 1], [3, 4]]
    assert values(table("a,b\n3,4\n", header=True)) == [[3, 4]]


def test_header_alone(table):
    field = table("a,b\n").select("a")
    assert (field.shape, field.rows(0, 5).shape, field.dtype) == ((0,), (0,), np.float64)
    assert table("a,b").select(None).shape == (0, 2)
    assert table("a").select(None).shape == (0,)


@pytest.mark.parametrize("content", ["", "\n\n", "  \n", "\ufeff", '""\n'])
def test_nothing_at_all(table, content):
    assert told(table, content) == "preds.csv is empty"


def test_header_does_not_shift_rows(table):
    with_header = table("a\n5\n6\n7\n").select(None)
    without = table("5\n6\n7\n", name="bare.csv").select(None)
    assert with_header.rows(0, 2).tolist() == without.rows(0, 2).tolist() == [5, 6]
    assert with_header.place((0,)) == "row 1 (line 2)"
    assert without.place((0,)) == "row 1 (line 1)"


# ---- index columns


@pytest.mark.parametrize("first", [0, 1])
def test_index_column(table, first):
    source = table(f",a,b\n{first},5,6\n{first + 1},7,8\n")
    field = source.select(None)
    assert field.rows(0, 2).tolist() == [[5, 6], [7, 8]]
    assert field.columns == ("a", "b")
    [(code, message)] = field.notes
    assert code == "index-column"
    assert message == "preds.csv: the unnamed first column only counts the rows and is left out"
    assert source.select("a").notes == ()
    assert values(source, "*") == [[5, 6], [7, 8]]


@pytest.mark.parametrize("content", [",a\n2,5\n3,6\n", ",a\n0,5\n2,6\n", ",a\n0.5,5\n1.5,6\n"])
def test_no_index_column(table, content):
    field = table(content).select(None)
    assert field.shape == (2, 2)
    assert field.notes == ()


def test_named_counting_column_is_data(table):
    assert table("id,a\n0,5\n1,6\n").select(None).shape == (2, 2)


def test_pandas_default_header(table):
    source = table(",0\n0,1.5\n1,2.5\n", header=True)
    assert values(source) == values(source, "0") == [1.5, 2.5]


# ---- dialects


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("last", [True, False])
def test_dialects(table, end, delimiter, start, last):
    lines = [delimiter.join(row) for row in (["a", "b"], ["1", "2"], ["3", "4"])]
    source = table(start + end.join(lines) + end * last)
    assert source.names == ("a", "b")
    assert values(source) == [[1, 2], [3, 4]]
    assert source.select("b").place((1,)) == "row 2 (line 3)"


def test_tsv_is_tabs(table):
    assert table("a,b\tc\n1\t2\n", name="x.tsv").names == ("a,b", "c")
    assert table("a,b\tc\n1\t2\n", name="x.bin", fmt="tsv").names == ("a,b", "c")


def test_delimiter_in_quotes_does_not_count(table):
    assert table('"a,b,c";d\n1;2\n').names == ("a,b,c", "d")


def test_excel_dialect(table):
    file = io.StringIO()
    writer = csv.writer(file, "excel", quoting=csv.QUOTE_ALL)
    writer.writerows([["name, full", "say hi"], [1.5, 2], [3, -4]])
    source = table(file.getvalue())
    assert source.names == ("name, full", "say hi")
    assert values(source) == [[1.5, 2], [3, -4]]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "mark"])
@pytest.mark.parametrize(
    ("line", "delimiter"), [("sep=;", ";"), ("SEP=,", ","), ("sep=|", "|"), ("sep=\t", "\t")]
)
def test_a_line_that_tells_the_delimiter(table, start, line, delimiter):
    """Excel writes it, and reads it: the names have the other delimiters in them."""
    names = "a;,|\tb".replace(delimiter, "")
    rows = "\r\n".join([line, delimiter.join([names, "c"]), *[f"1{delimiter}2"] * 3, ""])
    source = table(start + rows.encode())
    assert [one.key for one in source.listing()] == [names, "c"]
    assert values(source, "c") == [2, 2, 2]
    broken = rows.replace(f"1{delimiter}2\r\n", f"1{delimiter}x\r\n", 1)
    assert "row 1 (line 3)" in told(values, table(start + broken.encode()), "c")


def test_numpy_savetxt(table, tmp_path):
    array = np.random.default_rng(0).normal(size=(5, 3))
    np.savetxt(tmp_path / "a.csv", array, delimiter=",", header="x,y,z")
    source = open_source(str(tmp_path / "a.csv"))
    assert source.names == ("x", "y", "z")
    np.testing.assert_array_equal(source.select(None).rows(0, 5), array)
    np.savetxt(tmp_path / "b.txt", array, header="x y z")
    source = open_source(str(tmp_path / "b.txt"))
    assert source.names == ("x", "y", "z")
    np.testing.assert_array_equal(source.select(None).rows(0, 5), array)
    np.savetxt(
        tmp_path / "c.txt", array, fmt="%9.3f", header="of a run,\nwith 3 columns", comments="# "
    )
    field = open_source(str(tmp_path / "c.txt")).select(None)
    np.testing.assert_array_equal(field.rows(0, 5), np.loadtxt(tmp_path / "c.txt"))
    assert field.notes[0][0] == "comments"
    assert "2 leading lines are comments" in field.notes[0][1]


# ---- blanks, comments, and what other programs write


def test_yolo(table):
    source = table("0 0.5 0.5 0.25 0.125\n11 0.25 0.5 0.5 0.5 \n", name="x.txt")
    assert source.names is None
    assert values(source) == [[0, 0.5, 0.5, 0.25, 0.125], [11, 0.25, 0.5, 0.5, 0.5]]


def test_r_writes_names_of_rows_and_no_name_for_them(table):
    """As write.table(d), and write.table(d, row.names = FALSE, quote = FALSE)."""
    source = table('"logit" "y"\n"1" 0.5 1\n"2" -2.25 0\n')
    assert source.names == ("", "logit", "y")
    field = source.select(None)
    assert field.notes[0][0] == "index-column"
    assert field.rows(0, 2).tolist() == [[0.5, 1], [-2.25, 0]]
    assert table("logit y\n0.5 1\n-2.25 0\n").names == ("logit", "y")
    named = table('"logit" "y"\n"Mazda RX4" 0.5 1\n"Fiat" -2.25 0\n')
    assert named.select("y").rows(0, 2).tolist() == [1, 0]
    tabs = table('"logit"\t"y"\n"1"\t0.5\t1\n', name="x.tsv")
    assert tabs.names == ("", "logit", "y")


@pytest.mark.parametrize("delimiter", [" ", "   "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("around", ["", "  "])
def test_any_number_of_blanks_is_one(table, delimiter, end, around):
    rows = [["a", "b c", "d"], ["1", "2", "-3"], ["4.5", "nan", "6"]]
    lines = [delimiter.join(f'"{cell}"' if " " in cell else cell for cell in row) for row in rows]
    text = "".join(f"{around}{line}{around}{end}" for line in [*lines, ""])
    source = table(text, name="x.txt")
    assert source.names == ("a", "b c", "d")
    np.testing.assert_array_equal(source.select(None).rows(0, 2), [[1, 2, -3], [4.5, np.nan, 6]])


def test_blanks_in_names_and_classes_divide_nothing(table):
    assert table("the score\n0.5\n").names == ("the score",)
    assert table("the name\ncat one\ndog two\n").names == ("the name",)
    assert table("first name,n\na b,1\n").names == ("first name", "n")
    assert table("a b\t1\nc d\t2\n", header=False).select("0").rows(0, 2).tolist() == ["a b", "c d"]


def test_a_row_with_another_number_of_words(table):
    message = told(table, "1 2 3\n4 5\n")
    assert "row 2 (line 2): 2 cells where the first row has 3 (1 such row)" in message


@pytest.mark.parametrize(
    ("text", "names", "rows", "comments"),
    [
        ("# made by x\na,b\n1,2\n", ("a", "b"), [[1, 2]], 1),
        ("# made by x, y\n#\n1,2,3\n", None, [[1, 2, 3]], 2),
        ("# seed 3\n\n# a,b\n1,2\n", ("a", "b"), [[1, 2]], 1),
        ("#a,b\n1,2\n", ("a", "b"), [[1, 2]], 0),
        ("# 3 4 5\n1 2\n", None, [[1, 2]], 1),
    ],
)
def test_leading_comments(table, text, names, rows, comments):
    source = table(text)
    assert source.names == names
    field = source.select(None)
    assert field.rows(0, 9).tolist() == rows
    assert [note[0] for note in field.notes] == ["comments"] * bool(comments)
    assert source.line(0) == text.count("\n")


def test_comments_are_no_rows_of_later_lines(table):
    assert "'# 3' is not a number" in told(lambda: table("a,b\n1,2\n# 3,4\n").select(None))


@pytest.mark.parametrize("text", ["1,5;2\n", "0,5;1,25\n", "-1,5\t2,5\n", "1,5 2,5\n"])
def test_decimal_commas_are_refused(table, text):
    message = told(table, text)
    assert "the first row has decimal commas: " in message
    assert "hint: save it with decimal points, as in 1.5" in message


def test_decimal_commas_below_a_header_are_refused(table):
    """As Excel writes CSV where commas are decimal."""
    message = told(lambda: table("logit;y\n1,5;1\n").select("logit"))
    assert "row 1 (line 2), column 'logit': '1,5' has a decimal comma" in message
    assert "hint: save it with decimal points, as in 1.5" in message
    assert table("1,2\n3,4\n").select(None).shape == (2, 2)
    assert table("1, 2, 3\n3, 4, 5\n").select(None).shape == (2, 3)


# ---- kinds of columns


@pytest.mark.parametrize(
    ("cells", "dtype", "read"),
    [
        (["1", "-2", "+3"], "int64", [1, -2, 3]),
        (["9007199254740993", "1"], "int64", [2**53 + 1, 1]),
        (["1", "2.0"], "float64", [1.0, 2.0]),
        (["1", "100000000000000000000"], "float64", [1.0, 1e20]),
        ([".5", "5.", "1e3", "1E-3"], "float64", [0.5, 5.0, 1000.0, 0.001]),
        (["inf", "-Infinity", "+INF"], "float64", [np.inf, -np.inf, np.inf]),
        (["True", "false", "TRUE"], "bool", [True, False, True]),
        (["cat", "dog", "nancy"], "<U5", ["cat", "dog", "nancy"]),
        (["true", "maybe"], "<U5", ["true", "maybe"]),
        (["\u00a01\u00a0", "2"], "int64", [1, 2]),
    ],
)
def test_kinds(table, cells, dtype, read):
    field = table("\n".join(["x", *cells])).select("x")
    assert field.dtype == np.dtype(dtype)
    assert field.rows(0, 9).tolist() == read


def test_nan_cells(table):
    assert np.isnan(table("x\nnan\nNaN\n-nan\n").select("x").rows(0, 3)).all()


def test_kinds_over_many_pieces(table, monkeypatch):
    monkeypatch.setattr(delimited, "_CHUNK", 2)
    content = "n,f,t,b\n" + "".join(f"{i},{i if i < 5 else i + 0.5},w{i},true\n" for i in range(9))
    source = table(content)
    assert [source.dtype(i) for i in range(4)] == ["int64", "float64", "text", "bool"]
    assert values(source, "f") == [0, 1, 2, 3, 4, 5.5, 6.5, 7.5, 8.5]
    assert values(source, "t")[8] == "w8"
    mixed = table("x\n1\n2\ncat\n4\ndog\n")
    assert told(mixed.select, "x") == (
        "preds.csv, row 3 (line 4), column 'x': 'cat' is not a number (2 such cells)"
    )


def test_common_dtype(table):
    field = table("a,b\n1,0.5\n").select(None)
    assert (field.dtype, field.rows(0, 1).tolist()) == (np.float64, [[1.0, 0.5]])
    assert table("a,b\n1,true\n").select(None).dtype == np.int64


# ---- cells that are no numbers


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("O.5", "'O.5' is not a number (1 such cell)"),
        ("1_000", "'1_000' is not a number (1 such cell)"),
        ('"1,234.5"', "'1,234.5' is not a number (1 such cell)"),
        ("١", "'١' is not a number (1 such cell)"),  # noqa: RUF001
        ("0x10", "'0x10' is not a number (1 such cell)"),
        ("1 2", "'1 2' is not a number (1 such cell)"),
        ("True", "'True' is not a number (1 such cell)"),
        ("NA", "'NA' is not a number (1 such cell)"),
        ("\x1b[31m", r"'\x1b[31m' is not a number (1 such cell)"),
        ("x" * 99, f"'{'x' * 40}…' is not a number (1 such cell)"),
        ("1e400", "'1e400' is too large for a 64-bit number (1 such cell)"),
        ("-1e400", "'-1e400' is too large for a 64-bit number (1 such cell)"),
        ("9" * 400, f"'{'9' * 40}…' is too large for a 64-bit number (1 such cell)"),
    ],
)
def test_no_number(table, cell, message):
    source = table(f"logit,y\n0.5,1\n1,0\n{cell},1\n2,0\n")
    where = "preds.csv, row 3 (line 4), column 'logit': "
    hint = "\nhint: --missing omit leaves such elements out" if cell == "NA" else ""
    assert told(source.select, "logit") == where + message + hint
    assert told(source.select, None) == where + message + hint
    assert values(source, "y") == [1, 0, 1, 0]


def test_empty_cells(table):
    source = table("logit,y\n0.5,1\n,0\n  ,1\n")
    assert told(source.select, "logit") == (
        "preds.csv, row 2 (line 3), column 'logit': the cell is empty (2 such cells)\n"
        "hint: --missing omit leaves such elements out; what is nan is written so"
    )
    assert values(source, "y") == [1, 0, 1]
    assert "the cell is empty (1 such cell)" in told(table("t,y\ncat,1\n,2\n").select, "t")


def test_faults_are_counted_by_kind(table):
    source = table("x,y\n1,1\nNA,1\n,1\n1e999,1\nNA,1\n")
    assert "row 2 (line 3), column 'x': 'NA' is not a number (2 such cells)" in told(
        source.select, "x"
    )


def test_unnamed_columns_are_counted(table):
    message = told(table("1,2\n3,x\n").select, None)
    assert message.startswith("preds.csv, row 2 (line 2), column 2: 'x' is not a number")


def test_first_row_said_to_be_data(table):
    assert told(table("a,1\n2,3\n", header=False).select, "0") == (
        "preds.csv, row 1 (line 1), column 1: 'a' is not a number (1 such cell)\n"
        "hint: --header if the first row holds names"
    )


def test_text_among_numbers(table):
    source = table("name,x,y\ncat,1,2\ndog,3,4\n")
    assert told(source.select, None) == (
        "preds.csv: column 'name' holds text, such as 'cat'\n"
        "hint: choose columns of numbers, as in preds.csv:x"
    )
    assert values(source, "name") == ["cat", "dog"]
    assert told(source.select, "x,name").startswith("preds.csv: column 'name' holds text")
    assert source.select(None, leave=["name"]).shape == (2, 2)


def test_a_column_of_text_alone(table):
    assert values(table("label\ncat\ndog\n")) == ["cat", "dog"]


# ---- rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", "row 2 (line 3): 1 cell where the header has 2 (1 such row)"),
        ("a,b\n1,2,3\n4,5\n6\n", "row 1 (line 2): 3 cells where the header has 2 (2 such rows)"),
        ("1,2\n3,4,5\n", "row 2 (line 2): 3 cells where the first row has 2 (1 such row)"),
        ("a\n1\n2,3\n", "row 2 (line 3): 2 cells where the header has 1 (1 such row)"),
        ('a,b\n"1\n",2\n\n3\n', "row 2 (line 5): 1 cell where the header has 2 (1 such row)"),
    ],
)
def test_ragged_rows(table, content, message):
    assert told(table, content) == f"preds.csv, {message}"


def test_blank_lines_in_tables(table):
    source = table("a,b\n\n1,2\n\n  \n3,4\n\n\n")
    assert values(source) == [[1, 2], [3, 4]]
    field = source.select("a")
    assert [field.place((i,)) for i in range(2)] == ["row 1 (line 3)", "row 2 (line 6)"]


@pytest.mark.parametrize("chunk", [1, 2, 2**14])
def test_blank_lines_in_one_column(table, monkeypatch, chunk):
    monkeypatch.setattr(delimited, "_CHUNK", chunk)
    assert values(table("a\n1\n2\n\n \n\n")) == [1, 2]
    source = table("a\n1\n\n2\n\n")
    assert source.height == 3
    assert told(source.select, "a").startswith(
        "preds.csv, row 2 (line 3), column 'a': the cell is empty (1 such cell)"
    )


@pytest.mark.parametrize("chunk", [1, 2, 3, 2**14])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_after_quoted_breaks(table, monkeypatch, chunk, end):
    monkeypatch.setattr(delimited, "_CHUNK", chunk)
    lines = ["a,b", '"x', 'y",1', "z,2", '"', '",3', "", "w,4"]
    source = table(end.join(lines) + end)
    field = source.select("b")
    assert field.rows(0, 9).tolist() == [1, 2, 3, 4]
    places = [field.place((i,)) for i in range(4)]
    assert places == ["row 1 (line 2)", "row 2 (line 4)", "row 3 (line 5)", "row 4 (line 8)"]


def test_place_names_column(table):
    assert table("a,b\n1,2\n").select(None).place((0, 1)) == "row 1 (line 2), column 'b'"
    assert table("1,2\n").select(None).place((0, 1)) == "row 1 (line 1), column 2"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('a,b\n1,2\n"3,4\n5,6\n', "line 3: a quote is opened and never closed"),
        ('a,b\n1,2\n"3"x,4\n', "line 3: broken quotes: ',' expected after '\"'"),
        ('a,b\n\n"1\n",2\n"' + "x" * 200_000, "line 5: a quote is opened and never closed"),
        (b"a,b\n1,2\r3,4\r\n5,\xe9\n", "line 4: byte 0xe9 is not UTF-8"),
        (b"\xef\xbb\xbfa,b\n\xe2\x82,2\n", "line 2: byte 0xe2 is not UTF-8"),
        (b"a\xe9,b\n1,2\n", "line 1: byte 0xe9 is not UTF-8"),
    ],
)
def test_broken_text(table, content, message):
    assert told(table, content) == f"preds.csv, {message}"


def test_utf16(table):
    assert told(table, "a,b\n1,2\n".encode("utf-16")) == (
        "preds.csv is UTF-16 text\nhint: save it as UTF-8"
    )


# ---- any table


cells = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.floats(width=64).map(repr),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), width=st.integers(1, 4), chunk=st.integers(1, 9))
def test_round_trip(data, width, chunk, table, monkeypatch):
    monkeypatch.setattr(delimited, "_CHUNK", chunk)
    row = st.lists(cells, min_size=width, max_size=width)
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    names = [f"c{i}" for i in range(width)]
    file = io.StringIO()
    csv.writer(file, quoting=data.draw(st.sampled_from([0, 1]))).writerows([names, *rows])
    source = table(file.getvalue())
    for column, name in enumerate(names):
        expected = np.array([float(row[column]) for row in rows])
        read = source.select(name)
        np.testing.assert_array_equal(read.rows(0, len(rows)).astype(float), expected)
        is_whole = all(row[column].lstrip("-").isdecimal() for row in rows)
        assert read.dtype == (np.int64 if is_whole else np.float64)


def test_long_text_is_no_name_and_takes_no_room(table):
    """An array of text is as wide as its longest: a page of it in one row would be held for all."""
    rows = [f"0.5,{'ab'[i % 2]}\n" for i in range(300)]
    rows[200] = f"0.5,{'x' * 5000}\n"
    source = table("p,label\n" + "".join(rows))
    assert source.select("p").shape == (300,)
    message = told(source.select, "label")
    assert message.startswith("preds.csv, row 201 (line 202), column 'label': 'xxxx")
    assert "is too long for a name: it has more than 256 characters (1 such cell)" in message
    assert len(message) < 300
    rows[200] = f"0.5,{'x' * 256}\n"
    assert table("p,label\n" + "".join(rows)).select("label").rows(200, 201) == ["x" * 256]


def test_long_cells_are_read(table):
    """Longer than the csv module takes by itself; with or without quotes."""
    long = "x" * 200_000
    for cell in (long, f'"{long}"'):
        assert values(table(f"a,b,t\n1,2,ok\n3,4,{cell}\n"), "a") == [1, 3]


def test_a_quote_that_swallows_the_rest_is_told(table):
    text = "a,b\n1,2\n" + '3,"' + "4,5\n" * (2**22 + 1)
    message = told(table, text)
    assert message == (
        "preds.csv, line 3: a cell has more than 16,777,216 characters: "
        "is a quote opened and never closed?"
    )
