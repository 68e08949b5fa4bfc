"""Opening folders and hub ids is for whoever runs Regard to allow; unasked it is allowed at home alone."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.model.small_checkpoint import small_checkpoint
from tests.pages.driving import fine
from tests.pages.driving import opened as page
from ui.models import permission
from ui.models.permission import decide, is_loopback, name_in
from ui.runs import runner

LOCAL = {"Host": "127.0.0.1:8501"}


@pytest.mark.parametrize("served_on", ["127.0.0.1", "localhost", "::1", "[::1]", "127.9.9.9"])
@pytest.mark.parametrize("asked_from", [None, "127.0.0.1", "::1"])
def test_at_home_it_is_allowed(served_on: str, asked_from: str | None) -> None:
    assert decide("", served_on, asked_from, LOCAL)


@pytest.mark.parametrize(
    ("served_on", "asked_from", "headers"),
    [
        ("0.0.0.0", None, LOCAL),
        ("", None, LOCAL),
        ("192.168.1.5", None, LOCAL),
        ("regard.example.org", None, LOCAL),
        ("127.0.0.1", "10.0.0.7", LOCAL),
        ("127.0.0.1", None, {"Host": "regard.example.org"}),
        ("127.0.0.1", None, LOCAL | {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", None, LOCAL | {"Forwarded": "for=10.0.0.7"}),
        ("127.0.0.1", None, {"Host": "127.0.0.1.example.org:8501"}),
        ("127.0.0.1", None, {"Host": "localhost.example.org"}),
    ],
)
def test_where_others_can_reach_it_it_is_forbidden(
    served_on: str, asked_from: str | None, headers: dict[str, str]
) -> None:
    assert not decide("", served_on, asked_from, headers)


def test_the_switch_outweighs_the_rest_and_an_odd_word_forbids() -> None:
    for word in ("yes", " ON ", "1", "True"):
        assert decide(word, "0.0.0.0", "10.0.0.7", {"Host": "regard.example.org"})
    for word in ("no", "off", "0", "false", "nope", "perhaps"):
        assert not decide(word, "127.0.0.1", None, LOCAL)


def test_hosts_are_read_without_their_port() -> None:
    assert [name_in(host) for host in ("a:1", "[::1]:8501", "localhost", "127.0.0.1:80")] == [
        "a",
        "[::1]",
        "localhost",
        "127.0.0.1",
    ]
    assert is_loopback("[::1]")
    assert not is_loopback("")


@pytest.mark.parametrize("word", ["no", "yes"])
def test_the_page_follows_the_switch(word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(permission.SWITCH, word)
    folder = str(small_checkpoint(tmp_path))
    app: AppTest = page("models", models="open")
    fields = {box.key for box in app.text_input}
    said = "\n".join(str(part.value) for part in [*app.info, *app.caption])
    assert ("open_where_folder" in fields) == (word == "yes")
    assert permission.SWITCH in said
    assert ("switched off here" in said) == (word == "no")
    app.session_state["open_next"] = folder  # whatever reaches the session, nothing is opened that is not allowed
    fine(app.run())
    assert runner.model_pool().opened == ((folder,) if word == "yes" else ())
    runner.model_pool.clear()
    runner.store.clear()


def test_where_it_is_forbidden_only_what_ships_is_listed_and_nothing_can_be_unloaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(permission.SWITCH, "no")
    app = page("models", models="open")
    assert set(app.dataframe[0].value["From"]) == {"shipped"}
    assert not [button for button in app.button if str(button.key).startswith("unload")]
    app.session_state["open_next"] = app.dataframe[0].value["Name"][0]
    assert not fine(app.run()).error
