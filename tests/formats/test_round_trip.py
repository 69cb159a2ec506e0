"""Whatever NumPy can hold, in each format that can hold it: the same bits come back."""

from __future__ import annotations

import io
import json
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from makers import MAKERS, as_hdf5, as_npy, as_npz, as_pt, as_tensor

from losscli import evaluate
from losscli.formats import open_source

QUIET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
CODES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]


@st.composite
def held(draw, codes=(*CODES, "U3"), least=0):
    """An array of any dtype, shape, byte order and layout, NaNs of any payload among it."""
    code = draw(st.sampled_from(codes))
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=4, min_side=least, max_side=4))
    if code == "U3":
        return draw(arrays.arrays("U3", shape, elements=st.text("aé\U0001f40d ", max_size=3)))
    if code == "?":
        return draw(arrays.arrays("?", shape))
    bits = draw(arrays.arrays(f"u{np.dtype(code).itemsize}", shape))
    array = bits.view(code).astype(np.dtype(code).newbyteorder(draw(st.sampled_from("<>"))))
    if draw(st.booleans()):
        array = np.asfortranarray(array)
    if draw(st.booleans()) and array.ndim:
        array = array[::-1]
    return array


def native(array):
    return np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(array.shape)


def as_safetensors(array):
    return pytest.importorskip("safetensors.numpy").save({"x": native(array)})


def as_lists(array, write):
    """A column with a list of lists in every row."""
    pa = pytest.importorskip("pyarrow")
    column = pa.array(native(array).reshape(-1))
    for size in reversed(array.shape[1:]):
        column = pa.FixedSizeListArray.from_arrays(column, size)
    file = io.BytesIO()
    write(pa.table({"x": column}), file)
    return file.getvalue()


def to_parquet(table, file):
    pytest.importorskip("pyarrow.parquet").write_table(table, file)


def to_arrow(table, file):
    with pytest.importorskip("pyarrow.ipc").new_file(file, table.schema) as writer:
        writer.write_table(table)


ANY = {
    ".npy": as_npy,
    ".npz": lambda a: as_npz(x=a),
    "deflated.npz": lambda a: as_npz(np.savez_compressed, x=a),
    "array.pt": lambda a: as_pt({"x": a}),
}
NUMBERS = {
    "tensor.pt": lambda a: as_pt(as_tensor(native(a))),
    "columns.pt": lambda a: as_pt(as_tensor(native(a).T).permute([*reversed(range(a.ndim))])),
    ".safetensors": as_safetensors,
    ".h5": as_hdf5,
}
LISTS = {
    ".parquet": partial(as_lists, write=to_parquet),
    ".arrow": partial(as_lists, write=to_arrow),
}


def same_bits(array, name, make, folder):
    path = folder / f"x{name}"
    path.write_bytes(make(array))
    field = open_source(str(path)).select(None)
    wanted = native(array)
    assert (field.shape, field.dtype) == (wanted.shape, wanted.dtype)
    rows = field.rows(0, len(wanted) if wanted.ndim else 1)
    assert (rows.shape, rows.dtype, rows.flags.c_contiguous) == (wanted.shape, wanted.dtype, True)
    assert rows.tobytes() == wanted.tobytes()
    if wanted.ndim and len(wanted) > 1:
        assert field.rows(1, 2).tobytes() == wanted[1:2].tobytes()


@QUIET
@given(array=held(), name=st.sampled_from([*ANY]))
def test_any_array(array, name, tmp_path):
    same_bits(array, name, ANY[name], tmp_path)


@QUIET
@given(array=held(CODES), name=st.sampled_from([*NUMBERS]))
def test_any_array_of_numbers(array, name, tmp_path):
    same_bits(array, name, NUMBERS[name], tmp_path)


@QUIET
@given(array=held(CODES, least=1), name=st.sampled_from([*LISTS]))
def test_any_array_as_lists_in_a_column(array, name, tmp_path):
    same_bits(array.reshape(1) if not array.ndim else array, name, LISTS[name], tmp_path)


@QUIET
@given(array=held([code for code in CODES if code != "u8"], least=1))
def test_any_array_as_json(array, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(array.tolist()))
    field = open_source(str(path)).select(None)
    kind = {"f": np.float64, "b": np.bool_}.get(array.dtype.kind, np.int64)
    assert (field.shape, field.dtype) == (array.shape, kind)
    np.testing.assert_array_equal(field.rows(0, field.shape[0] if field.shape else 1), array)


@pytest.mark.parametrize("name", MAKERS)
def test_a_loss_is_the_same_from_every_format(name, tmp_path):
    draw = np.random.default_rng(0)
    pred, target = draw.normal(size=(2, 300, 3))
    suffix, make = MAKERS[name]
    for side, array in (("p", pred), ("t", target)):
        (tmp_path / f"{side}{suffix}").write_bytes(make(array))
    found = evaluate("mse", pred=tmp_path / f"p{suffix}", target=tmp_path / f"t{suffix}")
    expected = evaluate("mse", pred=pred, target=target)
    assert repr(found.value) == repr(expected.value)
    assert found.elements.tobytes() == expected.elements.tobytes()
    assert found.value == pytest.approx(float(np.mean((pred - target) ** 2)), rel=1e-15)
