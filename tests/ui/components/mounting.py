"""A component under AppTest: run it, read what it sent, answer as the browser would."""

import json
from collections.abc import Callable

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from ui.components.payload import unpack


def run(page: Callable[[], None]) -> AppTest:
    app = AppTest.from_function(page).run()
    assert not app.exception
    return app


def sent(app: AppTest, place: int = 0) -> tuple[dict[str, object], bytes]:
    """What a component was told, the first one unless its place says otherwise."""
    proto = app.get("bidi_component")[place].proto
    assert "export default function" in proto.js_content
    assert ".root" in proto.css_content
    return unpack(proto.bytes)


def answer(app: AppTest, name: str, value: object, *, trigger: bool = True) -> AppTest:
    """The next run, as if the browser had sent `value`; AppTest has no public way to say so."""
    component = app.get("bidi_component")[0].proto.id
    states = app._tree.get_widget_states()
    if trigger:
        widget = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{component}__events")
        widget.json_trigger_value = json.dumps([{"event": name, "value": value}])
    else:
        widget = WidgetState(id=component, json_value=json.dumps({name: value}))
    states.widgets.append(widget)
    app._run(states)
    assert not app.exception
    return app
