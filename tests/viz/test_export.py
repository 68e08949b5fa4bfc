import csv
import io

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.attention import attention_heatmap
from viz.export import figure_html, matrix_csv, matrix_npz, modebar, table_csv
from viz.theme import LIGHT, TEXT_FONT, TOKEN_FONT

HOSTILE = ["the", 'say "hi", now', "the", "=1+1", "line\nbreak", "</script><script>alert(1)</script>"]


def test_csv_gives_every_number_and_every_token_back(weights: NDArray[np.float32]) -> None:
    header, *rows = csv.reader(io.StringIO(matrix_csv(weights, HOSTILE, HOSTILE), newline=""))
    assert header[:3] == ["query_index", "query", "0:the"]
    assert [name.split(":", 1)[1] for name in header[2:]] == HOSTILE
    assert [row[:2] for row in rows] == [[str(index), token] for index, token in enumerate(HOSTILE)]
    back = np.array([[float(value) for value in row[2:]] for row in rows])
    np.testing.assert_array_equal(back, weights.astype(np.float64))


def test_a_table_keeps_numbers_exact_and_refuses_uneven_columns() -> None:
    text = table_csv({"token": ["a,b", "=c"], "probability": [0.1 + 0.2, 1e-300], "rank": [1, 2]})
    assert list(csv.reader(io.StringIO(text))) == [
        ["token", "probability", "rank"],
        ["a,b", "0.30000000000000004", "1"],
        ["=c", "1e-300", "2"],
    ]
    with pytest.raises(ValueError, match="token 1, rank 2"):
        table_csv({"token": ["a"], "rank": [1, 2]})


def test_an_archive_gives_the_arrays_back_without_pickle(weights: NDArray[np.float32]) -> None:
    with np.load(io.BytesIO(matrix_npz(weights, HOSTILE, HOSTILE)), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["weights"], weights)
        assert archive["weights"].dtype == np.float32
        assert archive["queries"].tolist() == HOSTILE


def test_a_saved_page_needs_no_network_and_runs_no_token(weights: NDArray[np.float32]) -> None:
    labels = HOSTILE[::-1]  # the script is the first query, which has the largest weight and so is in the summary
    page = figure_html(attention_heatmap(weights, labels, labels, theme=LIGHT), "Head <5>")
    assert len(page) > 1_000_000  # plotly.js is inside
    assert "<script src=" not in page
    assert "cdn.plot.ly" not in page.split("Plotly.newPlot")[-1]
    assert "<script>alert(1)" not in page
    assert "<title>Head &lt;5&gt;</title>" in page


def test_pictures_are_named_and_fit_for_print() -> None:
    png, svg = modebar("layer-2-head-5"), modebar("layer-2-head-5", "svg")
    assert png["toImageButtonOptions"] == {"format": "png", "filename": "layer-2-head-5", "scale": 3}
    assert svg["toImageButtonOptions"] == {"format": "svg", "filename": "layer-2-head-5", "scale": 1}
    assert png["displaylogo"] is False


def test_font_names_are_valid_css_without_quotes() -> None:
    names = [name.strip() for fonts in (TEXT_FONT, TOKEN_FONT) for name in fonts.split(",")]
    assert all(part.replace("-", "").isalpha() for name in names for part in name.split())
