"""Makes every text area of a page send what is typed while it is typed.

Streamlit's text area takes line breaks, but sends only when it loses the focus or at Ctrl+Enter; its text input can send while one
types, but holds one line. So this component presses Ctrl+Enter when a person pauses. All else stays Streamlit's: the text in the
session and in the address, the caret, undo, and text set from Python. Without the component a text area works as Streamlit made it.
"""

from ui.components.browser import browser_component
from ui.components.payload import PayloadError, pack

_mount = browser_component("live_text", '<div class="root live-text" data-testid="live-text"></div>')


def send_while_typed(pause: int, *, key: str) -> None:
    """A text is sent when nothing was typed for `pause` milliseconds, and never in the middle of a composed character.

    One call serves all text areas of the page; call it once a run.
    """
    if pause < 0:
        raise PayloadError(f"the pause is {pause} ms; it cannot be negative")
    _mount(key=key, data=pack({"pause": pause}))
