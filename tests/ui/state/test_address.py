"""What an address may hold, and what is made of an address that holds something else."""

import pytest
from streamlit.testing.v1 import AppTest

from ui.state.choices import MOST_CHOICES, read_choices, write_choices


@pytest.mark.parametrize(
    "choices", [(), ((0, 0),), ((2, 345), (5, 17)), tuple((i, 7 * i) for i in range(MOST_CHOICES))]
)
def test_choices_come_back_from_an_address_as_they_were(choices: tuple[tuple[int, int], ...]) -> None:
    assert read_choices(write_choices(choices)) == choices


def test_choices_stand_in_the_order_in_which_they_are_written() -> None:
    assert read_choices("5:17,2:345") == ((2, 345), (5, 17))


def test_one_step_has_one_choice() -> None:
    assert read_choices("2:345,2:17") == ((2, 17),)


@pytest.mark.parametrize(
    "text",
    ["", ",", ":", "2", "2:", ":3", "-1:3", "2:-3", "a:b", "2:3:4", "1.5:3", "2;3", "<script>", "None", "²:³", "2: 3"],
)
def test_what_is_no_choice_is_left_out(text: str) -> None:
    assert read_choices(text) == ()
    assert read_choices(f"1:9,{text}") == ((1, 9),)


@pytest.mark.parametrize("text", ["9" * 5000 + ":1", "1:" + "9" * 5000])
def test_a_number_too_long_to_be_one_is_left_out(text: str) -> None:
    assert read_choices(f"1:9,{text}") == ((1, 9),)


def test_an_address_holds_a_bounded_number_of_choices() -> None:
    assert len(read_choices(",".join(f"{i}:1" for i in range(1000)))) == MOST_CHOICES


def small_page() -> None:
    import streamlit as st

    from ui.state import address as state_address
    from ui.state import choices as state_choices

    st.text(state_address.settle("layer", 3))
    st.text(state_address.keep_among("view", ("heatmap", "lines"), "heatmap"))
    st.text(state_choices.chosen())


@pytest.mark.parametrize(
    ("address", "layer"), [("1", 1), ("2", 2), ("3", 2), ("-1", 0), ("x", 0), ("", 0), ("9" * 5000, 0), ("١", 1)]
)
def test_a_number_from_an_address_is_brought_into_range(address: str, layer: int) -> None:
    app = AppTest.from_function(small_page)
    app.query_params["layer"] = address
    app.run()
    assert not app.exception
    assert app.text[0].value == str(layer)


@pytest.mark.parametrize(("held", "layer"), [(0, 0), (7, 2), (-4, 0), ("1", 0), (None, 0)])
def test_a_number_from_the_session_is_brought_into_range(held: object, layer: int) -> None:
    app = AppTest.from_function(small_page)
    app.session_state["layer"] = held
    app.run()
    assert not app.exception
    assert app.text[0].value == str(layer)
    assert app.session_state["layer"] == layer


@pytest.mark.parametrize(("address", "view"), [("lines", "lines"), ("heatmap", "heatmap"), ("pie", "heatmap")])
def test_a_choice_from_an_address_is_one_of_those_offered(address: str, view: str) -> None:
    app = AppTest.from_function(small_page)
    app.query_params["view"] = address
    assert app.run().text[1].value == view


def test_what_the_session_holds_goes_before_the_address() -> None:
    app = AppTest.from_function(small_page)
    app.query_params["layer"], app.query_params["view"] = "1", "lines"
    app.session_state["layer"], app.session_state["view"] = 2, "heatmap"
    app.run()
    assert [text.value for text in app.text[:2]] == ["2", "heatmap"]


def test_choices_from_an_address_reach_the_session() -> None:
    app = AppTest.from_function(small_page)
    app.query_params["choices"] = "1:5,nonsense"
    assert app.run().text[2].value == "((1, 5),)"
