"""The bars of parameters: every part with its count and its share."""

import pytest

from viz.frame import summary
from viz.parameters import many, parameter_bars
from viz.theme import LIGHT


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1 thousand"),
        (7_078_912, "7.08 million"),
        (124_439_808, "124 million"),
        (999_900_000, "1,000 million"),
        (8_030_261_248, "8.03 billion"),
    ],
)
def test_a_count_is_written_in_three_digits(count: int, text: str) -> None:
    assert many(count) == text


def test_each_part_has_its_count_and_its_share() -> None:
    bars = parameter_bars([("Embedding", 3000), ("Attention", 1000)], theme=LIGHT).to_dict()
    assert list(bars["data"][0]["text"]) == ["3 thousand · 75.0%", "1 thousand · 25.0%"]
    assert list(bars["layout"]["yaxis"]["ticktext"]) == ["Embedding", "Attention"]


def test_the_description_lists_every_part() -> None:
    said = summary(parameter_bars([("Embedding", 3), ("Norms", 1)], theme=LIGHT))
    assert said == "4 parameters: Embedding 75.0%, Norms 25.0%."


def test_a_model_without_parameters_is_refused() -> None:
    with pytest.raises(ValueError, match="without parameters"):
        parameter_bars([("Embedding", 0)], theme=LIGHT)
