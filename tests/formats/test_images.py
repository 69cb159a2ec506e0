"""PNG and TIFF masks: one number for every pixel, as it was stored."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losscli.errors import DataError, LosscliError
from losscli.formats import compressed, open_source
from losscli.formats.base import Reading

Image = pytest.importorskip("PIL.Image")

LABELS = np.array([[0, 1, 2, 255], [7, 7, 0, 1], [128, 3, 254, 9]], np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(path, **options):
    field = open_source(path, **options).select(None)
    rows = field.rows(0, field.shape[0])
    assert (rows.shape, rows.dtype) == (field.shape, field.dtype)
    assert rows.flags.c_contiguous
    assert rows.dtype.isnative
    return rows


def same(found, array):
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def refused(path, **options):
    with pytest.raises(DataError) as caught:
        read(path, **options)
    return str(caught.value)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16])
def test_grey(suffix, dtype):
    array = LABELS.astype(dtype)
    if dtype == np.uint16:
        array *= 257
    Image.fromarray(array).save(f"mask{suffix}")
    same(read(f"mask{suffix}"), array)


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_measurements(dtype):
    array = LABELS.astype(dtype) - dtype(100.5)
    Image.fromarray(array).save("depth.tif")
    same(read("depth.tif"), array)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_palette_gives_indices(suffix):
    image = Image.fromarray(LABELS)
    image.putpalette([7, 7, 7] * 256)  # every index has the same colour
    image.save(f"mask{suffix}")
    with Image.open(f"mask{suffix}") as found:
        assert found.mode == "P"
    same(read(f"mask{suffix}"), LABELS)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_small_palettes(bits):
    array = np.arange(2**bits, dtype=np.uint8).repeat(3).reshape(-1, 3)
    image = Image.fromarray(array)
    image.putpalette(list(range(3 * 2**bits)))
    image.save("mask.png", bits=bits)
    assert Path("mask.png").read_bytes()[24] == bits
    same(read("mask.png"), array)


def test_transparency_is_no_value():
    image = Image.fromarray(LABELS)
    image.save("mask.png", transparency=7)
    same(read("mask.png"), LABELS)


def tiff(array, bits, sign, order="<"):
    """A TIFF of one strip and one channel, as its specification writes it."""
    height, width = array.shape
    data = array.astype(array.dtype.newbyteorder(order)).tobytes()
    tags = [(256, width), (257, height), (258, bits), (259, 1), (262, 1), (273, 8), (277, 1)]
    tags += [(278, height), (279, len(data)), (339, sign)]
    fields = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags)
    header = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8 + len(data))
    return header + data + struct.pack(order + "H", len(tags)) + fields + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("dtype", "sign"),
    [("u1", 1), ("i1", 2), ("u2", 1), ("i2", 2), ("u4", 1), ("i4", 2), ("f4", 3)],
)
def test_samples_are_what_they_are_said_to_be(dtype, sign, order):
    if (dtype, order) == ("u4", ">"):
        pytest.skip("Pillow cannot read it, as the next test shows")
    kind = np.dtype(dtype)
    least, most = (-1e30, 1e30) if kind.kind == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
    array = np.array([[least, most], [0, 1], [2, 3]], kind)
    Path("x.tif").write_bytes(tiff(array, 8 * kind.itemsize, sign, order))
    found = read("x.tif")
    np.testing.assert_array_equal(found, array)
    assert found.dtype.kind == kind.kind


def test_samples_that_pillow_lacks():
    Path("x.tif").write_bytes(tiff(np.ones((2, 2), np.uint32), 32, 1, ">"))
    assert refused("x.tif").startswith("x.tif is no TIFF image that can be read: ")


def test_wider_floats_are_refused():
    Path("x.tif").write_bytes(tiff(np.ones((2, 2)), 64, 3))
    assert refused("x.tif").startswith("x.tif is no TIFF image that can be read: ")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA"])
def test_colours(mode):
    Image.new(mode, (4, 3)).save("photo.png")
    assert refused("photo.png") == (
        f"photo.png holds colours (mode {mode}), and one number for every pixel is wanted\n"
        "hint: class indices are kept in grey, or by a palette"
    )


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_several_images(suffix):
    images = [Image.fromarray(LABELS), Image.fromarray(LABELS[::-1].copy())]
    images[0].save(f"x{suffix}", save_all=True, append_images=images[1:])
    assert refused(f"x{suffix}") == f"x{suffix} holds several images, and one can be read"


def test_names_and_contents():
    Image.fromarray(LABELS).save("x.png")
    Image.fromarray(LABELS).save("x.tif")
    Path("x.tif").rename("y.png")
    Path("x.png").rename("no-suffix")
    same(read("no-suffix"), LABELS)
    assert refused("y.png") == (
        "y.png is named .png, but begins as a TIFF image does\n"
        "hint: --input-format tiff reads it as one"
    )
    same(read("y.png", fmt="tiff"), LABELS)


def test_no_keys():
    Image.fromarray(LABELS).save("x.png")
    with pytest.raises(DataError, match=r"x.png has no key '0'; it holds \(3, 4\) uint8"):
        open_source("x.png").select("0")


def test_bombs(monkeypatch):
    monkeypatch.setattr(compressed, "HARMLESS", 2**20)
    Image.new("L", (2**12, 2**12)).save("bomb.png")
    packed = Path("bomb.png").stat().st_size
    assert packed * 100 < 2**24
    assert refused("bomb.png") == (
        "bomb.png expands to over 100 times its size\n"
        "hint: --max-expansion N allows more, if this is meant"
    )
    same(read("bomb.png", reading=Reading(expansion=1e6)), np.zeros((2**12, 2**12), np.uint8))


def test_a_header_that_claims_much():
    image = io.BytesIO()
    Image.fromarray(LABELS).save(image, "png")
    data = bytearray(image.getvalue())
    data[16:24] = struct.pack(">II", 2**30, 2**30)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    Path("x.png").write_bytes(data)
    assert "expands to over 100 times its size" in refused("x.png")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    suffix=st.sampled_from(["png", "tiff"]),
    cut=st.integers(0, 400),
    places=st.lists(st.tuples(st.integers(8, 300), st.integers(0, 255)), max_size=4),
)
def test_damage_gives_pixels_or_our_errors(suffix, cut, places, tmp_path):
    image = io.BytesIO()
    Image.fromarray(LABELS).save(image, suffix)
    data = bytearray(image.getvalue())
    for place, byte in places:
        data[min(place, len(data) - 1)] = byte
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(data[: len(data) - cut] if cut < 100 else data)
    with suppress(LosscliError):
        read(str(path))
