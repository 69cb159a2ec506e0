"""Names that every doctest may use."""

import pytest


@pytest.fixture(autouse=True)
def _names(doctest_namespace: dict[str, object]) -> None:
    import numpy as np
    import torch

    doctest_namespace.update(np=np, torch=torch)
