import base64
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Sent = dict[str, str] | list[object]


@pytest.fixture
def array() -> Callable[[Sent], NDArray[np.generic]]:
    """Reads an array out of `fig.to_dict()` as the browser does: base64 with a dtype and a shape, or a plain list."""

    def read(sent: Sent) -> NDArray[np.generic]:
        if isinstance(sent, list):
            return np.array(sent)
        flat = np.frombuffer(base64.b64decode(sent["bdata"]), dtype=sent["dtype"])
        return flat.reshape([int(size) for size in sent["shape"].split(",")]) if "shape" in sent else flat

    return read


@pytest.fixture
def weights() -> NDArray[np.float32]:
    """A causal softmax (query, key) over six keys: exact zeros after the query, small and large weights before it."""
    query, key = np.mgrid[0:6, 0:6]
    scores = np.where(key <= query, 5 * np.sin(1.3 * query * key + 0.7 * key), -np.inf)
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def pieces() -> list[str]:
    """Repeated tokens, markup, and one that is long."""
    return ["the", "<b>cat</b>", "the", "&amp;", "the", "internationalization"]
