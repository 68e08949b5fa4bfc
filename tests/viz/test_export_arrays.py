"""Archives of a figure's own arrays, and windows that say where in a text they lie."""

import io

import numpy as np

from viz.anatomy import Row, score_strips
from viz.attention import attention_heatmap
from viz.export import figure_npz, matrix_csv, matrix_npz
from viz.theme import LIGHT

WEIGHTS = np.array([[0.25, 0.75], [1, 0]], dtype=np.float32)


def opened(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return dict(archive)


def test_an_archive_of_a_figure_holds_the_numbers_of_its_traces() -> None:
    fig = attention_heatmap(WEIGHTS, ["a", "b"], ["c", "d"], theme=LIGHT, scale="sqrt", values=False)
    held = opened(figure_npz(fig))
    np.testing.assert_array_equal(held["0_customdata"], WEIGHTS)
    np.testing.assert_allclose(held["0_z"], np.sqrt(WEIGHTS))
    assert held["names"].tolist() == ["heatmap"]


def test_an_archive_of_a_figure_names_its_traces() -> None:
    fig = score_strips([Row("query q", np.ones(3))], np.ones(3), theme=LIGHT)
    held = opened(figure_npz(fig))
    assert held["names"].tolist() == ["query q", "sum so far"]
    np.testing.assert_array_equal(held["1_y"], [1, 2, 3])


def test_a_window_says_where_it_lies() -> None:
    held = opened(matrix_npz(WEIGHTS, ["a", "b"], ["c", "d"], first_query=7, first_key=30))
    assert (int(held["first_query"]), int(held["first_key"])) == (7, 30)
    lines = matrix_csv(WEIGHTS, ["a", "b"], ["c", "d"], first_query=7, first_key=30).splitlines()
    assert lines == ["query_index,query,30:c,31:d", "7,a,0.25,0.75", "8,b,1.0,0.0"]


def test_a_blank_cell_is_an_empty_field() -> None:
    weights = np.array([[0.5, np.nan]], dtype=np.float32)
    assert matrix_csv(weights, ["a"], ["b", "c"]).splitlines()[1] == "0,a,0.5,"
