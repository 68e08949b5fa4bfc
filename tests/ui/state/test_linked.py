"""A linked value comes from the session, else from the address, else it is the default; and the address can follow it."""

import pytest
from streamlit.testing.v1 import AppTest


def page_of_a_value() -> None:
    import streamlit as st

    from ui.state.linked import Linked

    shade = Linked("shade", (), lambda text: tuple(text.split("+")), "+".join, "shade_held")
    if "next" in st.session_state:
        shade.set(st.session_state["next"])
    st.text(shade.get())
    shade.link(shade.get())


def page_of_an_owned_value() -> None:
    import streamlit as st

    from ui.state.linked import Linked, Owned

    marks = Owned(Linked("marks", 0, int, str))
    if "next" in st.session_state:
        marks.set(st.session_state["text"], st.session_state["next"])
    st.text(marks.get(st.session_state["text"]))
    marks.link(marks.get(st.session_state["text"]))


def page_of_a_number() -> None:
    import streamlit as st

    from ui.state.linked import keep_within, linked_number

    st.text(keep_within(linked_number("turn"), st.session_state["size"]))


def test_a_value_is_the_default_where_neither_the_session_nor_the_address_holds_one() -> None:
    app = AppTest.from_function(page_of_a_value).run()
    assert app.text[0].value == "()"
    assert "shade" not in app.query_params


def test_a_value_comes_from_the_address_the_first_time() -> None:
    app = AppTest.from_function(page_of_a_value)
    app.query_params["shade"] = "dark+red"
    assert app.run().text[0].value == "('dark', 'red')"
    app.query_params["shade"] = "light"
    assert app.run().text[0].value == "('dark', 'red')"
    assert app.session_state["shade_held"] == ("dark", "red")


def test_the_session_goes_before_the_address() -> None:
    app = AppTest.from_function(page_of_a_value)
    app.query_params["shade"], app.session_state["shade_held"] = "dark", ("light",)
    assert app.run().text[0].value == "('light',)"


def test_the_address_follows_a_new_value_and_leaves_the_default_out() -> None:
    app = AppTest.from_function(page_of_a_value)
    app.session_state["next"] = ("blue", "grey")
    assert app.run().query_params["shade"] in ("blue+grey", ["blue+grey"])
    app.session_state["next"] = ()
    assert "shade" not in app.run().query_params


def test_an_owned_value_holds_for_its_owner_alone() -> None:
    app = AppTest.from_function(page_of_an_owned_value)
    app.query_params["marks"], app.session_state["text"] = "3", "one"
    assert app.run().text[0].value == "3"
    app.session_state["text"] = "another"
    assert app.run().text[0].value == "0"
    assert "marks" not in app.query_params
    app.session_state["text"] = "one"
    assert app.run().text[0].value == "3"


def test_an_owned_value_gives_way_to_that_of_another_owner() -> None:
    app = AppTest.from_function(page_of_an_owned_value)
    app.session_state["text"], app.session_state["next"] = "one", 5
    app.run()
    assert app.session_state["marks"] == ("one", 5)
    app.session_state["text"], app.session_state["next"] = "another", 7
    app.run()
    del app.session_state["next"]
    app.session_state["text"] = "one"
    assert app.run().text[0].value == "0"


@pytest.mark.parametrize(
    ("address", "turn", "linked"), [("", 0, ""), ("2", 2, "2"), ("9", 3, "3"), ("x", 0, ""), ("-1", 0, "")]
)
def test_a_linked_number_is_brought_into_range_and_the_address_with_it(address: str, turn: int, linked: str) -> None:
    app = AppTest.from_function(page_of_a_number)
    app.session_state["size"] = 4
    if address:
        app.query_params["turn"] = address
    app.run()
    assert app.text[0].value == str(turn) == str(app.session_state["turn"])
    held = app.query_params.get("turn", "")
    assert (held if isinstance(held, str) else "".join(held)) == linked
