"""Serve Regard: `python server.py`, or `uvicorn --factory server:create_app`.

It adds two middlewares to app.py, security headers and compression, and a lifespan that loads torch and the default model and
runs the first example before any browser connects. Host and port: STREAMLIT_SERVER_ADDRESS, STREAMLIT_SERVER_PORT.
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
    # Until app.py has run once, Streamlit takes the folder pages/ for its older kind of multi-page app. The first visitor with
    # a link to a page would then see that page without app.py.
    PagesManager.uses_pages_directory = False
    app = st.App(HERE / "app.py", lifespan=lifespan, middleware=middleware)
    read_environment()
    return app


def read_environment() -> None:
    """Let STREAMLIT_SERVER_PORT and its like override .streamlit/config.toml.

    In Streamlit only the command line reads these variables, and this server does not start through it. Call it after the
    App is made: making the App tells Streamlit where config.toml is.
    """
    for key, option in streamlit_config.get_config_options().items():
        text = os.environ.get(option.env_var, "")
        if text:
            streamlit_config.set_option(key, as_toml(text))


def as_toml(text: str) -> object:
    """A text as a value of a configuration file: 8600 is a number, true a truth value, 0.0.0.0 a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def set_threads() -> None:
    """Limit torch's threads to half the cores, and keep them from spinning while they wait.

    On a busy machine spinning threads turn 20 ms into 900. Half the cores, because several sessions run at once. OpenMP reads
    both variables once, when torch is first imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, min(4, (os.cpu_count() or 1) // 2))))


def warm_up() -> None:
    """Load the default model and run the first example."""
    from ui.runs import runner  # imports torch, which must not happen before set_threads

    runner.warm_up()
    # All objects made so far stay. Without the freeze each later collection would walk all of torch, for 80 ms. A page is sent
    # by another thread while it is being made: that thread must not wait 5 ms for each turn.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(0.001)


class SecurityHeaders:
    """Adds headers that forbid a page to run, frame or call anything from another server."""

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
    """The policy: scripts come from this server or from blobs of components; inline ones of Streamlit's page by their hash."""
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
    """A listening socket. It is opened before the model is loaded, so that an occupied port is reported at once."""
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
