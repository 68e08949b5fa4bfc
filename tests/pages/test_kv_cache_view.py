"""The KV cache on the decoding page: its real bytes, its counted work, and times only when asked for."""

import numpy as np
import pytest

from analysis.kv_cache import growth
from tests.pages.driving import CAT, chart, numbers, opened, picked, pressed, shown


def test_bytes_and_operations_are_those_of_the_run() -> None:
    app = picked(opened("decoding", CAT, step="2"), "beside", "cache")
    run = shown(app)
    found = growth(run.lm, run.steps)
    held = chart(app, "held")["data"]
    np.testing.assert_array_equal(sum(numbers(trace["y"]) for trace in held), found.held)
    work = chart(app, "work")["data"]
    np.testing.assert_array_equal(numbers(work[0]["y"]), found.cached)
    np.testing.assert_array_equal(numbers(work[1]["y"]), found.again)


def test_nothing_is_timed_before_someone_asks() -> None:
    app = picked(opened("decoding", CAT), "beside", "cache")
    with pytest.raises(AssertionError, match="0 charts"):
        chart(app, "timed")
    app = pressed(app, "measure_cache")
    assert len(numbers(chart(app, "timed")["data"][0]["y"])) == len(shown(app).steps)
