import pytest

from viz.labels import escaped, quoted, short, shorten, text_width, ticks, visible


def test_markup_in_a_token_is_shown_as_text() -> None:
    assert escaped("<img src=x onerror=alert(1)>") == "&lt;img src=x onerror=alert(1)&gt;"
    assert escaped("&lt;") == "&amp;lt;"
    assert quoted('"') == '"""'  # Plotly shows &quot; as it is, so quotes are not escaped


def test_invisible_tokens_become_visible() -> None:
    assert visible(" ") == "␣"
    assert visible("") == "∅"
    assert visible("\n") == "␊"
    assert visible("\x00") == "␀"
    assert visible("\x7f") == "␡"


def test_direction_overrides_and_lone_surrogates_are_replaced() -> None:
    assert visible("a\u202eb") == "a\ufffdb"
    assert visible("a\ud800b").encode("utf-8")


def test_right_to_left_text_is_isolated_from_the_words_around_it() -> None:
    assert visible("שלום") == "\u2068שלום\u2069"
    assert visible("salut") == "salut"


def test_a_long_label_ends_in_an_ellipsis_and_keeps_to_its_limit() -> None:
    assert shorten("apprentissage", 6) == "appre…"
    assert shorten("apprentissage", 13) == "apprentissage"


def test_no_entity_is_cut_in_half() -> None:
    assert short("a<<<<<<<", 4) == "a&lt;&lt;…"


def test_an_accent_is_not_cut_from_its_letter() -> None:
    assert shorten("ae\u0301xyz", 3) == "a…"


def test_a_limit_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="the limit is 1"):
        shorten("word", 1)


def test_wide_characters_take_more_room() -> None:
    assert text_width("한글") > text_width("ab")


def test_labels_turn_only_as_far_as_they_must() -> None:
    labels = ["machine", "learning"] * 4
    angles = [ticks(labels, cell=cell, upright=False).angle for cell in (90, 30, 8)]
    assert angles == [0, -45, -90]
    assert ticks(labels, cell=8, upright=True).angle == 0


def test_of_a_long_text_every_nth_label_is_written_by_position() -> None:
    marks = ticks([f"t{index}" for index in range(100)], cell=4, upright=True, first=7)
    assert marks.values == list(range(10, 107, 5))
    assert marks.text[:2] == ["t3", "t8"]


def test_names_are_thinned_rather_than_turned() -> None:
    marks = ticks([str(index) for index in range(256)], cell=2, upright=False, turned=False)
    assert marks.angle == 0
    assert marks.values[:3] == [0, 20, 40]
