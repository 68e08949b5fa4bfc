"""The notebook: committed clean, and every cell of it runs from its own folder."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import plotly.graph_objects as go
import pytest
import torch

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "quickstart.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]


def test_the_notebook_is_committed_without_outputs() -> None:
    code = [cell for cell in CELLS if cell["cell_type"] == "code"]
    assert len(code) > 5
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """All variables after the cells ran in order, and the figure of each cell that ends in one."""
    names: dict[str, object] = {"__name__": "__main__"}
    figures: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(NOTEBOOK.parent)
        patch.setattr(sys, "path", list(sys.path))
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("notebook")))
        for number, cell in enumerate(CODE):
            exec(compile(cell, f"quickstart.ipynb, code cell {number}", "exec"), names)
            if cell.splitlines()[-1] == "fig":
                figures.append(names["fig"])
    return names | {"figures": figures}


def test_the_notebook_translates_the_story(ran: dict[str, object]) -> None:
    assert ran["translation"] == "I love machine learning"


def test_its_figures_show_what_they_say(ran: dict[str, object]) -> None:
    figures = ran["figures"]
    assert isinstance(figures, list)
    chart, heatmap, by_word, lines, strips, difference = figures
    assert all(isinstance(figure, go.Figure) for figure in figures)
    assert sum(chart.data[0].x) == pytest.approx(1, abs=1e-5)
    assert torch.equal(torch.tensor(heatmap.data[0].z), ran["weights"])
    assert by_word.data[0].customdata.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert {trace.name for trace in lines.data} == {"head 0", "head 1", "head 5"}
    assert strips.data[-1].y[-1] == pytest.approx(ran["found"].dot, abs=1e-4)  # type: ignore[attr-defined]
    assert difference.data[0].z.min() < 0 < difference.data[0].z.max()


def test_a_cut_edge_has_no_weight_and_its_row_still_sums_to_one(ran: dict[str, object]) -> None:
    before, after, query, key = (ran[name] for name in ("weights", "cut_weights", "query", "key"))
    assert isinstance(before, torch.Tensor)
    assert isinstance(after, torch.Tensor)
    assert isinstance(query, int)
    assert before[query, key] == before.max()
    assert after[query, key] == 0
    assert after[query].sum() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(after[:query], before[:query], atol=1e-5)


def test_the_head_it_names_is_needed_most(ran: dict[str, object]) -> None:
    lost = ran["lost"]
    assert isinstance(lost, dict)
    assert len(lost) == 24
    assert lost[ran["needed"]] == max(lost.values()) > 0


def test_the_saved_trace_is_the_trace(ran: dict[str, object]) -> None:
    again, trace = ran["again"], ran["trace"]
    for stack in ("encoder", "decoder"):
        assert torch.equal(again.stream(stack), trace.stream(stack))  # type: ignore[attr-defined]
        assert again.tokens(stack) == trace.tokens(stack)  # type: ignore[attr-defined]
