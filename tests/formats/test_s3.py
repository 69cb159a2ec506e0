"""Objects of S3, from a server of this machine that stands for it."""

from __future__ import annotations

import io

import numpy as np
import pytest

from losscli import evaluate
from losscli.errors import FileError

ROWS = np.random.default_rng(0).normal(size=(36, 2))


@pytest.fixture(scope="module")
def bucket():
    """Twelve shards, all of them in one array, and a table."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "x")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        system = pytest.importorskip("fsspec").filesystem("s3", skip_instance_cache=True)
        system.mkdir("bucket")
        for at in range(12):
            system.pipe(f"bucket/shards/part-{at}.npy", npy(ROWS[3 * at : 3 * at + 3]))
        system.pipe("bucket/all.npy", npy(ROWS))
        system.pipe("bucket/some.csv", b"a,b\n1,2\n3,4\n")
        yield "s3://bucket"
    server.stop()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("word", ["all.npy", "shards/part-*.npy", "shards/"])
def test_objects_and_shards_in_natural_order(bucket, word):
    assert evaluate("mse", pred=f"{bucket}/{word}", target=ROWS).value == 0


def test_columns(bucket):
    assert evaluate("mse", pred=f"{bucket}/some.csv:a", target=f"{bucket}/some.csv:b").value == 1


def test_what_is_not_there(bucket):
    for word, message in [
        ("none.npy", "there is no such file"),
        ("none-*.npy", "no file matches"),
        ("shards", f"it is a folder\nhint: {bucket}/shards/ is all the files in it"),
    ]:
        with pytest.raises(FileError) as error:
            evaluate("mse", pred=f"{bucket}/{word}", target=ROWS)
        assert message in str(error.value)
