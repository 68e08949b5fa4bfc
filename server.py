"""Serve Regard: `python server.py`, or `uvicorn --factory server:create_app`.

Around app.py stand two middlewares, security headers and compression, and a lifespan that loads torch and the shipped
model and runs the first example before any browser connects. Host and port: STREAMLIT_SERVER_ADDRESS,
STREAMLIT_SERVER_PORT.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import os
import re
import socket
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config as streamlit_config
from streamlit.runtime.pages_manager import PagesManager

HERE = Path(__file__).resolve().parent
SERVES = "Regard is at"
ANOTHER_PORT = "STREAMLIT_SERVER_PORT=8600 make run"


def create_app(announce: Callable[[], None] | None = None) -> st.App:
    """The whole application; `announce` is called once it is ready to answer."""
    set_threads()

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[None]:
        await run_in_threadpool(warm_up)
        if announce is not None:
            announce()
        yield

    middleware = [
        Middleware(SecurityHeaders, policy=content_security_policy()),
        # Streamlit leaves its 8 MB of scripts uncompressed; level 4 is near the best ratio at a third of its time.
        Middleware(GZipMiddleware, minimum_size=1000, compresslevel=4),
    ]
    # Until app.py has run once Streamlit would take the folder pages/ for its older kind of multi-page app, and the first
    # visitor with a link to a page would see that page without app.py around it.
    PagesManager.uses_pages_directory = False
    app = st.App(HERE / "app.py", lifespan=lifespan, middleware=middleware)
    read_environment()
    return app


def read_environment() -> None:
    """Let STREAMLIT_SERVER_PORT and its like override .streamlit/config.toml.

    Of Streamlit only the command line reads these variables, and a server started here has none. It follows the making
    of the App, which is what tells Streamlit where config.toml is.
    """
    for key, option in streamlit_config.get_config_options().items():
        text = os.environ.get(option.env_var, "")
        if text:
            streamlit_config.set_option(key, as_toml(text))


def as_toml(text: str) -> object:
    """The value a configuration file would have: 8600 a number, true a truth value, 0.0.0.0 a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def set_threads() -> None:
    """Keep torch's threads from spinning while they wait: with other work on the machine that turns 20 ms into 900.

    OpenMP reads both once, when torch is first imported. Half the cores, because several sessions run at once.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, min(4, (os.cpu_count() or 1) // 2))))


def warm_up() -> None:
    """Load the shipped model and run the first example."""
    from ui.runs import runner  # brings torch, which must not be imported before set_threads

    runner.warm_up()
    # What has been made by now stays: left out of later collections, which otherwise walk all of torch for 80 ms. And a page
    # is sent while it is being made, by another thread, which must not wait 5 ms for each turn.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.001)


class SecurityHeaders:
    """Adds the headers that keep a page from running, framing or calling anything foreign."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self.app = app
        self.headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def content_security_policy() -> str:
    """Scripts come from this server, from components' blobs, or are the inline ones of Streamlit's page, by hash."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = (hashlib.sha256(script.encode()).digest() for script in re.findall(r"<script>(.*?)</script>", page, re.S))
    inline = "".join(f" 'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    rules = {
        "default-src": "'self'",
        "script-src": "'self' blob:" + inline,
        "worker-src": "'self' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' ws: wss:",
        "frame-ancestors": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def listen(address: str, port: int) -> socket.socket:
    """A listening socket, taken before the model is loaded, so that a taken port is known at once."""
    listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        if os.name != "nt":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


def main() -> int:
    app = create_app(announce=lambda: print(f"{SERVES} {url}  (Ctrl-C stops it)", flush=True))
    address, port = str(st.get_option("server.address")), st.get_option("server.port")
    try:
        listening = listen(address, int(port))
    except (OSError, ValueError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
        print(
            f"Regard cannot listen on {address}, port {port}: {reason}. Another port: {ANOTHER_PORT}", file=sys.stderr
        )
        return 1
    shown = "127.0.0.1" if address == "0.0.0.0" else f"[{address}]" if ":" in address else address
    url = f"http://{shown}:{listening.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="on",  # "auto" would serve an app that could not start
            ws="websockets-sansio",
            ws_max_size=int(st.get_option("server.maxMessageSize")) * 1024 * 1024,
            ws_per_message_deflate=False,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
    )
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        print()
    finally:
        listening.close()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
