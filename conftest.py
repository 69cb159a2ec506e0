"""Names that every doctest may use, and the answer to Ctrl-C, whoever started the tests."""

import signal

import pytest

# What runs in the background of a shell ignores it, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _names(doctest_namespace: dict[str, object]) -> None:
    import numpy as np
    import torch

    doctest_namespace.update(np=np, torch=torch)
