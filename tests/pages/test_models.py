"""The Models page: what it says of the current model, and how others are opened, refused and unloaded."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import model
from model.families import FAMILIES
from model.loading import hub
from tests.model.small_checkpoint import small_checkpoint
from tests.pages.driving import CAT, chart, chips, fine, link, opened, picked, pressed, said, shown
from ui.models import open, permission
from ui.runs import runner
from ui.runs.examples import DEFAULT_MODEL


@pytest.fixture(autouse=True)
def _a_shelf_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(permission.SWITCH, "yes")  # AppTest knows no address a request comes from
    yield
    runner.model_pool.clear()
    runner.store.clear()


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A tiny PaLM without a tokenizer, whose config names two prefixes and a key that nothing reads."""
    found = small_checkpoint(tmp_path)
    config = json.loads((found / "config.json").read_text())
    tasks = {"sum": {"prefix": "summarize: "}, "de": {"prefix": "translate English to German: "}}
    (found / "config.json").write_text(json.dumps(config | {"task_specific_params": tasks, "a_key<b>": "<i>x</i>"}))
    (found / "README.md").write_text("---\nlicense: mit\n---\n# A tiny PaLM\n<script>x</script>")
    return str(found)


def page(part: str = "model", **address: str) -> AppTest:
    return opened("models", models=part, **address)


def open_folder(app: AppTest, path: str, dtype: str = "auto") -> AppTest:
    """Types a path and presses Open."""
    app.text_input(key="open_where_folder").set_value(path)
    app.selectbox(key="open_dtype").set_value(dtype)
    return pressed(app, "open")


def markup(app: AppTest) -> str:
    return "\n".join(element.value for element in app.get("html"))


def errors(app: AppTest) -> str:
    return "\n".join(error.value for error in app.error)


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_the_current_model_is_drawn_counted_and_listed() -> None:
    app = page()
    lm = shown(app).lm
    assert app.title[0].value == "Which model, and how is it built?"
    assert "cross-attention" in json.dumps(chart(app, "block_decoder"))
    assert "cross-attention" not in json.dumps(chart(app, "block_encoder")["layout"]["meta"])
    assert "million parameters" in captions(app)
    assert f"{lm.config.vocab_size:,} pieces" in markup(app)
    roles = {lm.token(i).label for i in (lm.special.start, *lm.special.end, lm.special.pad) if i is not None}
    assert roles <= set(chips(app, "special_tokens"))


def test_keys_of_the_config_that_had_no_use_are_listed() -> None:
    app = page()
    unused = shown(app).lm.source.unused_keys
    assert any(f"{len(unused)} keys" in expander.label for expander in app.expander)
    assert all(key in markup(app) for key in unused)


def test_what_changes_the_text_and_is_not_done_here_is_named(folder: str) -> None:
    (Path(folder) / "generation_config.json").write_text(json.dumps({"guidance_scale": 1.5}))
    (Path(folder) / "tokenizer.json").write_text("{}")
    open_folder(page("open"), folder)
    app = page("model", model=folder)
    said = "\n".join(warning.value for warning in app.warning)
    assert "Rules of generation_config.json that are not applied here" in said
    assert "guidance_scale" in markup(app)
    assert "Its tokenizer cannot be read" in said


def test_it_says_that_nothing_is_added_to_the_text_unseen() -> None:
    assert "No chat template is applied" in captions(page())


def test_a_folder_is_opened_and_becomes_the_model_of_every_page(folder: str) -> None:
    app = open_folder(page("open"), folder)
    assert not app.error
    picker = app.selectbox(key="model")
    assert picker.value == folder
    assert any(Path(folder).name in option for option in picker.options)
    picked(app, "models", "model")
    assert app.subheader[0].value == Path(folder).name
    assert "PaLM" in captions(app)
    assert chart(app, "block_decoder")
    assert runner.model_pool().opened == (folder,)


def test_an_opened_model_s_files_cannot_write_markup(folder: str) -> None:
    app = open_folder(page("open"), folder)
    picked(app, "models", "model")
    assert "a_key&lt;b&gt;" in markup(app)
    assert "<i>x" not in markup(app)
    card = [part.value for part in app.markdown if "A tiny PaLM" in part.value]
    assert card
    assert "script" not in card[0]


def test_a_prefix_is_offered_and_lands_in_the_text_where_it_can_be_seen(folder: str) -> None:
    app = open_folder(page("open"), folder)
    picked(app, "models", "model")
    before = app.text_area(key="text").value
    pressed(app, "prefix_0")
    assert app.text_area(key="text").value == f"summarize: {before}"
    pressed(app, "prefix_1")
    assert app.text_area(key="text").value == f"translate English to German: {before}"


def test_a_model_is_opened_at_the_precision_chosen(folder: str) -> None:
    app = open_folder(page("open"), folder, "bfloat16")
    assert app.selectbox(key="model").value == f"{folder}@bfloat16"
    picked(app, "models", "model")
    assert "bfloat16 on CPU" in captions(app)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (None, "no folder"),
        ("", "no config.json"),
        ("{", "cannot be read"),
        ('{"model_type": "unheard-of"}', "unheard-of"),
        ('{"model_type": "palm"}', "holds no weights"),
    ],
)
def test_what_cannot_be_opened_gets_one_sentence_and_the_model_stays(
    tmp_path: Path, damage: str | None, words: str
) -> None:
    bad = tmp_path / "bad"
    if damage is not None:
        bad.mkdir()
    if damage:
        (bad / "config.json").write_text(damage)
    app = open_folder(page("open", text=CAT), str(bad))
    assert words in errors(app)
    assert len(app.error) == 1
    assert app.selectbox(key="model").value == DEFAULT_MODEL
    assert shown(app).spec.text == CAT
    assert runner.model_pool().opened == ()


def test_a_hub_id_that_is_not_in_the_cache_is_refused_in_words_without_a_network() -> None:
    app = picked(page("open"), "open_place", "hub")
    app.text_input(key="open_where_hub").set_value("someone/elsewhere")
    pressed(app, "open")
    assert "someone/elsewhere" in errors(app)
    assert "The model you had stays." in errors(app)


def test_a_model_of_the_hub_s_cache_is_listed_and_opened_by_its_id(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "hub" / "models--someone--tiny"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("abc")
    (cache / "snapshots").mkdir()
    Path(folder).rename(cache / "snapshots" / "abc")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert list(hub.in_cache()) == ["someone/tiny"]
    app = page("open")
    listed = app.dataframe[0].value
    assert set(listed["Name"]) == {*model.shipped(), "someone/tiny"}
    app.session_state["open_next"] = "someone/tiny"
    fine(app.run())
    assert app.selectbox(key="model").value == "someone/tiny"


def test_a_line_of_the_list_asks_for_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {}
    monkeypatch.setattr(open.st, "session_state", state)
    listed = [open.Listed(name, "shipped", "", "", 0) for name in "ab"]
    for nothing in (
        None,
        {},
        {"selection": {"rows": []}},
        {"selection": {"rows": [2]}},
        {"selection": {"rows": ["0"]}},
    ):
        open.choose(listed, nothing)
        assert state == {}
    open.choose(listed, {"selection": {"rows": [1]}})
    assert state == {"open_next": "b"}


def test_a_link_to_a_folder_opens_nothing_by_itself(folder: str) -> None:
    app = fine(link("overview", model=folder).run())
    assert app.selectbox(key="model").value == DEFAULT_MODEL
    assert "not opened here" in said(app)
    assert folder in [text.value for text in app.text]
    assert runner.model_pool().opened == ()
    assert all(held.name == DEFAULT_MODEL for held in runner.model_pool().held)
    pressed(app, "dismiss")
    assert "not opened here" not in said(app)


def test_the_page_has_the_place_of_such_a_link_ready_to_be_opened(folder: str) -> None:
    app = page("open", model=folder)
    assert app.text_input(key="open_where_folder").value == folder
    pressed(app, "open")
    assert app.selectbox(key="model").value == folder
    assert "not opened here" not in said(app)


def test_a_link_to_a_model_opened_before_shows_it(folder: str) -> None:
    open_folder(page("open"), folder)
    assert page(model=folder).subheader[0].value == Path(folder).name


def test_the_address_holds_what_was_chosen_and_gives_it_back(folder: str) -> None:
    app = open_folder(page("open"), folder)
    picked(app, "models", "families")
    picked(app, "family_1", "palm")
    address = {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()}
    assert (address["model"], address["models"], address["family_1"]) == (folder, "families", "palm")
    again = opened("models", **{key: address[key] for key in ("model", "models", "family_1")})
    assert again.selectbox(key="model").value == folder
    assert again.selectbox(key="family_1").value == "palm"


def test_a_model_is_unloaded_with_its_runs_unless_it_is_the_current_one(folder: str) -> None:
    app = open_folder(page("open"), folder)
    assert runner.store().of(DEFAULT_MODEL, "cpu")[0] > 0
    assert app.button(key=f"unload_{folder}_cpu").disabled
    pressed(app, f"unload_{DEFAULT_MODEL}_cpu")
    assert folder in [held.name for held in runner.model_pool().held]
    assert any(Path(folder).name in option for option in app.selectbox(key="model").options)


def test_memory_in_use_is_told() -> None:
    app = page("open")
    assert "of memory in all" in captions(app)
    assert any("of parameters on CPU" in part.value for part in app.markdown)


def test_every_family_has_its_line_and_two_can_be_compared() -> None:
    app = page("families")
    assert all(family.title in markup(app) for family in FAMILIES.values() if family.name != "regard-lstm")
    picked(app, "family_1", "palm")
    assert "Chowdhery" in captions(app)
    assert "parallel" not in json.dumps(chart(app, "drawn_0")["layout"]["meta"])
    assert "read the same stream" in json.dumps(chart(app, "drawn_1")["layout"]["meta"])


@pytest.mark.parametrize("word", ["no", "yes"])
def test_the_servers_paths_are_shown_to_those_alone_who_may_open_them(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(permission.SWITCH, word)
    app = page()
    path = shown(app).lm.source.path
    written = [str(part.value) for part in [*app.text, *app.caption, *app.markdown, *app.get("html")]]
    assert any(path in part for part in written) == (word == "yes")
    assert any(DEFAULT_MODEL in part for part in written)
