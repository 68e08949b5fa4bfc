"""What a person does to a page, under AppTest: open it, type, click a chart, a chip or a key, and read what is drawn."""

import base64
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from ui.components.payload import unpack
from ui.runs import runner
from ui.runs.examples import DEFAULT_MODEL, FRENCH
from ui.runs.store import Run, RunSpec

APP = Path(__file__).resolve().parents[2] / "app.py"
PAGES = (
    "overview",
    "attention",
    "heads",
    "decoding",
    "beam",
    "prompting",
    "knock_out",
    "compare",
    "embeddings",
    "logits",
)
FIRST = FRENCH[0].text
CAT = FRENCH[2].text


def link(page: str, text: str = FIRST, **address: str) -> AppTest:
    """A fresh session about to follow a link to a page."""
    app = AppTest.from_file(str(APP), default_timeout=120)
    if text != FIRST:
        app.query_params["text"] = text
    for name, value in address.items():
        app.query_params[name] = value
    if page != "overview":
        app.switch_page(f"pages/{page}.py")
    return app


def opened(page: str, text: str = FIRST, **address: str) -> AppTest:
    """A fresh session that followed a link to a page."""
    return fine(link(page, text, **address).run())


def fine(app: AppTest) -> AppTest:
    """The app, which raised nothing."""
    assert not app.exception, app.exception[0].message
    return app


def typed(app: AppTest, text: str) -> AppTest:
    return fine(app.text_area(key="text").set_value(text).run())


def pressed(app: AppTest, key: str) -> AppTest:
    return fine(app.button(key=key).click().run())


def picked(app: AppTest, key: str, value: object) -> AppTest:
    """Another choice in a row of buttons, a menu or a slider; a row of buttons takes the value itself."""
    widgets = [*app.button_group, *app.selectbox, *app.slider, *app.select_slider, *app.toggle]
    widget = next(widget for widget in widgets if widget.key == key)
    return fine(widget.set_value(value).run())


def shown(app: AppTest) -> Run:
    """The run on screen."""
    spec = app.session_state["shown"]
    assert isinstance(spec, RunSpec)
    return runner.get(spec)


def run_of(text: str) -> Run:
    return runner.get(RunSpec(DEFAULT_MODEL, "cpu", text))


def chart(app: AppTest, key: str) -> dict:
    """The figure of a chart as Plotly gets it."""
    found = [element for element in app.get("plotly_chart") if element.key == key]
    assert len(found) == 1, f"{len(found)} charts are called {key}"
    return json.loads(found[0].proto.spec)


def numbers(value: object) -> NDArray[np.generic]:
    """An array of a figure: Plotly sends long ones as base64."""
    if isinstance(value, dict):
        flat = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
        shape = [int(size) for size in str(value.get("shape", flat.size)).split(",")]
        return flat.reshape(shape)
    return np.asarray(value)


def component(app: AppTest, key: str):
    found = [element for element in app.get("bidi_component") if element.key == key]
    assert len(found) == 1, f"{len(found)} components are called {key}"
    return found[0].proto


def payload(app: AppTest, key: str) -> dict:
    """What a component was told."""
    return unpack(component(app, key).bytes)[0]


def chips(app: AppTest, key: str, row: int = 0) -> list[str]:
    """The labels of a strip of tokens."""
    return [chip["label"] for chip in payload(app, key)["rows"][row]["chips"]]


def sent(app: AppTest, key: str, event: str, value: object) -> AppTest:
    """The next run, as if the browser had sent an event of a component; AppTest has no public way to say so."""
    states = app._tree.get_widget_states()
    widget = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{component(app, key).id}__events")
    widget.json_trigger_value = json.dumps([{"event": event, "value": value}])
    states.widgets.append(widget)
    app._run(states)
    return fine(app)


def key_pressed(app: AppTest, key: str, action: str) -> AppTest:
    return sent(app, key, "key", {"action": action, "number": 1})


def clicked(app: AppTest, bridge: str, row: int, column: int | None = None) -> AppTest:
    return sent(app, bridge, "point", {"curve": 0, "row": row, "col": column, "x": None, "y": None})


def said(app: AppTest) -> str:
    """All warnings and notes on screen."""
    return "\n".join(str(note.value) for note in [*app.warning, *app.info])
