"""The curve in a card, and the section about heads."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

import model
from analysis.head_scores import OF_PART
from training.head_report.describe import without_section
from training.head_report.report import head_section, measure, named, strongest, write_heads
from training.trainer.curve import curve_svg, nice_ticks, read_curve, thinned


def logged(run: Path, entries: list[dict[str, float]]) -> Path:
    (run / "curve.jsonl").write_text("\n".join(json.dumps(entry) for entry in entries) + "\n", encoding="utf-8")
    return run


def test_a_step_logged_again_after_a_stop_counts_once(tmp_path: Path) -> None:
    run = logged(tmp_path, [{"step": 25, "loss": 5.0}, {"step": 50, "loss": 4.0}, {"step": 50, "loss": 3.0}])
    assert read_curve(run).trained == ((25, 5.0), (50, 3.0))


def test_the_picture_has_a_line_for_either_loss(tmp_path: Path) -> None:
    steps = [{"step": 25.0 * i, "loss": 5.0 / i} for i in range(1, 200)]
    run = logged(tmp_path, [*steps, {"step": 1_000, "valid": 3.0}, {"step": 4_975, "valid": 2.0}])
    picture = ElementTree.fromstring(curve_svg(run))
    lines = [e.get("points", "") for e in picture.iter() if e.tag.endswith("polyline")]
    assert len(lines) == 2
    first, last = (tuple(map(float, p.split(","))) for p in (lines[1].split()[0], lines[1].split()[-1]))
    assert first[0] < last[0]
    assert first[1] < last[1]  # a lower loss lies further down


def test_a_run_without_losses_has_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no loss yet"):
        curve_svg(logged(tmp_path, [{"step": 1, "valid": 2.0}]))


def test_points_are_thinned_to_means_of_neighbours() -> None:
    assert thinned([(0, 1.0), (10, 3.0), (20, 5.0), (30, 7.0)], most=2) == [(5.0, 2.0), (25.0, 6.0)]


def test_ticks_are_round_and_inside() -> None:
    assert nice_ticks(1.93, 6.2, 5) == [2, 3, 4, 5, 6]
    assert nice_ticks(0, 4_975, 6) == [0, 1_000, 2_000, 3_000, 4_000]


def test_heads_are_named_from_a_mark_on_highest_first() -> None:
    table = [[0.1, 0.95, None], [0.41, 0.39, 0.5]]
    assert strongest(table) == [(0.95, 0, 1), (0.5, 1, 2), (0.41, 1, 0)]
    assert named(table) == "0.1 (0.95), 1.2 (0.50), 1.0 (0.41)"
    assert named([[0.1, 0.2]]) == "none; the highest is 0.1 (0.20)"
    assert named([[None]]) == "not defined here"


def test_the_heads_of_a_model_are_measured_over_texts(tmp_path: Path) -> None:
    lm = model.load("transformer-fr-en", device="cpu")
    texts = ["Je t'aime.", "Il est tard."]
    traces = [list(lm.decode(text))[-1].trace for text in texts]
    scores = measure(lm, traces)
    assert set(scores) == {"encoder", "decoder", "cross"}
    shape = {(len(table), len(table[0])) for tables in scores.values() for table in tables.values()}
    assert shape == {(3, 8)}
    q = traces[0].attention("encoder", 1, "self").weights(2).numpy()
    r = traces[1].attention("encoder", 1, "self").weights(2).numpy()
    diagonals = [q.diagonal(-1), r.diagonal(-1)]
    expected = sum(d.sum() for d in diagonals) / sum(len(d) for d in diagonals)
    assert scores["encoder"]["previous"][1][2] == pytest.approx(expected, abs=6e-4)
    write_heads(scores, "two sentences", tmp_path)
    assert json.loads((tmp_path / "heads.json").read_text())["scores"] == scores
    assert "| cross-attention | alignment |" in head_section(scores, "two sentences")


def test_a_section_measured_anew_takes_the_place_of_the_old_one() -> None:
    card = "# a model\n\n## Licence\n\nFree.\n"
    section = head_section({"encoder": {name: [[0.5]] for name in OF_PART["self"]}}, "two sentences")
    assert without_section(card) == card
    assert without_section(card + "\n" + section) == card
