"""Lines between tokens: which links are drawn, and that one head more makes none of them fainter."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from viz.lines import HEADS, STEPS, edges_to_mass, lines_figure
from viz.theme import DARK, LIGHT, Theme

ROOT = Path(__file__).resolve().parents[2]


def patterns(*shape: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(5).exponential(size=shape) ** 2
    return (drawn / drawn.sum(axis=-1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("mass", [0.05, 0.5, 0.7, 1.0])
def test_the_fewest_links_that_carry_the_mass_are_drawn(mass: float) -> None:
    weights = patterns(3, 6, 9)
    edges = edges_to_mass(weights, mass)
    for row, kept in zip(weights.reshape(-1, 9), edges.reshape(-1, 9), strict=True):
        carried = row[kept].sum()
        assert carried >= mass * row.sum() - 2e-6
        assert carried - row[kept].min() < mass * row.sum()
        assert kept.sum() == 9 or row[kept].min() >= row[~kept].max()


def test_the_mass_is_of_what_a_row_has() -> None:
    weights = np.array([[0.3, 0.1, 0.0]], dtype=np.float32)
    assert edges_to_mass(weights, 0.7).tolist() == [[True, False, False]]
    assert edges_to_mass(weights, 0.8).tolist() == [[True, True, False]]
    assert not edges_to_mass(np.zeros((2, 3), dtype=np.float32), 1).any()


@pytest.mark.parametrize("mass", [0, 1.1, -1])
def test_a_mass_that_is_no_share_is_refused(mass: float) -> None:
    with pytest.raises(ValueError, match="mass"):
        edges_to_mass(patterns(2, 2), mass)


def drawn(fig) -> dict[tuple[str, float], int]:
    """How many lines each head has, by how strong they are."""
    return {(trace.name, trace.opacity): int(np.isnan(trace.x).sum()) for trace in fig.data}


def test_a_line_for_each_link_and_none_fades_as_heads_are_added() -> None:
    weights = patterns(3, 5, 5)
    labels = list("abcde")
    one = drawn(lines_figure(weights, labels, labels, theme=LIGHT, heads=[1]))
    all_heads = drawn(lines_figure(weights, labels, labels, theme=LIGHT))
    assert sum(all_heads.values()) == edges_to_mass(weights, 0.7).sum()
    assert {key: count for key, count in all_heads.items() if key[0] == "head 1"} == one


def test_a_line_runs_from_its_query_to_its_key_and_is_as_strong_as_its_weight() -> None:
    weights = np.zeros((1, 3, 4), dtype=np.float32)
    weights[0, 2, 3] = 0.9
    (line,) = lines_figure(weights, list("abc"), list("wxyz"), theme=LIGHT).data
    assert (line.x[0], line.y[0]) == (0, 2)
    assert (line.x[-2], line.y[-2]) == (1, 3)
    assert line.opacity == pytest.approx(0.25 + 0.7 * (7.5 / STEPS))


def test_tokens_are_text_and_not_markup() -> None:
    fig = lines_figure(patterns(1, 1, 1), ["<b>x</b>"], ["&"], theme=LIGHT)
    assert [note.text for note in fig.layout.annotations][2:] == ["&lt;b&gt;x&lt;/b&gt;", "&amp;"]


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        lines_figure(patterns(1, 2, 2), ["a"], ["b", "c"], theme=LIGHT)


def test_lines_of_several_heads_between_the_same_tokens_lie_apart_and_a_lone_one_where_it_belongs() -> None:
    weights = np.zeros((3, 2, 3), dtype=np.float32)
    weights[:, 0, 1] = 1  # all three heads link the same tokens
    weights[1, 1, 2] = 1  # one head alone
    for_all = lines_figure(weights, list("ab"), list("xyz"), theme=LIGHT).data
    starts = [float(line.y[0]) for line in for_all]
    assert starts == sorted(set(starts))
    assert np.mean(starts) == pytest.approx(0, abs=1e-6)
    alone = [float(y) for y in for_all[1].y if not np.isnan(y)][-1]
    assert alone == 2
    one = lines_figure(weights, list("ab"), list("xyz"), theme=LIGHT, heads=[0]).data
    assert float(one[0].y[0]) == 0


def test_many_heads_do_not_leave_the_row_of_their_token() -> None:
    weights = np.zeros((12, 1, 1), dtype=np.float32)
    weights[:] = 1
    starts = [float(line.y[0]) for line in lines_figure(weights, ["a"], ["b"], theme=LIGHT).data]
    assert max(starts) - min(starts) < 1
    assert len(set(starts)) == 12


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_head_has_the_colour_it_has_in_the_browser_whichever_others_are_drawn(theme: Theme) -> None:
    script = (ROOT / "ui/components/attention_lines/attention_lines.js").read_text("utf-8")
    block = script.split(f"{theme.name}: [")[1].split("]")[0]
    assert re.findall(r"#\w{6}", block) == list(HEADS[theme.name])
    weights = np.ones((15, 1, 1), dtype=np.float32)
    drawn = lines_figure(weights, ["a"], ["b"], theme=theme, heads=[3, 13]).data
    assert [line.line.color for line in drawn] == [HEADS[theme.name][3], HEADS[theme.name][1]]
    assert [line.line.dash for line in drawn] == ["solid", "6px,4px"]
