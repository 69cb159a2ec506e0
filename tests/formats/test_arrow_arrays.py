"""Arrays of Arrow as those of NumPy: the same values as Arrow's own way, without pandas."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")

from losscli.formats.arrow import as_numpy  # noqa: E402 — it takes pyarrow

NUMBERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
NUMBERS += ["float16", "float32", "float64", "bool"]


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("cut", [slice(None), slice(3, 70), slice(9, None), slice(5, 5)])
def test_values_are_those_of_arrow(dtype, cut):
    draw = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 100, 101)
    values = draw.astype(dtype)
    array = pa.array(values)[cut]
    found = as_numpy(array)
    assert found.dtype == values.dtype
    assert found.tolist() == values[cut].tolist() == array.to_pylist()


def test_numbers_are_not_copied():
    array = pa.array(np.arange(10.0))
    assert np.shares_memory(as_numpy(array), as_numpy(array[2:]))


def test_text_stays_text():
    assert as_numpy(pa.array(["a", "bc", ""])).tolist() == ["a", "bc", ""]


def test_no_array_at_all():
    assert as_numpy(pa.array([], pa.int32())).dtype == np.int32
    assert as_numpy(pa.nulls(0, pa.bool_())).dtype == np.bool_


@pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "rows.csv"])
def test_nobody_imports_pandas(tmp_path, name):
    """Which takes longer than to parse some ten million numbers."""
    pytest.importorskip("pandas")
    table = pa.table({"x": [0.5, -1.5, 2.0], "y": [True, False, True], "c": ["a", "b", "a"]})
    path = tmp_path / name
    if name.endswith("csv"):
        from pyarrow import csv

        csv.write_csv(table.select(["x"]), path)
    elif name.endswith("parquet"):
        from pyarrow import parquet

        parquet.write_table(table, path)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    code = (
        "import sys\n"
        "from losscli.formats.text import arrow, delimited\n"
        "arrow.pays = lambda size: True\n"
        "from losscli import evaluate\n"
        "path = sys.argv[1]\n"
        "target = path + ':' + ('x' if path.endswith('csv') else 'y')\n"
        "name = 'mse' if path.endswith('csv') else 'bce'\n"
        "given = {'pred' if name == 'mse' else 'logits': path + ':x', 'target': target}\n"
        "print(evaluate(name, **given, threads=2).value)\n"
        "assert 'pyarrow' in sys.modules and 'pandas' not in sys.modules\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
